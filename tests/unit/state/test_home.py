"""A home has one owner at a time, and one socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shouwang.clock import SystemClock
from shouwang.errors import AccessError, LockedError, StoreError, UsageError
from shouwang.home import Home, Lock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_a_second_holder_is_refused_and_told_who_holds_it_since_when(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    with Lock(home, SHANGHAI):
        with pytest.raises(LockedError) as refused, Lock(home, SHANGHAI):
            pass
        assert f"process {os.getpid()}" in str(refused.value)
        assert re.search(r"started \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", str(refused.value))
        assert refused.value.exit_code == 75
    with Lock(home, SHANGHAI):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    taken = f"Lock(Home.at({str(tmp_path)!r}), datetime.UTC).__enter__()"
    code = f"import datetime, os; from shouwang.home import Home, Lock; {taken}; os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    with Lock(Home.at(tmp_path), SHANGHAI):
        pass


def test_a_link_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(StoreError), Lock(Home.at(tmp_path), SHANGHAI):
        pass
    assert not (tmp_path / "victim").exists()


def test_a_home_is_closed_to_others(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "a" / "home")
    home.make_folders()
    home.make_folders()
    assert [path.stat().st_mode & 0o777 for path in (home.path, home.logs, home.drills, home.rules)] == [0o700] * 4


def test_each_home_has_its_own_socket_whatever_it_is_called_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    one, link, two = (Home.at(tmp_path / name) for name in ("one", "link", "two"))
    assert one.sockets() == link.sockets() == [one.socket_to_make()]
    assert one.sockets() != two.sockets()
    assert one.sockets()[0].parent == tmp_path / "run"
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755


def test_the_sockets_folder_is_open_to_all_whatever_the_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))
    before = os.umask(0o077)
    try:
        Home.at(tmp_path).socket_to_make()
    finally:
        os.umask(before)
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755


def test_the_home_is_what_is_asked_for_else_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_HOME", str(tmp_path / "env"))
    assert Home.at().path == tmp_path / "env"
    assert Home.at(tmp_path / "given").path == tmp_path / "given"
    monkeypatch.delenv("SHOUWANG_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Home.at().path == (Path("/var/lib/shouwang") if os.geteuid() == 0 else tmp_path / "data" / "shouwang")


def test_a_command_at_work_is_waited_for(tmp_path: Path) -> None:
    """Else a daemon that starts while somebody asks for the status would not start."""
    home = Home.at(tmp_path)
    entered, done = threading.Event(), threading.Event()

    def command() -> None:
        with Lock(home, SHANGHAI, command=True):
            entered.set()
            done.wait(10)

    thread = threading.Thread(target=command)
    thread.start()
    assert entered.wait(10)
    threading.Timer(0.1, done.set).start()
    with Lock(home, SHANGHAI):
        assert done.is_set()
    thread.join(10)


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "important").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(UsageError, match="important"):
        Home.at(tmp_path).make_folders()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert [each.name for each in tmp_path.iterdir()] == ["important"]


def test_a_home_is_closed_to_others_and_refused_where_they_could_have_written(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    tmp_path.chmod(0o755)
    home.close_to_others()
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    tmp_path.chmod(0o777)
    with pytest.raises(AccessError, match="chmod 700"):
        home.close_to_others()


def test_the_clock_of_a_drills_home_goes_on_where_its_replay_ended(tmp_path: Path) -> None:
    (tmp_path / "drill").write_text('{"scenario": "x", "reached_us": 1795482000000000}', encoding="utf-8")
    assert 0 <= Home.at(tmp_path).clock().now_us() - 1_795_482_000_000_000 < 60_000_000
    assert isinstance(Home.at(tmp_path / "other").clock(), SystemClock)
