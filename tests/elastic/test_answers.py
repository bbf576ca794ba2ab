"""The same question has the same answer on Elasticsearch as on the embedded store, and as ``matches`` gives."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from collectors.rehydrate import rehydrate as by_parsers
from collectors.vocabulary import kinds
from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.assets import AssetRegister
from shouwang.clock import ManualClock
from shouwang.eventstore.base import Batch, EventStore
from shouwang.eventstore.elastic.history import ElasticHistory
from shouwang.eventstore.elastic.place import Place, plain
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.flows.importing import Importer
from shouwang.model import Event, Value
from shouwang.query import (
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Node,
    Not,
    Or,
    Prefix,
    Query,
    Range,
    Wildcard,
    matches,
    parse,
)
from tests.contract.eventstore import ZONE, all_of
from tests.contract.eventstore_search import ODD_VALUES
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, numbered, rehydrate
from tests.elastic.node import Node as Server
from tests.elastic.stores import store_at
from tests.property.test_search import TEXTS, kind_of

LONG = "C:\\Windows\\System32\\" + "A" * 700 + " endmark1"
FIELDS = ("user.name", "source.ip", "destination.port", "message", "labels.note", "process.name", "event.code")
VALUES: list[Value] = [*ODD_VALUES, *TEXTS, LONG, "报" * 12_000, "x" * 8191, "10.1.2.3", "192.0.2.77", 4625, "4625"]


def odd_events(number: int, chance: random.Random) -> list[Event]:
    found = []
    for n in range(number):
        doc = {field: chance.choice(VALUES) for field in FIELDS if chance.random() < 0.6}
        raw = json.dumps(doc, ensure_ascii=chance.random() < 0.5).encode("utf-8", "backslashreplace")
        if chance.random() < 0.2:
            raw = f"- {chance.choice(VALUES)}".encode(chance.choice(["utf-8", "gb18030"]), "replace")
        parser = "object" if raw[:1] == b"{" and raw.endswith(b"}") else "line"
        time_us = NOON_US + chance.randrange(-3, 3)
        received_us = NOON_US + chance.randrange(3) * DAY_US
        found.append(event_of(parser, raw, id=id_of(n, received_us), time_us=time_us, received_us=received_us))
    return found


def odd_node(chance: random.Random, depth: int = 0) -> Node:
    field, text = (
        chance.choice(FIELDS),
        str(chance.choice([*VALUES[:60], *TEXTS, "endmark1", "A" * 300, "报报", "indow"])),
    )
    kind = chance.randrange(12 if depth < 2 else 8)
    match kind:
        case 0:
            return Eq(field, text)
        case 1:
            return Prefix(field, text[:300])
        case 2:
            return Wildcard(field, chance.choice([f"*{text}*", f"{text[:9]}*", f"?{text[1:9]}*", text]))
        case 3:
            return Contains(field, text)
        case 4:
            return Contains("", text)
        case 5:
            return Cidr(field, chance.choice(["10.0.0.0/8", "192.0.2.77/32", "2001:db8::/32", "::/0"]))
        case 6:
            low, high = chance.choice([None, text, "22"]), chance.choice([None, "4625", text])
            return Range(field, low, high, include_low=chance.random() < 0.5, include_high=chance.random() < 0.5)
        case 7:
            return Exists(field)
        case 8 | 9:
            return Not(odd_node(chance, depth + 1))
        case 10:
            return And(tuple(odd_node(chance, depth + 1) for _ in range(2)))
        case _:
            return Or(tuple(odd_node(chance, depth + 1) for _ in range(3)))


@pytest.fixture
def both(tmp_path: Path, elastic: Server) -> Iterator[tuple[ElasticStore, EmbeddedStore]]:
    with (
        store_at(tmp_path, elastic.url) as cluster,
        EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=rehydrate) as here,
    ):
        yield cluster, here


def test_any_question_has_the_same_answer(both: tuple[ElasticStore, EmbeddedStore]) -> None:
    chance = random.Random(24)
    events = odd_events(300, chance)
    for store in both:
        store.put(Batch(events, received_us=NOON_US), {})
    found_some = 0
    for _ in range(120):
        query = Query(odd_node(chance), NOON_US - chance.randrange(4), NOON_US + chance.randrange(1, 4))
        expected = sorted((event.time_us, event.id) for event in events if matches(query, event))
        found_some += 0 < len(expected) < len(events)
        for store in both:
            assert [(event.time_us, event.id) for event in all_of(store, query, limit=400)] == expected, query
            assert store.count(query, by=None, bucket_s=None, top=0)[0].count == len(expected), query
        by = chance.choice([*FIELDS, "event.dataset", "shouwang.source"])
        tallies = [
            {(kind_of(c.key), c.key, c.count) for c in store.count(query, by=by, bucket_s=None, top=0)}
            for store in both
        ]
        assert tallies[0] == tallies[1]
        assert both[0].count(query, by=None, bucket_s=3600, top=0) == both[1].count(
            query, by=None, bucket_s=3600, top=0
        )
    assert found_some > 50


def test_the_servers_own_counts_are_those_of_the_embedded_store(both: tuple[ElasticStore, EmbeddedStore]) -> None:
    events = [
        numbered(n, user_name=f"user{n % 7}", source_ip=f"192.0.2.{n % 5}", destination_port=n % 3 * 1000 + 22)
        for n in range(200)
    ]
    for store in both:
        store.put(Batch(events, received_us=NOON_US), {})
    for query in (Query(), Query(Eq("user.name", "USER3")), Query(Not(Eq("destination.port", "22")))):
        for by in ("user.name", "source.ip", "destination.port", "event.dataset"):
            for top in (0, 2, 3, 100):
                answers = [store.count(query, by=by, bucket_s=None, top=top) for store in both]
                assert answers[0] == answers[1]
                assert not any(count.approximate for count in answers[0])
        for bucket_s in (1, 60, 7200):
            answers = [store.count(query, by=None, bucket_s=bucket_s, top=0) for store in both]
            assert answers[0] == answers[1]


def test_what_a_hunt_reads_holds_all_that_it_wants_and_passes_all(
    both: tuple[ElasticStore, EmbeddedStore], elastic: Server
) -> None:
    cluster, _ = both
    chance = random.Random(7)
    events = odd_events(200, chance)
    cluster.put(Batch(events, received_us=NOON_US), {})
    cluster.end("events")
    where: dict[str, Value] = {"where": plain(Place((elastic.url,))), "prefix": "shouwang"}
    with ElasticHistory(where, rehydrate, kinds()) as history:
        stretch = history.stretch(NOON_US - 10, NOON_US + 10)
        assert history.size(stretch) == 200
        for _ in range(40):
            node = odd_node(chance)
            part = history.part(stretch, node, None)
            assert part.end
            assert part.passed == 200
            wanted = {event.id for event in events if matches(Query(node), event)}
            assert wanted <= {event.id for event in part.events}


def test_an_event_is_the_same_after_a_way_through_both_stores(both: tuple[ElasticStore, EmbeddedStore]) -> None:
    cluster, here = both
    events = odd_events(100, random.Random(3))
    here.put(Batch(events, received_us=NOON_US), {})
    moved = all_of(here, Query(), limit=500)
    cluster.put(Batch(moved, received_us=NOON_US), {})
    for store in both:
        store.maintain(NOON_US + 9 * DAY_US, 5.0)
    assert cluster.days() == here.days()
    assert [(e.id, e.raw, e.time_us, e.source) for e in all_of(cluster, Query(), limit=500)] == [
        (e.id, e.raw, e.time_us, e.source) for e in moved
    ]
    assert cluster.verify([], lambda _: None).faults == []
    assert sum(part.events for day in cluster.days() for part in cluster.parts(day.day)) == 100


def test_a_record_that_somebody_changed_in_the_cluster_is_found(
    both: tuple[ElasticStore, EmbeddedStore], elastic: Server
) -> None:
    cluster, _ = both
    cluster.put(Batch([numbered(n) for n in range(10)], received_us=NOON_US), {})
    cluster.maintain(NOON_US + DAY_US, 5.0)
    index, id = "shouwang-events-2026.11.24", id_of(3).hex()
    source = elastic.ask(f"/{index}/_doc/{id}")["_source"]
    assert isinstance(source, dict)
    elastic.ask(f"/{index}/_doc/{id}?refresh=true", {**source, "event.original": '{"message": "event 99"}'})
    (fault,) = cluster.verify([], lambda _: None).faults
    assert (fault.part, fault.day) == (index, date(2026, 11, 24))


# ------------------------------------------------------------------------------------------ the shared cases


@pytest.fixture
def stores(tmp_path: Path, elastic: Server) -> Iterator[list[EventStore]]:
    with (
        store_at(tmp_path, elastic.url, by=by_parsers) as cluster,
        EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=by_parsers) as here,
    ):
        yield [cluster, here]


def brought_in(store: EventStore, path: Path, rules: RuleSet | None = None) -> None:
    importer = Importer(store, Engine(rules or RuleSet(), ()), ManualClock(NOON_US + DAY_US), ZONE, AssetRegister())
    with path.open("rb") as file:
        importer.run(file, path.name, "auto", NOON_US)


def found(store: EventStore, text: str) -> set[Value]:
    events = all_of(store, Query(parse(text, zone=ZONE), -(1 << 62), 1 << 62), limit=100)
    return {json.loads(event.raw)["n"] for event in events}


def test_names_and_values_that_conflict_are_all_found(stores: list[EventStore], shared: Path) -> None:
    """Case E01."""
    asked = {
        "n:*": set(range(1, 10)),
        "otel.signal:logs": {1},
        "otel.signal.output:failed": {1},
        "svc:portal": {2},
        "svc.name:portal": {3, 4},
        "svc.port:80": {3},
        "host.name:plain-text-host": {6},
        'message:"bad ip"': {7},
        '"not-an-ip"': {7},
        "_id:x": {8},
        "_source.a:1": {8},
    }
    for store in stores:
        brought_in(store, shared / "cases" / "files" / "E01.jsonl")
        assert sum(row.stored for row in store.days()) == 9
        assert not any(row.dropped for row in store.days())
        assert {text: found(store, text) for text in asked} == asked


def test_text_beyond_what_an_index_holds_is_stored_found_and_given_back(
    stores: list[EventStore], shared: Path, tmp_path: Path
) -> None:
    """Case E02."""
    texts = ["报" * 12000, "A" * 40000, "\U0001f512" * 8500, "A" * 32766, "x" * 8191]
    lines = [
        json.dumps(
            {
                "@timestamp": f"2026-11-24T00:15:3{n}Z",
                "n": n,
                "process": {"command_line": f"{text} endmark{n}"},
                "vendor_blob": text,
                "message": f"m{n} {text[:50]}",
            },
            ensure_ascii=False,
        )
        for n, text in enumerate(texts, 1)
    ]
    (tmp_path / "e02.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for store in stores:
        brought_in(store, tmp_path / "e02.jsonl")
        assert sum(row.stored for row in store.days()) == 5
        assert [event.raw.decode() for event in all_of(store, Query(), limit=10)] == lines
        for n in range(1, 6):
            assert found(store, f"n:{n}") == {n}
            assert found(store, f"process.command_line:*endmark{n}") == {n}
            assert found(store, f"message:m{n}") == {n}
        assert found(store, "vendor_blob:报*") == {1}


def test_times_that_no_index_has_lose_no_event_and_make_no_index(stores: list[EventStore], shared: Path) -> None:
    """Case E05."""
    for store in stores:
        brought_in(store, shared / "cases" / "files" / "E05.jsonl")
        assert found(store, "n:*") == set(range(1, 14))
        assert sum(row.stored for row in store.days()) == 13
        assert len({row.day for row in store.days()}) == 1
    cluster, here = stores
    times = [
        [(event.raw, event.time_us) for event in all_of(each, Query(from_us=-(1 << 62)), limit=50)]
        for each in (cluster, here)
    ]
    assert times[0] == times[1]
