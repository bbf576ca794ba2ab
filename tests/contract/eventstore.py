"""What every event store must keep of ``shouwang.eventstore.base``. A store's test module subclasses this."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, EventStore, Position, RetentionFloor
from shouwang.eventstore.embedded.ledger import digest_of
from shouwang.model import DEAD_DATASET, Event, Value
from shouwang.query import Contains, Eq, Node, Query, matches
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


class EventStoreContract:
    """Fixture ``reopen`` opens the same place each time it is called; the store is closed after the test."""

    opener: str
    """``module:function`` that opens a store at a path, for a process of its own."""

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Open]:
        raise NotImplementedError

    @pytest.fixture
    def store(self, reopen: Open) -> EventStore:
        return reopen()

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

    # ---------------------------------------------------------------------------------------- read

    def test_pages_come_by_time_then_id_both_ways(self, store: EventStore) -> None:
        events = [numbered(n, time_us=NOON_US + n % 5) for n in range(40)]
        random.Random(1).shuffle(events)
        put(store, *events)
        ordered = [e.id for e in sorted(events, key=lambda e: (e.time_us, e.id))]
        for limit in (1, 7, 40, 100):
            assert [e.id for e in all_of(store, Query(), limit=limit)] == ordered
            assert [e.id for e in all_of(store, Query(), newest_first=True, limit=limit)] == ordered[::-1]

    def test_a_full_last_page_is_the_last(self, store: EventStore) -> None:
        put(store, *(numbered(n) for n in range(10)))
        page = store.read(Query(), newest_first=True, after=None, limit=5)
        assert page.next is not None
        assert store.read(Query(), newest_first=True, after=page.next, limit=5).next is None
        assert store.read(Query(), newest_first=True, after=None, limit=10).next is None

    @pytest.mark.parametrize("newest_first", [True, False])
    def test_pages_that_follow_one_another_see_one_snapshot(self, store: EventStore, newest_first: bool) -> None:
        put(store, *(numbered(n) for n in range(0, 20, 2)))
        first = store.read(Query(), newest_first=newest_first, after=None, limit=4)
        put(store, *(numbered(n) for n in range(1, 20, 2)))
        seen, after = list(first.items), first.next
        while after is not None:
            page = store.read(Query(), newest_first=newest_first, after=after, limit=4)
            seen.extend(page.items)
            after = page.next
        expected = [f"event {n}" for n in range(0, 20, 2)]
        assert messages(seen) == (expected[::-1] if newest_first else expected)

    def test_time_is_from_inclusive_to_exclusive(self, store: EventStore) -> None:
        put(store, *(numbered(n) for n in range(10)))
        query = Query(from_us=NOON_US + 3_000_000, to_us=NOON_US + 5_000_000)
        assert messages(all_of(store, query)) == ["event 3", "event 4"]

    def test_ids_are_found_whatever_their_time(self, store: EventStore) -> None:
        events = [numbered(n) for n in range(10)]
        put(store, *events)
        query = Query(Eq("message", "no"), 0, 1, ids=(events[7].id, events[2].id, id_of(99)))
        assert messages(all_of(store, query)) == ["event 2", "event 7"]
        assert store.count(query, by=None, bucket_s=None, top=0)[0].count == 2

    def test_a_position_from_elsewhere_is_refused(self, store: EventStore) -> None:
        put(store, numbered(1), numbered(2))
        page = store.read(Query(), newest_first=True, after=None, limit=1)
        with pytest.raises(UsageError):
            store.read(Query(), newest_first=False, after=page.next, limit=1)
        for token in ("", "x", "n:1:2", "n:a:b:c", "a:-1", "a:"):
            with pytest.raises(UsageError):
                store.read(Query(), newest_first=True, after=Position(token), limit=1)
            with pytest.raises(UsageError):
                store.tail("events", Position(token), 1)

    # ---------------------------------------------------------------------------------------- tail

    def test_tail_gives_all_in_order_of_arrival_whatever_their_time(self, store: EventStore) -> None:
        times = [5, 1, 9, 3, 3, 0, 7]
        for n, second in enumerate(times):
            event = numbered(n, time_us=NOON_US - second)
            store.put(Batch([event], [match_on(event)], received_us=NOON_US), {})
        seen: list[Event] = []
        position = None
        for _ in range(5):
            page = store.tail("events", position, 2)
            assert page.next is not None
            seen.extend(page.items)
            position = page.next
        assert messages(seen) == [f"event {n}" for n in range(7)]
        assert store.tail("events", position, 2).next == position
        assert [m.event_id for m in store.tail("matches", None, 100).items] == [id_of(n) for n in range(7)]

    def test_tail_from_the_end_gives_only_what_arrives_later(self, reopen: Open) -> None:
        store = reopen()
        assert store.tail("events", store.end("events"), 5).items == []
        put(store, numbered(1))
        events, matched = store.end("events"), store.end("matches")
        late = numbered(0)
        store.put(Batch([late], [match_on(late)], received_us=NOON_US), {})
        store.close()
        store = reopen()
        assert messages(list(store.tail("events", events, 5).items)) == ["event 0"]
        assert list(store.tail("matches", matched, 5).items) == [match_on(late)]

    def test_tail_never_skips_while_others_write(self, store: EventStore) -> None:
        batches = [[numbered(n * 10 + i) for i in range(10)] for n in range(30)]
        writer = threading.Thread(target=lambda: [put(store, *events) for events in batches])
        writer.start()
        seen: list[bytes] = []
        position = None
        while len(seen) < 300:
            alive = writer.is_alive()
            page = store.tail("events", position, 7)
            seen.extend(event.id for event in page.items)
            position = page.next
            assert page.items or alive, f"{len(seen)} of 300 came"
        writer.join()
        assert seen == [event.id for events in batches for event in events]

    def test_readers_see_whole_batches_while_one_writes(self, store: EventStore) -> None:
        failures: list[object] = []
        done = threading.Event()

        def look() -> None:
            last = 0
            while not done.is_set():
                (found,) = store.count(Query(), by=None, bucket_s=None, top=0)
                pages = len(all_of(store, Query(), limit=50))
                if found.count % 10 or pages % 10 or found.count < last:
                    failures.append((found, pages))
                last = pages

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for n in range(40):
            put(store, *(numbered(n * 10 + i) for i in range(10)))
        done.set()
        for reader in readers:
            reader.join()
        assert failures == []

    # --------------------------------------------------------------------------------------- count

    def test_count_in_all_by_value_and_by_time(self, store: EventStore) -> None:
        users: list[Value] = ["root", "root", "ann", ["root", "bob", "bob"], None, "Root"]
        put(store, *(numbered(n, user_name=user, user_domain=user) for n, user in enumerate(users)), numbered(9))
        assert [c.count for c in store.count(Query(), by=None, bucket_s=None, top=0)] == [7]
        for field in ("user.name", "user.domain"):
            found = store.count(Query(), by=field, bucket_s=None, top=0)
            assert [(c.key, c.count) for c in found] == [("root", 3), ("Root", 1), ("ann", 1), ("bob", 1)]
            assert [c.key for c in store.count(Query(), by=field, bucket_s=None, top=2)] == ["root", "Root"]
            some = store.count(Query(Eq(field, "ROOT")), by=field, bucket_s=None, top=0)
            assert [(c.key, c.count) for c in some] == [("root", 3), ("Root", 1), ("bob", 1)]

    @pytest.mark.parametrize("node", [Contains("", "event"), Contains("labels.note", "x")])
    def test_days_begin_at_the_sites_midnight(self, store: EventStore, node: Node) -> None:
        midnight = (datetime(2026, 11, 24, tzinfo=ZONE) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        times = [midnight - 1, midnight, midnight + DAY_US - 1, midnight + 3 * DAY_US, -1]
        put(store, *(numbered(n, time_us=time_us, labels_note="x") for n, time_us in enumerate(times)))
        found = store.count(Query(node, from_us=-DAY_US), by=None, bucket_s=86_400, top=0)
        assert [(c.key, c.count) for c in found] == [
            (-8 * 3_600_000_000, 1),
            (midnight - DAY_US, 1),
            (midnight, 2),
            (midnight + 3 * DAY_US, 1),
        ]

    def test_counting_both_ways_at_once_is_refused(self, store: EventStore) -> None:
        with pytest.raises(UsageError):
            store.count(Query(), by="user.name", bucket_s=60, top=0)

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

    def test_a_query_means_the_same_here_as_in_matches(self, store: EventStore) -> None:
        users: list[Value] = ["Ann", "bob", ["x", "ANN"], 7, None]
        events = [numbered(n, user_name=users[n % 5]) for n in range(25)]
        put(store, *events)
        for node in (Eq("user.name", "ann"), Eq("user.name", "7.0"), Contains("", "EVENT 1"), Contains("message", "2")):
            query = Query(node)
            assert [e.id for e in all_of(store, query, limit=3)] == [e.id for e in events if matches(query, e)]

    # ------------------------------------------------------------------------------------- kill -9

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
