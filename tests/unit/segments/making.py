"""A store with two days in it, and what must be true of it whatever happens to its sealing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.ledger import digest_of
from shouwang.eventstore.embedded.segments import manifest
from shouwang.faults import VARIABLE
from shouwang.model import Event
from shouwang.query import Query
from tests.contract.eventstore import ROOT, ZONE, all_of
from tests.contract.records import NOON_US, match_on, numbered, rehydrate
from tests.contract.sealing import Here

HOUR_US: Final = 3_600_000_000
EACH: Final = 30
HOURS: Final = (0, 1, 12, 13)
"""After noon: two in the first day, two in the second, the last of which stays hot."""
LATER_US: Final = NOON_US + 15 * HOUR_US
EVENTS: Final = len(HOURS) * EACH


def open_at(folder: Path, *, in_process: bool = False) -> EmbeddedStore:
    """``in_process``: sealing and compaction run here: quicker, where a test is not about processes."""
    store = EmbeddedStore(folder / "events.db", zone=ZONE, rehydrate=rehydrate)
    if in_process:
        store._rounds._sealer._jobs = store._rounds._compactor._jobs = Here()
    return store


def batch_of(number: int) -> Batch:
    """Of the hour ``HOURS[number]``, its events out of the order of their times; drops with each."""
    at_us = NOON_US + HOURS[number] * HOUR_US
    events = [
        numbered(number * EACH + n, received_us=at_us + n * 1000, time_us=at_us - (n * 7 % EACH) * 1_000_000)
        for n in range(EACH)
    ]
    return Batch(events, [match_on(events[3]), match_on(events[4], "rule-2")], {("udp", "cut"): 2}, at_us)


def fill(store: EmbeddedStore) -> None:
    for number in range(len(HOURS)):
        store.put(batch_of(number), {"a": b"%d" % number, f"only-{number}": b"x"})


def require_whole(store: EmbeddedStore) -> None:
    """Each event once, wherever it is; the ledger, matches and cursors as they were given."""
    found = all_of(store, Query(from_us=0), limit=50)
    given = [event for number in range(len(HOURS)) for event in batch_of(number).events]
    in_time = sorted(given, key=lambda each: (each.time_us, each.id))
    assert [event.id for event in found] == [event.id for event in in_time]
    assert {event.id: event.raw for event in found} == {event.id: event.raw for event in given}
    assert [event.id for event in tailed(store)] == [event.id for event in given]
    assert store.count(Query(from_us=0), by=None, bucket_s=None, top=0)[0].count == EVENTS
    assert len(store.tail("matches", None, 100).items) == 2 * len(HOURS)
    assert store.cursors() == {"a": b"3", **{f"only-{number}": b"x" for number in range(len(HOURS))}}
    kept = {row.day.isoformat(): row for row in store.days() if row.source != "udp"}
    assert {day: row.received for day, row in kept.items()} == {"2026-11-24": 2 * EACH, "2026-11-25": 2 * EACH}
    digest = digest_of((event.id, event.raw) for event in given[: 2 * EACH])
    assert kept["2026-11-24"].digest in ("", digest)
    assert {row.dropped["cut"] for row in store.days() if row.source == "udp"} == {4}


def tailed(store: EmbeddedStore) -> list[Event]:
    found: list[Event] = []
    after = None
    while True:
        page = store.tail("events", after, 50)
        if not page.items:
            return found
        found += page.items
        after = page.next


def files(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in (folder / manifest.FOLDER).rglob("*") if each.is_file()}


def named(store: EmbeddedStore) -> set[str]:
    with store._database.reading() as db:
        return {each.path for each in manifest.segments(db)}


def hot(store: EmbeddedStore) -> int:
    with store._database.reading() as db:
        found = db.execute("SELECT count(*) FROM event").get
    assert isinstance(found, int)
    return found


def maintained_by_another(folder: Path, now_us: int, die_at: str = "") -> subprocess.CompletedProcess[str]:
    """``maintain`` in a process of its own, which ends itself at the point, or whose worker does."""
    code = (
        "import sys; from pathlib import Path; from tests.unit.segments.making import open_at\n"
        "store = open_at(Path(sys.argv[1]))\n"
        "print(*store.maintain(int(sys.argv[2]), 60.0), sep='\\n')\n"
        "print(*(finding.what.en for finding in store.health()), sep='\\n')\n"
        "store.close()"
    )
    return run(code, str(folder), str(now_us), die_at=die_at)


def run(code: str, *args: str, die_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, VARIABLE: die_at}
    return subprocess.run(
        [sys.executable, "-c", code, *args], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
