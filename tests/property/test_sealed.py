"""However much of the store is sealed, it finds, counts and hunts exactly what ``matches`` says."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.history import History
from shouwang.eventstore.embedded.rows import Row
from shouwang.eventstore.embedded.segments.asks import Ask, Place
from shouwang.eventstore.embedded.segments.desk import Desk
from shouwang.eventstore.embedded.segments.reader import Reader
from shouwang.eventstore.embedded.segments.service import answer
from shouwang.model import Event
from shouwang.query import Query, matches, predicate
from tests.contract.eventstore import all_of
from tests.contract.records import NOON_US, rehydrate
from tests.contract.sealing import compact, seal
from tests.property.test_search import ZONE, by_time, events, fields, kind_of, queries, tally

shares = st.lists(st.sampled_from([0.3, 0.5, 1.0]), max_size=3)


class HereDesk(Desk):
    """The same reader, in this process: hypothesis asks often."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, rehydrate)
        self._near = Reader(home, rehydrate)

    def ask(self, ask: Ask) -> list[Row]:
        return list(answer(self._near, ask))


def filled(folder: str, made: Sequence[Event], sealed: Sequence[float], compacted: bool) -> EmbeddedStore:
    """Each share is of what is hot yet."""
    home = Path(folder)
    store = EmbeddedStore(home / "events.db", zone=ZONE, rehydrate=rehydrate)
    store._reading._desk = HereDesk(home)
    store.put(Batch(made, received_us=NOON_US), {})
    for share in sealed:
        seal(store, share)
    if compacted:
        compact(store)
    return store


@settings(max_examples=60, deadline=None)
@given(
    made=events(), asked=st.lists(queries, min_size=1, max_size=6), by=fields, limit=st.integers(1, 20),
    sealed=shares, compacted=st.booleans(), top=st.integers(1, 3),
)  # fmt: skip
def test_what_is_sealed_is_found_and_counted_as_matches_says(
    made: list[Event], asked: list[Query], by: str, limit: int, sealed: list[float], compacted: bool, top: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, filled(folder, made, sealed, compacted) as store:
        for query in asked:
            expected = [event for event in made if matches(query, event)]
            assert [e.id for e in all_of(store, query, limit=limit)] == by_time(expected)
            assert [e.id for e in all_of(store, query, newest_first=True, limit=limit)] == by_time(expected)[::-1]
            assert [c.count for c in store.count(query, by=None, bucket_s=None, top=0)] == [len(expected)]
            counted = store.count(query, by=by, bucket_s=None, top=0)
            assert {(kind_of(c.key), c.key): c.count for c in counted} == tally(expected, by)
            assert store.count(query, by=by, bucket_s=None, top=top) == counted[:top]
            buckets = store.count(query, by=None, bucket_s=3600, top=0)
            assert sum(c.count for c in buckets) == len(expected)
        assert [e.id for e in store.tail("events", None, 100).items] == [event.id for event in made]


@settings(max_examples=30, deadline=None)
@given(made=events(), query=queries, sealed=shares, compacted=st.booleans())
def test_a_hunt_is_given_all_that_may_match_once_and_passes_every_event(
    made: list[Event], query: Query, sealed: list[float], compacted: bool
) -> None:
    within = [event for event in made if query.from_us <= event.time_us < query.to_us]
    fits = predicate(query.node)
    with tempfile.TemporaryDirectory() as folder, filled(folder, made, sealed, compacted):
        with History(Path(folder) / "events.db", rehydrate) as history:
            stretch = history.stretch(query.from_us, query.to_us)
            assert history.size(stretch) == len(within)
            given_ids, passed = [], 0
            place: Place | None = None
            for _ in range(100):
                part = history.part(stretch, query.node, place)
                given_ids += [event.id for event in part.events]
                passed, place = passed + part.passed, part.place
                if part.end:
                    break
        assert passed == len(within)
        assert [id for id in given_ids if id in {e.id for e in within if fits(e)}] == by_time(
            [event for event in within if fits(event)]
        )
        assert set(given_ids) <= {event.id for event in within}
        assert len(given_ids) == len(set(given_ids))
