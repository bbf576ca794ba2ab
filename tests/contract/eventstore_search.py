"""What every event store must keep of reading: pages, tails, counts, and that a query means what ``matches`` says."""

from __future__ import annotations

import json
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest

from shouwang.comparison import scalars, text_of
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, EventStore, Position
from shouwang.model import Event, Value
from shouwang.query import Contains, Eq, Node, Not, Or, Prefix, Query, matches
from tests.contract.eventstore import ZONE, Open, StoreFixtures, all_of, messages, put
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, match_on, numbered

ODD_VALUES: list[Value] = [
    "root", "ROOT", "kelvin", "\u212aelvin", "\u0130stanbul", "i\u0307stanbul", "istanbul", "straße", "ΣΑΣ",
    "σας", "σασ",
    "登录", "a\0b", "a\0c", "a", "\ud800", "", " ", "%", "_", "*", "x' OR '1'='1", "22", "22.0", 22, 22.0, 22.5, -22,
    True, False, "true", "1", 1, 0, None, "null", 2**63 - 1, 2**63, 2**70, float(2**63), 1e300, -1e-7, [], ["root", 22],
    [["Root"]], [None, True], {"root": "root"}, "x" * 5000,
]  # fmt: skip

ODD_RECORDS: list[tuple[str, bytes]] = [
    ("line", b"Failed password"), ("line", "登录失败 user3".encode()), ("line", "登录失败 user3".encode("gb18030")),
    ("line", b"\xff\xfe failed"),
    ("line", "\u212aelvin \u0130stanbul \u017fhort STRASSE stra\u00dfe ÄRGER ΣΑΣ".encode()),
    ("line", b"a/b C:\\Windows\\cmd.exe 100% a_b it's \"q\" a\x00b tab\there\nnext"),
    ("line", b""), ("line", b"(.*)+[a-z]$^"),
    ("object", b'{"message": "\\u767b\\u5f55 C:\\\\Windows a\\/b \\"q\\" tab\\there \\ud800"}'),
    ("object", '{"message": "登录 \u0130stanbul C:\\\\Windows"}'.encode()), ("object", b'{"user.name": "K\\u212a"}'),
]  # fmt: skip
ODD_TEXTS = [
    "failed", "FAILED", "登录", "登录失败 USER3", "kelvin", "k", "i", "istanbul", "stanbul", "i\u0307", "short", "s",
    "\u017fhort", "strasse", "straße", "ärger", "σας", "ΣΑΣ", "a/b", "/", "c:\\windows", "c:\\\\windows", "\\",
    "\\u767b", "100%", "a_b", "it's", '"q"', '\\"q', "a\0b", "\0", "tab\there", "\n", "", " ", "(.*)+", "[a-z]", "$^",
    "\ud800", "\xff", "\\xff", "ff",
]  # fmt: skip


class SearchContract(StoreFixtures):
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

    @pytest.mark.parametrize("field", ["user.name", "user.domain"])
    def test_every_odd_value_is_found_as_matches_says(self, store: EventStore, field: str) -> None:
        events = [
            event_of("object", json.dumps({field: value}).encode(), id=id_of(n), time_us=NOON_US + n)
            for n, value in enumerate(ODD_VALUES)
        ]
        put(store, *events, numbered(99))
        texts = sorted({text_of(each) for value in ODD_VALUES for each in scalars(value)})
        for wanted in texts:
            for leaf in (Eq(field, wanted), Prefix(field, wanted), Contains(field, wanted), Contains("", wanted)):
                for query in (Query(leaf), Query(Not(leaf))):
                    expected = [e.id for e in (*events, numbered(99)) if matches(query, e)]
                    assert [e.id for e in all_of(store, query, limit=1000)] == expected, (wanted, query)
                    assert store.count(query, by=None, bucket_s=None, top=0)[0].count == len(expected)

    def test_text_is_found_in_every_odd_record_as_matches_says(self, store: EventStore) -> None:
        events = [
            event_of(parser, raw, id=id_of(n), time_us=NOON_US + n) for n, (parser, raw) in enumerate(ODD_RECORDS)
        ]
        put(store, *events)
        for wanted in ODD_TEXTS:
            for leaf in (Contains("", wanted), Contains("event.original", wanted), Contains("message", wanted)):
                for query in (Query(leaf), Query(Not(leaf))):
                    expected = [event.id for event in events if matches(query, event)]
                    assert [e.id for e in all_of(store, query, limit=1000)] == expected, (wanted, query)
                    assert store.count(query, by=None, bucket_s=None, top=0)[0].count == len(expected), (wanted, query)

    @pytest.mark.parametrize("field", ["user.name", "user.domain"])
    def test_a_thousand_alternatives_are_searched(self, store: EventStore, field: str) -> None:
        events = [
            event_of("object", json.dumps({field: f"user{n}"}).encode(), id=id_of(n)) for n in range(0, 4000, 400)
        ]
        put(store, *events)
        query = Query(Or(tuple(Eq(field, f"USER{n}") for n in range(2001))))
        assert [event.id for event in all_of(store, query)] == [id_of(n) for n in range(0, 2001, 400)]
