"""``shouwang hunt`` as it is typed: with a daemon, without one, interrupted, and with the daemon killed."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil
import pytest

from shouwang.client import Client
from shouwang.model import Value
from tests.integration.daemon.conftest import Daemon, wait_for
from tests.unit.hunt.conftest import ssh_lines
from tests.unit.hunt.test_hunts import BURST, FAILED

MANY = 20_000
RULE = FAILED.replace("SRV-1", "srv-*")
SINCE = ("--since", "3650d")


@pytest.fixture
def rule(tmp_path: Path) -> str:
    path = tmp_path / "rule.yml"
    path.write_text(RULE, encoding="utf-8")
    return str(path)


def bring_in(daemon: Daemon, number: int) -> None:
    path = daemon.folder / "auth.log"
    path.write_bytes(ssh_lines(number))
    assert daemon.run("import", str(path)).returncode == 0


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Value]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def matches(number: int) -> int:
    return sum(n % 3 > 0 for n in range(number))


def test_without_a_daemon_the_owner_hunts_and_the_results_stay(daemon: Daemon, rule: str, tmp_path: Path) -> None:
    daemon.configure()
    bring_in(daemon, 300)
    burst = tmp_path / "burst.yml"
    burst.write_text(BURST, encoding="utf-8")
    done = daemon.run("hunt", rule, str(burst), *SINCE, "--json")
    assert done.returncode == 0, done.stderr
    kinds = Counter(each["kind"] for each in lines(done))
    assert kinds == {"match": matches(300), "correlation": 7}
    assert "300 / 300 events, read 66.7%" in done.stderr
    listed = json.loads(daemon.run("hunts", "list", "--json").stdout)["hunts"]
    assert [(each["id"], each["state"], each["asked"][0]) for each in listed] == [("H-1", "done", rule)]
    assert daemon.run("hunts", "matches", "H-1", "--json").stdout == done.stdout
    assert "Failed password" in daemon.run("hunts", "show", "H-1").stdout
    assert daemon.run("hunt", "no-such-rule").returncode == 2
    assert daemon.run("hunt").returncode == 2


def test_alerts_are_made_when_they_are_asked_for(daemon: Daemon, rule: str) -> None:
    daemon.configure()
    bring_in(daemon, 60)
    done = daemon.run("hunt", rule, *SINCE, "--alerts")
    assert f"{matches(60)} matches handed to alerting" in done.stderr
    alerts = json.loads(daemon.run("alerts", "list", "--json").stdout)["alerts"]
    mine = [each for each in alerts if "hunt.h-1" in each["tags"]]
    assert sum(each["count"] for each in mine) == matches(60)


def running(daemon: Daemon, process: subprocess.Popen[str]) -> psutil.Process:
    """The worker, once it has found something."""
    state = daemon.home.hunts / "H-1" / "matches.jsonl"
    wait_for(lambda: (state.exists() and state.stat().st_size > 0) or process.poll() is not None)
    assert process.poll() is None
    children = psutil.Process(process.pid).children()
    return next(each for each in children if "shouwang.worker" in each.cmdline())


def test_interrupted_it_can_be_resumed(daemon: Daemon, rule: str) -> None:
    daemon.configure()
    bring_in(daemon, MANY)
    process = daemon.spawn("hunt", rule, *SINCE, "--json")
    running(daemon, process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode == 130
    assert "shouwang hunt --resume H-1" in daemon.log()
    done = daemon.run("hunt", "--resume", "H-1", "--json")
    ids = [each["event_id"] for each in lines(done)]
    assert len(ids) == len(set(ids)) == matches(MANY)


def test_with_the_daemon_killed_each_match_is_found_once(daemon: Daemon, rule: str) -> None:
    daemon.configure()
    bring_in(daemon, MANY)
    process = daemon.start()
    hunting = daemon.spawn("hunt", rule, *SINCE, "--json")
    worker = running(daemon, process)
    assert worker.nice() >= 10
    open_files = [each for each in worker.open_files() if each.path.endswith(".db")]
    assert [each.mode for each in open_files] == ["r"]
    process.kill()
    process.wait(10)
    hunting.communicate(timeout=20)
    assert hunting.returncode == 69
    daemon.start()
    with daemon.client() as client:
        assert state(client) == "stopped"
    done = daemon.run("hunt", "--resume", "H-1", "--json")
    assert done.returncode == 0, done.stderr
    ids = [each["event_id"] for each in lines(done)]
    assert len(ids) == len(set(ids)) == matches(MANY)


def state(client: Client) -> Value:
    shown = client.call("hunt.show", id="H-1")
    assert isinstance(shown, dict)
    return shown["state"]
