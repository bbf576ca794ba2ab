"""A daemon seals by itself what an absence left, is killed at it, and loses its events.db."""

from __future__ import annotations

import time
from io import BytesIO

import apsw
import pytest

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.faults import VARIABLE
from shouwang.home import Lock
from shouwang.wiring import build
from tests.integration.daemon.conftest import Daemon, wait_for
from tests.unit.hunt.conftest import ssh_lines

LINES = 300
HOURS = 3
HOUR_US = 3_600_000_000


def lived_in(daemon: Daemon) -> None:
    """Hours ago it received ``LINES`` lines an hour; then nobody was there."""
    daemon.configure()
    config = load(daemon.home.config)
    for hour in range(HOURS + 1):
        clock = ManualClock(time.time_ns() // 1000 - (HOURS + 4 - hour) * HOUR_US)
        with Lock(daemon.home, config.site.zone), build(daemon.home, config, clock) as services:
            lines = ssh_lines(LINES).replace(b"srv-", b"h%d-" % hour)
            services.new_importer(lambda _records: None).run(BytesIO(lines), f"{hour}.log", "auto", clock.now_us())


def asked(daemon: Daemon, sql: str) -> int:
    """Of ``events.db``; read only."""
    db = apsw.Connection(str(daemon.home.events), flags=apsw.SQLITE_OPEN_READONLY)
    db.set_busy_timeout(5000)
    try:
        found = db.execute(sql).get
    finally:
        db.close()
    assert isinstance(found, int)
    return found


def sealed(daemon: Daemon) -> int:
    return asked(daemon, "SELECT coalesce(sum(rows), 0) FROM segment")


def stored(daemon: Daemon) -> int:
    client = daemon.client()
    try:
        found = client.call("events.count", query="sshd", since="400d")
    finally:
        client.close()
    assert isinstance(found, list)
    assert isinstance(found[0], dict)
    return int(str(found[0]["count"]))


@pytest.mark.parametrize("point", ["seal.inserted", "hourly.synced"])
def test_a_daemon_seals_what_an_absence_left_and_goes_on_where_it_was_killed(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    lived_in(daemon)
    monkeypatch.setenv(VARIABLE, point)
    process = daemon.spawn("up", "--headless")
    monkeypatch.delenv(VARIABLE)
    if point == "hourly.synced":  # its worker
        wait_for(lambda: "events are not sealed" in daemon.log(), 60)
        process.kill()
    assert process.wait(60) == -9
    daemon.start()
    wait_for(lambda: sealed(daemon) == HOURS * LINES, 60)
    wait_for(lambda: asked(daemon, "SELECT count(*) FROM event") == LINES, 60)
    assert stored(daemon) == (HOURS + 1) * LINES


def test_a_lost_database_costs_what_was_not_sealed_and_the_audit_trail_says_so(daemon: Daemon) -> None:
    lived_in(daemon)
    process = daemon.start()
    wait_for(lambda: sealed(daemon) == HOURS * LINES, 60)
    process.terminate()
    assert process.wait(30) == 0
    for each in daemon.home.path.glob("events.db*"):
        each.unlink()
    refused = daemon.run("up", "--headless")
    assert refused.returncode == 4
    assert "made again from the sealed segments" in refused.stderr
    daemon.spawn("up", "--headless", "--new-database", "events")
    wait_for(daemon.answers, 60)
    assert stored(daemon) == HOURS * LINES
    told = daemon.run("audit", "list", "--lang", "en").stdout
    assert "database.new" in told
    assert daemon.run("doctor").returncode in (0, 1)
