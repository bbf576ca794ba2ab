"""What every event store must keep of ``shouwang.eventstore.base``. A store's test module subclasses this."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shouwang.eventstore.base import Batch, EventStore, Position, RetentionFloor
from shouwang.eventstore.embedded.ledger import digest_of
from shouwang.model import DEAD_DATASET, Event
from shouwang.query import Eq, Query
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, match_on, numbered, same

ZONE = ZoneInfo("Asia/Shanghai")
ROOT = Path(__file__).parents[2]
Open = Callable[[], EventStore]


def put(store: EventStore, *events: Event, **cursors: bytes) -> int:
    return store.put(Batch(events, received_us=NOON_US), cursors).stored


def all_of(store: EventStore, query: Query, *, newest_first: bool = False, limit: int = 7) -> list[Event]:
    found: list[Event] = []
    after: Position | None = None
    while True:
        page = store.read(query, newest_first=newest_first, after=after, limit=limit)
        assert len(page.items) <= limit
        found.extend(page.items)
        after = page.next
        if after is None:
            return found


def messages(events: list[Event]) -> list[object]:
    return [event.get("message") for event in events]


class StoreFixtures:
    """Fixture ``reopen`` opens the same place each time it is called; what it opened is closed after the test."""

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Open]:
        raise NotImplementedError

    @pytest.fixture
    def store(self, reopen: Open) -> EventStore:
        return reopen()


class EventStoreContract(StoreFixtures):
    """Writing, and what is kept of it. Reading: ``tests.contract.eventstore_search``."""

    opener: str
    """``module:function`` that opens a store at a path, for a process of its own."""

    # ----------------------------------------------------------------------------------------- put

    def test_what_was_put_is_read_back_whole(self, store: EventStore) -> None:
        event = event_of(
            "line",
            b"\xff\x00 bytes \xe4\xb8",
            id=id_of(1),
            time_us=-11_644_473_600_000_000,
            source="file:/var/log/\udcff.log",
            context={"log.file.path": "/x", "tags": ["a", None], "big": 2**70},
            asset_id="asset-1",
        )
        put(store, event)
        (found,) = all_of(store, Query(from_us=-(1 << 62)))
        event.source = "file:/var/log/\\udcff.log"
        assert same(found, event)

    def test_a_batch_put_again_changes_nothing(self, store: EventStore) -> None:
        events = [numbered(n) for n in range(20)]
        batch = Batch(events, [match_on(events[0])], {("udp", "too-long"): 3}, NOON_US)
        assert store.put(batch, {"a": b"1"}).stored == 20
        before = store.days()
        for _ in range(2):
            assert store.put(batch, {"a": b"1"}).stored == 0
        assert store.days() == before
        assert len(all_of(store, Query())) == 20
        assert len(store.tail("matches", None, 100).items) == 1

    def test_of_a_batch_that_is_partly_there_the_rest_is_taken(self, store: EventStore) -> None:
        put(store, *(numbered(n) for n in range(0, 10, 2)))
        assert put(store, *(numbered(n) for n in range(10)), numbered(3)) == 5
        (day,) = store.days()
        assert (day.received, day.stored) == (10, 10)
        assert messages(all_of(store, Query())) == [f"event {n}" for n in range(10)]

    def test_the_same_line_under_two_ids_is_two_events(self, store: EventStore) -> None:
        assert put(store, event_of("line", b"x", id=id_of(1)), event_of("line", b"x", id=id_of(2))) == 2

    def test_cursors_move_with_the_batch_and_outlive_the_process(self, reopen: Open) -> None:
        store = reopen()
        assert store.cursors() == {}
        put(store, numbered(1), a=b"1", b=b"\x00\xff")
        put(store, a=b"2")
        store.put(Batch([]), {"b": b"", "never": b""})
        store.close()
        assert reopen().cursors() == {"a": b"2"}

    def test_a_batch_that_fails_leaves_neither_events_nor_cursors(self, store: EventStore) -> None:
        bad = numbered(2)
        bad.id = b""
        with pytest.raises(Exception):  # noqa: B017, PT011  # whatever the driver says
            put(store, numbered(1), bad, a=b"1")
        assert store.cursors() == {}
        assert all_of(store, Query()) == []
        assert store.days() == []

    def test_an_event_that_can_never_be_stored_is_refused_and_booked_and_the_rest_goes_in(
        self, store: EventStore
    ) -> None:
        late = numbered(2)
        late.time_us = 1 << 70
        result = store.put(Batch([numbered(1), late], received_us=NOON_US), {"a": b"1"})
        assert result.stored == 1
        assert [id for id, _ in result.refused] == [late.id]
        (day,) = store.days()
        assert (day.received, day.stored, sum(day.dropped.values())) == (2, 1, 1)
        assert store.cursors() == {"a": b"1"}

    # -------------------------------------------------------------------------------------- ledger

    def test_what_was_received_is_stored_or_dropped_with_a_reason(self, store: EventStore) -> None:
        dead = event_of("dead", b"bad-time", id=id_of(50))
        store.put(Batch([numbered(1), dead], drops={("udp", "overflow"): 4}, received_us=NOON_US), {})
        store.put(Batch([numbered(2)], drops={("udp", "overflow"): 1, ("udp", "cut"): 2}, received_us=NOON_US), {})
        store.put(Batch([], drops={("udp", "cut"): 1}, received_us=NOON_US + DAY_US), {})
        found = {(row.day.isoformat(), row.source): row for row in store.days()}
        assert all(row.received == row.stored + sum(row.dropped.values()) for row in found.values())
        file = found["2026-11-24", "file:/var/log/test.log"]
        assert (file.received, file.stored, file.dropped) == (3, 2, {"bad-time": 1})
        assert file.bytes == len(numbered(1).raw) + len(numbered(2).raw) + len(dead.raw)
        assert found["2026-11-24", "udp"].dropped == {"overflow": 5, "cut": 2}
        assert found["2026-11-25", "udp"].dropped == {"cut": 1}
        assert len(all_of(store, Query(Eq("event.dataset", DEAD_DATASET)))) == 1

    def test_the_newest_record_of_each_source_is_known(self, store: EventStore) -> None:
        first, second = numbered(1), numbered(2)
        second.received_us = first.received_us + 5
        put(store, second)
        put(store, first)
        assert store.latest() == {first.source: first.received_us + 5}

    def test_the_ledgers_day_is_receipt_time_in_the_sites_zone(self, store: EventStore) -> None:
        before_midnight = NOON_US + 12 * 3_600_000_000 - 1
        put(store, numbered(1, time_us=0, received_us=before_midnight), numbered(2, received_us=before_midnight + 1))
        assert [row.day for row in store.days()] == [date(2026, 11, 24), date(2026, 11, 25)]

    def test_a_closed_days_digest_is_that_of_its_events_in_any_order(self, store: EventStore) -> None:
        events = [numbered(n) for n in range(30)]
        later = numbered(99, received_us=NOON_US + DAY_US)
        put(store, *events[::-1], later)
        assert [row.digest for row in store.days()] == ["", ""]
        store.maintain(NOON_US + DAY_US, 5.0)
        first, second = store.days()
        assert first.digest == digest_of((event.id, event.raw) for event in events)
        assert second.digest == ""
        assert store.maintain(NOON_US + DAY_US, 5.0) == []

    def test_a_day_goes_whole_and_not_before_184_days(self, store: EventStore) -> None:
        old, new = numbered(1), numbered(2, received_us=NOON_US + DAY_US)
        store.put(Batch([old, new], [match_on(old), match_on(new)], {("udp", "cut"): 1}, NOON_US), {"a": b"1"})
        position = store.end("events")
        day = date(2026, 11, 24)
        for age in (0, 1, 184):
            with pytest.raises(RetentionFloor):
                store.drop_day(day, now_us=NOON_US + age * DAY_US)
        gone = store.drop_day(day, now_us=NOON_US + 185 * DAY_US)
        assert [(row.source, row.stored) for row in gone] == [("file:/var/log/test.log", 1), ("udp", 0)]
        assert messages(all_of(store, Query())) == ["event 2"]
        assert [m.event_id for m in store.tail("matches", None, 9).items] == [new.id]
        assert [row.day for row in store.days()] == [date(2026, 11, 25)]
        assert store.drop_day(day, now_us=NOON_US + 185 * DAY_US) == []
        assert store.cursors() == {"a": b"1"}
        store.drop_day(date(2026, 11, 25), now_us=NOON_US + 190 * DAY_US)
        put(store, numbered(3))
        assert messages(list(store.tail("events", position, 9).items)) == ["event 3"]

    # -------------------------------------------------------------------------------------- health

    def test_a_sound_store_has_nothing_to_say(self, store: EventStore) -> None:
        put(store, *(numbered(n) for n in range(10)))
        assert store.health() == []

    # ------------------------------------------------------------------------------------- kill -9

    def test_since_leaves_out_nothing_that_was_received_then_or_later(self, store: EventStore) -> None:
        hour_us = 3_600_000_000
        assert store.tail("events", store.since("events", NOON_US), 9).items == []
        for number in range(50):
            put(store, event_of("line", b"x", id=id_of(number), received_us=NOON_US + number * hour_us))
        for number in (0, 1, 25, 49):
            page = store.tail("events", store.since("events", NOON_US + number * hour_us), 100)
            assert [event.id for event in page.items] == [id_of(each) for each in range(number, 50)]
        assert store.tail("events", store.since("events", NOON_US + 60 * hour_us), 9).items == []

    def test_killed_anywhere_it_has_what_was_acknowledged_once_and_goes_on(self, tmp_path: Path, reopen: Open) -> None:
        chance = random.Random(17)
        for _ in range(8):
            acknowledged = self._run_until_killed(tmp_path, acks=chance.randrange(1, 25))
            store = reopen()
            stored = [event.get("message") for event in all_of(store, Query(), limit=5000)]
            assert len(stored) == len(set(stored))
            batches = int(store.cursors()["writer"])
            assert batches >= acknowledged
            assert stored == [f"event {n}" for n in range(batches * 50)]
            assert len(store.tail("matches", None, 5000).items) == batches
            (day,) = store.days()
            assert (day.received, day.stored) == (batches * 50, batches * 50)
            store.close()

    def _run_until_killed(self, tmp_path: Path, acks: int) -> int:
        """The number that the last acknowledgement told."""
        command = [sys.executable, "-m", "tests.contract.writer", self.opener, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as child:
            assert child.stdout is not None
            told = [child.stdout.readline() for _ in range(acks)]
            assert told[-1], "the writer ended by itself"
            child.kill()
            told += child.stdout.read().splitlines(keepends=True)
        return int([line for line in told if line.endswith(b"\n")][-1])
