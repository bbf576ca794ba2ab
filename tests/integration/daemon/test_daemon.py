"""One daemon a home: it starts, watches, answers, ends, and loses nothing on the way."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from shouwang.model import Value
from tests.integration.daemon.conftest import Daemon, wait_for
from tests.integration.daemon.holders import holders

END_S = 5.0


def source(path: Path) -> str:
    return f'\n[[source]]\ntype = "file"\npath = "{path}"\n'


def failed_logins(count: int, first: int = 0) -> str:
    stamp = time.strftime("%b %e %H:%M:%S")
    return "".join(
        f"{stamp} web01 sshd[{700 + n}]: Failed password for root from 203.0.113.9 port {40000 + n} ssh2\n"
        for n in range(first, first + count)
    )


def fields(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, dict)
    return value


def count(daemon: Daemon, query: str) -> int:
    with daemon.client() as client:
        found = client.call("events.count", query=query, since="48h")
    assert isinstance(found, list)
    number = fields(found[0])["count"] if found else 0
    assert isinstance(number, int)
    return number


def test_lines_of_a_file_become_events_alerts_and_an_incident(daemon: Daemon, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("")
    daemon.configure(source(log))
    daemon.start()
    with log.open("a") as file:
        file.write(failed_logins(30))
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 30)
    wait_for(lambda: "INC-" in daemon.run("incidents", "list").stdout)
    incidents = json.loads(daemon.run("incidents", "list", "--json").stdout)["incidents"]
    claimed = daemon.run("incidents", "claim", incidents[0]["id"], "--json")
    assert claimed.returncode == 0, claimed.stderr
    assert json.loads(claimed.stdout)["state"] == "claimed"
    status = daemon.run("status")
    assert status.returncode == 0
    assert str(log) in status.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_five_seconds_and_what_was_read_is_stored(
    daemon: Daemon, tmp_path: Path, number: int
) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failed_logins(3000))
    daemon.configure(source(log))
    process = daemon.start()
    wait_for(lambda: count(daemon, "") > 0)
    process.send_signal(number)
    assert process.wait(END_S) == 0, daemon.log()
    assert not daemon.answers()
    assert "Traceback" not in daemon.log()
    process = daemon.start()
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 3000)


def test_killed_at_once_and_started_again_nothing_is_lost_or_twice(daemon: Daemon, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failed_logins(2000))
    daemon.configure(source(log))
    for turn in range(3):
        process = daemon.start()
        with log.open("a") as file:
            file.write(failed_logins(100, first=3000 + turn * 100))
        process.kill()
        process.wait(10)
    daemon.start()
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") >= 2300)
    assert count(daemon, "event.action:ssh_login_failed") == 2300
    days = json.loads(daemon.run("store", "days", "--json").stdout)
    assert sum(day["received"] for day in days) == sum(day["stored"] for day in days)


def test_who_follows_a_query_sees_what_it_asks_for_as_it_arrives(daemon: Daemon, tmp_path: Path) -> None:
    assert "shouwang up" in daemon.run("search", "--follow").stderr
    log = tmp_path / "auth.log"
    log.write_text("")
    daemon.configure(source(log))
    daemon.start()
    following = daemon.spawn("search", "--follow", "203.0.113.9")
    out = following.stdout
    assert out is not None

    def seen() -> bool:
        with log.open("a") as file:
            file.write(time.strftime("%b %e %H:%M:%S") + " web01 sshd[7]: Server listening on 0.0.0.0 port 22.\n")
            file.write(failed_logins(1))
        return bool(select.select([out], [], [], 0.1)[0])

    wait_for(seen)
    following.kill()
    lines = out.read().splitlines()
    assert lines
    assert all("Failed password for root from 203.0.113.9" in line for line in lines)


def test_a_second_start_is_refused_and_names_the_first(daemon: Daemon) -> None:
    daemon.configure()
    process = daemon.start()
    second = daemon.run("up", "--headless")
    assert second.returncode == 75
    assert f"process {process.pid}" in second.stderr
    assert re.search(r"started 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", second.stderr), second.stderr
    assert daemon.answers()


def test_stop_returns_when_it_has_ended_and_a_new_one_may_start(daemon: Daemon) -> None:
    daemon.configure()
    for _ in range(2):
        process = daemon.start()
        done = daemon.run("stop")
        assert done.returncode == 0, done.stderr
        assert process.poll() == 0
    audit = json.loads(daemon.run("audit", "list", "--json").stdout)
    assert [entry["act"] for entry in audit["entries"]] == ["stop", "stop"]


def test_without_a_daemon_the_owner_gets_the_same_answers(daemon: Daemon) -> None:
    daemon.configure()
    alone = daemon.run("rules", "list", "--json")
    assert alone.returncode == 0, alone.stderr
    daemon.start()
    assert daemon.run("rules", "list", "--json").stdout == alone.stdout


def test_the_first_start_makes_a_home_that_explains_itself(daemon: Daemon) -> None:
    daemon.home.path.parent.mkdir(exist_ok=True)
    assert not daemon.home.exists()
    process = daemon.spawn("up", "--headless", "--name", "滨河社区")
    wait_for(lambda: daemon.answers() or process.poll() is not None, 30)
    assert process.poll() is None, daemon.log()
    assert daemon.home.path.stat().st_mode & 0o777 == 0o700
    assert "守望" in daemon.home.config.read_text()
    with daemon.client() as client:
        assert fields(fields(client.call("ping"))["site"])["name"] == "滨河社区"
        sources = fields(client.call("status"))["sources"]
    assert isinstance(sources, list)
    names = {str(fields(each)["id"]).partition(":")[0] for each in sources}
    assert names & {"metrics", "host", "syslog", "syslog-udp", "syslog_udp", "udp", "tcp"}


def test_after_a_restart_a_source_that_is_quiet_now_is_not_as_one_that_never_spoke(
    daemon: Daemon, tmp_path: Path
) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failed_logins(3))
    daemon.configure(source(log))
    process = daemon.start()
    wait_for(lambda: count(daemon, "event.action:ssh_login_failed") == 3)
    process.terminate()
    process.wait(20)
    daemon.start()
    with daemon.client() as client:
        sources = fields(client.call("status"))["sources"]
    assert isinstance(sources, list)
    (said,) = [fields(each) for each in sources if str(log) in str(fields(each)["id"])]
    assert said["received"] == 3
    assert said["last_event"] is not None


def test_a_taken_port_is_a_finding_and_not_the_end(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon.configure()
        text = daemon.home.config.read_text()
        daemon.home.config.write_text(text.replace('syslog_tcp = ""', f'syslog_tcp = "127.0.0.1:{port}"'))
        daemon.start()

        def seen() -> bool:
            with daemon.client() as client:
                status = fields(client.call("status"))
            return str(port) in json.dumps([status["findings"], status["sources"]]) and "broken" in json.dumps(status)

        wait_for(seen)


def test_a_command_holds_no_database_open_for_writing_while_a_daemon_runs(daemon: Daemon, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failed_logins(10))
    daemon.configure(source(log))
    process = daemon.start()
    for words in (
        ("status",),
        ("alerts", "list"),
        ("incidents", "list"),
        ("search", "root"),
        ("import", str(log)),
        ("audit", "verify"),
        ("store", "days"),
        ("rules", "list"),
        ("incidents", "claim", "INC-0"),
    ):
        asking = daemon.spawn(*words)
        holders: set[int] = set()
        while asking.poll() is None:
            holders |= writers(daemon.home.path)
        assert holders <= {process.pid}, words
    assert writers(daemon.home.path) == {process.pid}


def writers(folder: Path) -> set[int]:
    return {each.process for each in holders(folder) if each.writes and not each.forked}


def test_a_mistake_in_the_settings_ends_the_start_with_its_place(daemon: Daemon) -> None:
    daemon.configure("\n[watchh]\n")
    done = daemon.run("up", "--headless")
    assert done.returncode == 2
    assert f"{daemon.home.config}:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("setting", ['format = "zzz"', 'start_pattern = "(zzz"'])
def test_a_source_that_cannot_be_read_so_ends_the_start_with_its_place(
    daemon: Daemon, tmp_path: Path, setting: str
) -> None:
    daemon.configure(source(tmp_path / "a.log") + setting + "\n")
    line = daemon.home.config.read_text().splitlines().index(setting) + 1
    for lang in ("zh", "en"):
        done = daemon.run("up", "--headless", "--lang", lang)
        assert done.returncode == 2
        assert "zzz" in done.stderr
        assert f"shouwang.toml:{line}: source.1.{setting.split(maxsplit=1)[0]}: " in done.stderr
