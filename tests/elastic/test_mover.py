"""Events move between the two stores, whole and once, on a real server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from shouwang.eventstore.base import Batch, Position
from shouwang.eventstore.elastic.documents import refusal
from shouwang.eventstore.elastic.store import ElasticStore
from shouwang.eventstore.embedded.rows import refusal as refusal_here
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.eventstore.mover import Movable, Mover
from shouwang.model import Event, Value
from shouwang.query import Query
from tests.contract.eventstore import ZONE, all_of
from tests.contract.moving import DAYS, NOW_US, fill
from tests.contract.records import NOON_US, event_of, id_of, numbered, rehydrate
from tests.elastic.node import Node
from tests.elastic.stores import store_at

MANY = 7_000


class Killed(Exception):
    pass


def embedded(folder: Path, name: str = "here") -> EmbeddedStore:
    (folder / name).mkdir(exist_ok=True)
    return EmbeddedStore(folder / name / "events.db", zone=ZONE, rehydrate=rehydrate)


def elsewhere(folder: Path, elastic: Node) -> ElasticStore:
    return store_at(folder, elastic.url)


def mover(source: Movable, target: Movable, folder: Path, after: int = 1 << 60) -> Mover:
    """Killed when it has put ``after`` events."""
    put = 0

    def told(said: Mapping[str, Value]) -> None:
        nonlocal put
        number = said.get("events", 0)
        put += number if isinstance(number, int) else 0
        if put > after:
            raise Killed

    refuses = refusal if isinstance(target, ElasticStore) else refusal_here
    return Mover(source, target, rehydrate, refuses, ZONE, folder, told)


def move(moving: Mover) -> list[str]:
    """All days and all matches; what differs."""
    found = []
    for day in DAYS:
        found += moving.copy(day)
        found += moving.check(day)[1]
    after: Position | None = None
    more = True
    while more:
        after, more = moving.matches(after, ())
    return [f"{each.day} {each.source}: {each.what.en}" for each in found]


def everything(store: Movable) -> list[tuple[bytes, int, int, str, bytes, str]]:
    found: list[Event] = all_of(store, Query(), limit=1000)
    return [(e.id, e.time_us, e.received_us, e.source, e.raw, e.asset_id) for e in found]


def matched(store: Movable) -> set[tuple[bytes, str]]:
    found, after = set[tuple[bytes, str]](), None
    while items := (page := store.tail("matches", after, 1000)).items:
        found |= {(each.event_id, each.rule_id) for each in items}
        after = page.next
    return found


def test_there_and_back_the_ledgers_searches_and_matches_are_the_same(elastic: Node, tmp_path: Path) -> None:
    with embedded(tmp_path) as source, elsewhere(tmp_path, elastic) as target, embedded(tmp_path, "new") as back:
        fill(source, MANY)
        source.seal(NOW_US)
        assert move(mover(source, target, tmp_path)) == []
        assert move(mover(target, back, tmp_path)) == []
        back.seal(NOW_US)
        for store in (target, back):
            assert store.running_days() == source.running_days()
            assert everything(store) == everything(source)
            assert matched(store) == matched(source)
        assert sum(row.received for row in back.running_days()) > MANY  # dead letters and drops too


def test_killed_three_times_in_the_middle_it_goes_on_and_nothing_is_twice(elastic: Node, tmp_path: Path) -> None:
    with embedded(tmp_path) as source:
        fill(source, MANY)
        for after in (100, 2100, 4500):
            with elsewhere(tmp_path, elastic) as target, pytest.raises(Killed):
                move(mover(source, target, tmp_path, after))
        with elsewhere(tmp_path, elastic) as target:
            assert move(mover(source, target, tmp_path)) == []
            assert target.running_days() == source.running_days()
            assert everything(target) == everything(source)


def test_what_arrives_meanwhile_also_for_a_day_that_was_moved_is_moved_too(elastic: Node, tmp_path: Path) -> None:
    with embedded(tmp_path) as source, elsewhere(tmp_path, elastic) as target:
        fill(source, 300)
        moving = mover(source, target, tmp_path)
        place = source.end("events")
        assert move(moving) == []
        late = [numbered(n) for n in range(9_000, 9_020)]
        late.append(event_of("dead", b"bad-time", id=id_of(9_100), source="file:/x"))
        source.put(Batch(late, drops={("udp", "cut"): 4}, received_us=NOON_US), {})
        assert moving.compare(DAYS[0]) != []
        while (step := moving.tail(place))[1]:
            place = step[0]
        assert [moving.check(day)[1] for day in DAYS] == [[], [], []]
        assert everything(target) == everything(source)


def test_an_event_that_was_changed_in_the_target_is_found_and_its_day_moved_again(
    elastic: Node, tmp_path: Path
) -> None:
    with embedded(tmp_path) as source, elsewhere(tmp_path, elastic) as target:
        fill(source, 300)
        moving = mover(source, target, tmp_path)
        assert move(moving) == []
        found = {e.raw: e for e in all_of(source, Query(), limit=1000)}
        texts = {json_number(raw): e for raw, e in found.items()}
        index = "shouwang-events-2026.11.24"
        first, second = texts[3], texts[7]
        held = elastic.ask(f"/{index}/_doc/{first.id.hex()}")["_source"]
        assert isinstance(held, dict)
        changed = {**held, "event.original": "nothing happened"}
        elastic.ask(f"/{index}/_doc/{first.id.hex()}?refresh=true", changed)
        elastic.ask(f"/{index}/_doc/{second.id.hex()}?refresh=true", method="DELETE")
        _, wrong = moving.check(DAYS[0])
        assert [(each.day, "digest" in each.what.en) for each in wrong] == [(DAYS[0], True)]
        assert moving.begin_again(DAYS[0], NOW_US)
        assert move(moving) == []
        assert everything(target) == everything(source)
        assert matched(target) == matched(source)


def json_number(raw: bytes) -> int:
    """Of an event that tells its number."""
    _, _, rest = raw.partition(b'"event ')
    return int(rest.partition(b'"')[0] or -1)


def test_a_record_that_the_cluster_never_takes_keeps_its_day_here_and_is_told(elastic: Node, tmp_path: Path) -> None:
    with embedded(tmp_path) as source, elsewhere(tmp_path, elastic) as target:
        source.put(Batch([event_of("line", b"x" * (9 << 20), id=id_of(1))]), {})
        moving = mover(source, target, tmp_path)
        assert ["too-long" in each.what.en for each in moving.copy(DAYS[0])] == [True]
        assert moving.check(DAYS[0])[1] != []
        assert target.running_days() == []
