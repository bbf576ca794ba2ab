"""Who you are is what the kernel says: other users, real ones, at the socket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon.conftest import Daemon, wait_for
from tests.peers import IS_ROOT, needs

pytestmark = needs("root", IS_ROOT and shutil.which("setpriv") is not None, "and setpriv, to be another user")

NOBODY = 65534


def readable_to_nobody(path: str) -> bool:
    command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--", "test", "-r", path]
    return subprocess.run(command, check=False).returncode == 0


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not below pytest's own folder: the next pytest of this user closes that one to others."""
    with tempfile.TemporaryDirectory(prefix="shouwang-users-") as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
def reachable() -> None:
    """The checkout must be readable to the other user, or there is no client to run."""
    for folder in (Path(__file__).resolve(), *Path(__file__).resolve().parents):
        if folder.is_dir() and not folder.stat().st_mode & 0o001:
            pytest.skip(f"{folder} is closed to other users")


def test_a_user_without_a_role_is_refused_every_act(daemon: Daemon) -> None:
    daemon.configure()
    daemon.start()
    for words in (["status"], ["incidents", "list"], ["search"], ["stop"], ["audit", "list"]):
        done = daemon.run(*words, user="nobody")
        assert done.returncode == 77, (words, done.stdout, done.stderr)
        assert "nobody" in done.stderr
        assert done.stdout == ""
    assert daemon.answers()


def test_an_auditor_sees_everything_and_changes_nothing(daemon: Daemon) -> None:
    daemon.configure(roles='nobody = "auditor"\n')
    daemon.start()
    assert daemon.run("audit", "list", user="nobody").returncode == 0
    assert daemon.run("incidents", "list", user="nobody").returncode == 0
    assert daemon.run("incidents", "claim", "INC-1", user="nobody").returncode == 77
    assert daemon.run("stop", user="nobody").returncode == 77
    entries = json.loads(daemon.run("audit", "list", "--json").stdout)["entries"]
    assert {(entry["actor"], entry["act"]) for entry in entries} == {("nobody", "access.refused")}


def test_an_analyst_may_import_what_the_daemon_itself_could_not_open_but_not_stop(
    daemon: Daemon, tmp_path: Path
) -> None:
    daemon.configure(roles='nobody = "analyst"\n')
    daemon.start()
    log = tmp_path / "theirs.log"
    log.write_text("Nov 24 10:00:00 h sshd[1]: Failed password for root from 203.0.113.9 port 1 ssh2\n")
    os.chown(log, NOBODY, NOBODY)
    done = daemon.run("import", str(log), "--json", user="nobody")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["stored"] == 1
    secret = tmp_path / "secret.log"
    secret.write_text("x\n")
    secret.chmod(0o600)
    assert daemon.run("import", str(secret), user="nobody").returncode == 2
    assert daemon.run("stop", user="nobody").returncode == 77


def test_started_by_root_on_anothers_home_it_becomes_that_user(daemon: Daemon) -> None:
    if not readable_to_nobody(os.__file__):
        pytest.skip(f"the Python at {os.__file__} is closed to other users")
    daemon.configure(roles='root = "administrator"\n')
    for path in (daemon.home.path, *daemon.home.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    process = daemon.start()
    status = Path(f"/proc/{process.pid}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert set(uids) == {str(NOBODY)}
    assert daemon.home.state.stat().st_uid == NOBODY
    assert daemon.run("status").returncode == 0
    assert daemon.run("status", user="nobody").returncode == 0
    assert daemon.run("stop").returncode == 0


def test_a_client_turns_away_from_a_stranger_that_serves(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    path = daemon.home.socket_to_make()
    os.chown(path.parent, NOBODY, NOBODY)
    code = f"import signal, socket; s=socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen(); signal.pause()"
    stranger = subprocess.Popen(
        ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--", sys.executable, "-c", code]
    )
    try:
        wait_for(path.exists)
        done = daemon.run("status")
        assert done.returncode == 77
        assert "nobody" in done.stderr
    finally:
        stranger.kill()
        stranger.wait(10)


def test_root_is_told_when_the_homes_owner_cannot_read_the_program(daemon: Daemon) -> None:
    if readable_to_nobody(os.__file__):
        pytest.skip(f"the Python at {os.__file__} is open to all users")
    daemon.configure()
    for path in (daemon.home.path, *daemon.home.path.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    done = daemon.run("up", "--headless")
    assert done.returncode == 4
    assert "cannot read the program" in done.stderr
    assert "Traceback" not in done.stderr
