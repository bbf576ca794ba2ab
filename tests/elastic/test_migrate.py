"""`shouwang store migrate`, by real daemons on a real server: there and back, killed, with lines that arrive."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError

import pytest

from collectors.rehydrate import rehydrate
from shouwang.config import load
from shouwang.errors import StoreError
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch, DayLedger, Stored
from shouwang.eventstore.elastic.fitness import fitness, room_of
from shouwang.eventstore.elastic.place import place
from shouwang.eventstore.elastic.watermarks import STAGES, Disk, Watermarks
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.model import Event, Value
from tests.contract.eventstore import ZONE
from tests.contract.records import match_on
from tests.elastic.node import Node
from tests.integration.daemon.conftest import Daemon, daemon, wait_for
from tests.integration.daemon.holders import Watch
from tests.integration.daemon.test_daemon import failed_logins, fields, source

__all__ = ["daemon"]

DAY_US = 86_400_000_000
OF_A_DAY = 1_500
LONGEST_S = 150.0


def of_days_before(daemon: Daemon) -> None:
    """Three days before today: lines, objects, dead letters, bytes that are no text; drops; a match in a hundred."""
    assert daemon.run("store", "days").returncode == 0  # makes the home's databases
    with EmbeddedStore(daemon.home.events, zone=ZONE, rehydrate=rehydrate) as store:
        now_us = time.time_ns() // 1000
        for before in (3, 2, 1):
            received_us = now_us - before * DAY_US
            events = [made(n, received_us) for n in range(OF_A_DAY)]
            for event, id in zip(events, give_ids([received_us] * len(events)), strict=True):
                event.id = id
            matches = [match_on(each) for each in events[::100]]
            store.put(Batch(events, matches, {("udp", "too-long"): 7}, received_us), {"of-before": b"%d" % before})


def made(number: int, received_us: int) -> Event:
    parser, raw = (
        ("text", b"plain line %d" % number),
        ("json", b'{"message": "object %d", "host": {"name": "web01"}}' % number),
        ("dead", b"\xff\x00 not read %d" % number),
        ("text", "登录 %d".encode() % number),
    )[number % 4]
    return rehydrate(Stored(b"", received_us - number, received_us, f"file:/{parser}", parser, raw, {}, ""))


def ledger(daemon: Daemon) -> list[tuple[Value, ...]]:
    """Of the days before today."""
    with daemon.client() as client:
        found = client.call("store.days")
    assert isinstance(found, list)
    rows = [fields(each) for each in found]
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
    names = ("day", "source", "received", "stored", "bytes")
    return [(*(row[name] for name in names), json.dumps(row["dropped"])) for row in rows if str(row["day"]) < today]


def count(daemon: Daemon, query: str = "*") -> int:
    with daemon.client() as client:
        found = client.call("events.count", query=query, since="30d")
    assert isinstance(found, list)
    number = fields(found[0])["count"] if found else 0
    assert isinstance(number, int)
    return number


def alerts(daemon: Daemon) -> list[tuple[Value, Value]]:
    with daemon.client() as client:
        found = client.call("alerts.list")
    items = fields(found)["alerts"] if isinstance(found, dict) else found
    assert isinstance(items, list)
    return sorted((str(fields(each)["id"]), fields(each)["count"]) for each in items)


def stage(daemon: Daemon) -> Value:
    """Of a daemon that starts anew for the switch: nothing for a moment."""
    try:
        with daemon.client() as client:
            return fields(client.call("store.migration"))["stage"]
    except ConnectionError:
        return None


@contextmanager
def arriving(log: Path) -> Iterator[list[int]]:
    """A line every few milliseconds, until the end; gives how many there were."""
    written, stop = [0], threading.Event()

    def write() -> None:
        with log.open("a") as file:
            while not stop.wait(0.03):
                file.write(f"arrives {written[0]} meanwhile\n")
                file.flush()
                written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()


def moved(daemon: Daemon, to: str) -> subprocess.CompletedProcess[str]:
    command = daemon.spawn("store", "migrate", "--to", to, "--lang", "en")
    out, _ = command.communicate(timeout=LONGEST_S)
    return subprocess.CompletedProcess([], command.returncode, out, daemon.log())


def test_there_and_back_while_lines_arrive_nothing_is_lost_or_twice(
    daemon: Daemon, tmp_path: Path, elastic: Node
) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failed_logins(12))
    daemon.configure(source(log))
    of_days_before(daemon)
    process = daemon.start()
    wait_for(lambda: count(daemon, '"failed password"') == 12 and alerts(daemon) != [], 60)
    before, raised = ledger(daemon), alerts(daemon)
    assert daemon.run("store", "hold", "case-7", "--day", "2026-01-01", "--reason", "x").returncode == 0
    planned = daemon.run("store", "migrate", "--to", elastic.url, "--dry-run", "--lang", "en")
    assert planned.returncode == 0, planned.stderr
    assert "4 days" in planned.stdout
    assert stage(daemon) is None
    for to in (elastic.url, "embedded"):
        watch = Watch(daemon.home.path)
        watch.now(to)
        with arriving(log) as written, watch.over():
            done = moved(daemon, to)
        assert set(watch.writers) == {process.pid}, "another than the daemon held a database open for writing"
        assert done.returncode == 0, done.stderr
        assert "To go back: shouwang store migrate --to" in done.stdout
        assert load(daemon.home.config).store.url == ("" if to == "embedded" else to)
        assert written[0] > 10
        assert ledger(daemon) == before
    lines = log.read_text().count("\n")
    wait_for(lambda: lines_stored(daemon, log) == lines, 60)
    assert {id for id, _ in alerts(daemon)} == {id for id, _ in raised}
    assert [number for _, number in alerts(daemon)] == [number for _, number in raised]
    with log.open("a") as file:
        file.write(failed_logins(12, first=12))
    wait_for(lambda: sum_of(alerts(daemon)) >= sum_of(raised) + 12, 60)
    assert "case-7" in daemon.run("store", "status").stdout
    assert "store.migrated" in daemon.run("audit", "list").stdout
    assert daemon.run("store", "verify").returncode == 0


def sum_of(counted: list[tuple[Value, Value]]) -> int:
    return sum(number for _, number in counted if isinstance(number, int))


def lines_stored(daemon: Daemon, log: Path) -> int:
    with daemon.client() as client:
        found = client.call("store.days")
    assert isinstance(found, list)
    numbers = [fields(each)["received"] for each in found if str(fields(each)["source"]).endswith(log.name)]
    return sum(each for each in numbers if isinstance(each, int))


def test_killed_three_times_it_goes_on(daemon: Daemon, tmp_path: Path, elastic: Node) -> None:
    log = tmp_path / "some.log"
    log.write_text("one line\n")
    daemon.configure(source(log))
    of_days_before(daemon)
    process = daemon.start()
    wait_for(lambda: lines_stored(daemon, log) == 1, 60)
    before, raised, all_of_it = ledger(daemon), alerts(daemon), 3 * OF_A_DAY
    assert daemon.run("store", "migrate", "--to", elastic.url, "--detach").returncode == 0
    for least in (0, OF_A_DAY, 2 * OF_A_DAY):
        until_more(elastic, least)
        process.kill()
        process.wait(30)
        process = daemon.start()
    try:
        wait_for(lambda: stage(daemon) == "done", LONGEST_S)
    except AssertionError as late:
        late.add_note(daemon.run("store", "migrate", "--status", "--json").stdout + daemon.log())
        raise
    assert ledger(daemon) == before
    wait_for(lambda: count(daemon, "NOT source:x") >= all_of_it, 60)
    assert load(daemon.home.config).store.url == elastic.url
    assert alerts(daemon) == raised
    with log.open("a") as file:
        file.write(failed_logins(12))
    wait_for(lambda: sum_of(alerts(daemon)) >= sum_of(raised) + 12, 60)
    wait_for(lambda: lines_stored(daemon, log) == 13, 60)
    assert there(elastic) == sum(row.received - 7 * (row.source == "udp") for row in kept(daemon))


def until_more(elastic: Node, least: int) -> None:
    wait_for(lambda: there(elastic) > least, LONGEST_S)


def there(elastic: Node) -> int:
    """An index that is being made cannot be counted yet."""
    try:
        elastic.ask("/shouwang-events*/_refresh?allow_no_indices=true", method="POST")
        found = elastic.ask("/shouwang-events*/_count?allow_no_indices=true")["count"]
    except HTTPError:
        return 0
    assert isinstance(found, int)
    return found


def kept(daemon: Daemon) -> list[DayLedger]:
    with daemon.client() as client:
        found = client.call("store.days")
    assert isinstance(found, list)
    rows = [fields(each) for each in found]
    return [DayLedger(None, str(r["source"]), int(str(r["received"])), 0, {}, 0) for r in rows]  # type: ignore[arg-type]


def test_a_cluster_of_another_home_is_refused_and_nothing_is_changed(
    daemon: Daemon, tmp_path: Path, elastic: Node
) -> None:
    other = Daemon(tmp_path / "other")
    other.folder.mkdir()
    other.env["SHOUWANG_RUNTIME"] = str(tmp_path / "run")
    other.configure()
    text = other.home.config.read_text(encoding="utf-8").replace('url = ""', f'url = "{elastic.url}"', 1)
    other.home.config.write_text(text, encoding="utf-8")
    assert other.run("store", "status").returncode == 0
    daemon.configure()
    refused = daemon.run("store", "migrate", "--to", elastic.url, "--lang", "en")
    assert refused.returncode == 4, refused.stderr
    assert "belongs to another home" in refused.stderr
    assert not daemon.home.spool.exists()


def test_a_cluster_without_the_room_or_of_nobody_yet_is_told_before_anything_is_written(elastic: Node) -> None:
    where = place(elastic.url)
    assert fitness(where, "shouwang", "ours", 1 << 20).owner == ""
    with pytest.raises(StoreError, match="room"):
        fitness(where, "shouwang", "ours", 1 << 60)
    assert [name for name in elastic.ask("/_all") if not name.startswith(".")] == []


def test_what_a_node_takes_ends_at_its_low_watermark() -> None:
    marks = Watermarks.of({}, {f"cluster.routing.allocation.disk.watermark.{each}": "10gb" for each in STAGES})
    disk = Disk("n", total_bytes=100 << 30, free_bytes=12 << 30)
    assert (room_of(disk, marks), room_of(disk, None)) == (2 << 30, 12 << 30)
