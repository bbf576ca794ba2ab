"""The cluster goes away, is full, says no: events wait on this host, in order, counted once, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.errors import StoreError
from shouwang.eventstore.base import Batch, Position, StoreAway
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.model import Event, Level
from shouwang.query import All, Contains, Eq, Query
from tests.contract.eventstore import all_of, messages, put
from tests.contract.records import NOON_US, event_of, id_of, match_on, numbered
from tests.elastic.node import Node
from tests.elastic.stores import store_at, until
from tests.elastic.tap import Tap

DAY = "shouwang-events-2026.11.24"


@pytest.fixture
def tap(elastic: Node) -> Iterator[Tap]:
    with Tap(elastic.port) as wire:
        yield wire


@pytest.fixture
def store(tmp_path: Path, tap: Tap) -> Iterator[ElasticStore]:
    with store_at(tmp_path, tap.url) as opened:
        yield opened


def by_arrival(store: ElasticStore) -> list[Event]:
    found: list[Event] = []
    after: Position | None = None
    while page := store.tail("events", after, 100):
        if not page.items:
            return found
        found += page.items
        after = page.next
    return found


def there(store: ElasticStore, number: int) -> bool:
    """Whether so many are in the cluster; nothing is waited for."""
    try:
        return store.count(Query(), by=None, bucket_s=None, top=0)[0].count == number
    except StoreAway:
        return False


def test_while_it_is_away_events_are_taken_and_come_in_their_order_when_it_is_back(
    store: ElasticStore, tap: Tap
) -> None:
    put(store, *(numbered(n) for n in range(10)), at=b"10")
    tap.cut()
    for batch in range(1, 30):
        events = [numbered(batch * 10 + n, time_us=NOON_US - batch) for n in range(10)]
        store.put(Batch(events, [match_on(events[0])], {("udp", "cut"): 1}, NOON_US), {"at": b"%d" % (batch * 10 + 10)})
    assert store.cursors() == {"at": b"300"}
    with pytest.raises(StoreAway, match="away"):
        store.count(Query(), by=None, bucket_s=None, top=0)
    (finding,) = store.health()
    assert finding.level is Level.DEGRADED
    assert "wait on this host" in str(finding.what)
    tap.mend()
    until(lambda: there(store, 300))
    assert messages(by_arrival(store)) == [f"event {n}" for n in range(300)]
    assert [each.event_id for each in store.tail("matches", None, 100).items] == [id_of(n) for n in range(10, 300, 10)]
    assert {(row.source, row.received, row.stored) for row in store.days()} == {
        ("file:/var/log/test.log", 300, 300),
        ("udp", 29, 0),
    }
    until(lambda: store.health() == [])


def test_what_waits_outlives_the_process(tmp_path: Path, elastic: Node) -> None:
    with Tap(elastic.port) as tap, store_at(tmp_path, tap.url) as store:
        tap.cut()
        for n in range(5):
            put(store, numbered(n), at=b"%d" % n)
    with store_at(tmp_path, elastic.url) as store:
        assert store.cursors() == {"at": b"4"}
        until(lambda: there(store, 5))
        assert [(row.received, row.stored) for row in store.days()] == [(5, 5)]


def test_what_waits_is_bounded_and_nothing_is_promised_beyond(tmp_path: Path, elastic: Node) -> None:
    with Tap(elastic.port) as tap, store_at(tmp_path, tap.url, spool_bytes=100_000) as store:
        tap.cut()
        taken = 0

        def put_until_full() -> None:
            nonlocal taken
            while taken < 10_000:
                put(store, *(numbered(taken + n) for n in range(100)), at=b"%d" % taken)
                taken += 100

        with pytest.raises(StoreAway, match="fills its place"):
            put_until_full()
        assert 200 <= taken < 10_000
        assert store.cursors() == {"at": b"%d" % (taken - 100)}
        assert Level.BROKEN in {finding.level for finding in store.health()}
        tap.mend()
        again = [numbered(taken + n) for n in range(100)]

        def takes() -> bool:
            try:
                put(store, *again, at=b"%d" % taken)
            except StoreAway:
                return False
            return True

        until(takes)
        until(lambda: there(store, taken + 100))
        assert [(row.received, row.stored) for row in store.days()] == [(taken + 100, taken + 100)]


def test_a_cluster_that_answered_and_was_not_heard_does_not_count_twice(
    store: ElasticStore, tap: Tap, elastic: Node
) -> None:
    """The batch is in the cluster, and this host does not know."""
    put(store, numbered(0))
    tap.cut()
    put(store, *(numbered(n) for n in range(1, 6)))
    entry = store._spool.oldest()
    assert entry is not None
    lines = b"".join(
        b'{"create":{"_index":"%s","_id":"%s"}}\n%s\n' % (item.index.encode(), item.id.encode(), item.body)
        for item in entry.payload.items[:3]
    )
    elastic.bulk(lines)
    tap.mend()
    until(lambda: there(store, 6))
    assert [(row.received, row.stored) for row in store.days()] == [(6, 6)]


def test_a_full_disk_of_the_cluster_is_waited_for_and_told(store: ElasticStore, elastic: Node) -> None:
    put(store, numbered(0))
    elastic.ask(f"/{DAY}/_settings", {"index.blocks.read_only_allow_delete": True})
    put(store, numbered(1), at=b"1")
    assert store.cursors() == {"at": b"1"}
    assert any("takes nothing into" in str(finding.what) or "block" in str(finding.what) for finding in store.health())
    assert messages(all_of(store, Query())) == ["event 0"]
    elastic.ask(f"/{DAY}/_settings", {"index.blocks.read_only_allow_delete": None})
    until(lambda: there(store, 2))
    assert [(row.received, row.stored) for row in store.days()] == [(2, 2)]


def test_the_limit_of_shards_is_waited_for_and_no_event_is_refused(store: ElasticStore, elastic: Node) -> None:
    put(store, numbered(0))
    elastic.ask("/_cluster/settings", {"persistent": {"cluster.max_shards_per_node": 1}})
    later = numbered(1, received_us=NOON_US + 86_400_000_000)
    assert store.put(Batch([later], received_us=NOON_US), {}).refused == []
    assert store._sender.away is not None
    assert "shards" in str(store._sender.away)
    elastic.ask("/_cluster/settings", {"persistent": {"cluster.max_shards_per_node": None}})
    until(lambda: there(store, 2))
    assert sum(row.stored for row in store.days()) == 2


def test_an_index_that_somebody_made_otherwise_takes_the_events_without_their_fields(
    store: ElasticStore, elastic: Node
) -> None:
    put(store, numbered(0, received_us=NOON_US - 86_400_000_000))
    templates = elastic.ask("/_index_template/shouwang-events")["index_templates"]
    mappings = templates[0]["index_template"]["template"]["mappings"]  # type: ignore[index]
    mappings["properties"]["message"] = {"properties": {"text": {"type": "text"}}}
    elastic.ask(f"/{DAY}", {"mappings": mappings, "aliases": {"shouwang-events": {}}})
    result = store.put(Batch([numbered(1, user_name="root"), numbered(2)], received_us=NOON_US), {})
    assert (result.stored, result.refused) == (2, [])
    for node in (Eq("user.name", "ROOT"), Contains("message", "1"), Contains("user.name", "oo")):
        assert messages(all_of(store, Query(node))) == ["event 1"]
        assert store.count(Query(node), by="user.name", bucket_s=None, top=0)[0].count == 1
    assert len(all_of(store, Query(All()))) == 3
    assert any("without their fields" in str(finding.what) for finding in store.health())


def test_a_first_start_needs_the_cluster_and_later_ones_do_not(tmp_path: Path, elastic: Node) -> None:
    with Tap(elastic.port) as tap, store_at(tmp_path, tap.url) as store:
        store.belong_to("a" * 32)
        tap.cut()
        with pytest.raises(StoreAway):
            store.claim()
        tap.mend()
        store.claim()
        tap.cut()
        store.claim()


def test_a_cluster_belongs_to_one_home_until_it_is_taken_over(tmp_path: Path, elastic: Node) -> None:
    with store_at(tmp_path, elastic.url, name="one.db") as one, store_at(tmp_path, elastic.url, name="two.db") as two:
        one.belong_to("1" * 32)
        two.belong_to("2" * 32)
        one.claim()
        one.claim()
        with pytest.raises(StoreError, match=r"belongs to another home \(1{32}.*--take-over"):
            two.claim()
        two.claim(take_over=True)
        two.claim()
        put(one, numbered(1))
        assert any("taken over" in str(finding.what) for finding in one.health())
        with pytest.raises(StoreError):
            one.claim()


def test_two_hosts_write_and_each_event_is_seen_and_counted_once(tmp_path: Path, elastic: Node) -> None:
    with store_at(tmp_path, elastic.url, name="one.db") as one, store_at(tmp_path, elastic.url, name="two.db") as two:
        position: Position | None = None
        seen: list[bytes] = []
        for n in range(20):
            event = numbered(n, received_us=NOON_US + n)
            (two if n % 3 else one).put(Batch([event], [match_on(event)], received_us=NOON_US), {})
            page = one.tail("matches", position, 3)
            seen += [match.event_id for match in page.items]
            position = page.next

        def all_seen() -> bool:
            nonlocal position
            found = one.tail("matches", position, 3)
            seen.extend(match.event_id for match in found.items)
            position = found.next
            return len(seen) >= 20

        until(all_seen)
        assert sorted(seen) == [id_of(n, NOON_US + n) for n in range(20)]
        assert len(all_of(one, Query())) == 20
        until(lambda: [(row.received, row.stored) for row in one.days()] == [(20, 20)])
        assert one.latest() == {"file:/var/log/test.log": NOON_US + 19}


def test_a_spool_that_was_restored_gives_no_number_twice(tmp_path: Path, elastic: Node) -> None:
    with store_at(tmp_path, elastic.url) as store:
        put(store, numbered(0))
    old = (tmp_path / "spool.db").read_bytes()
    with store_at(tmp_path, elastic.url) as store:
        put(store, numbered(1))
        position = store.end("events")
    (tmp_path / "spool.db").write_bytes(old)
    with store_at(tmp_path, elastic.url) as store:
        put(store, event_of("line", b"new", id=id_of(7)))
        assert messages(list(store.tail("events", position, 9).items)) == ["new"]
        until(lambda: sum(row.stored for row in store.days()) == 3)
