"""Fault 29: who reads while hours are sealed, deleted and compacted sees each event once, every time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.query import Query
from tests.contract.eventstore import all_of
from tests.contract.records import NOON_US, numbered
from tests.unit.segments.making import HOUR_US, hot, named, open_at, tailed

EACH = 300
HOURS = 4


def test_readers_never_miss_a_row_or_see_one_twice_while_it_is_sealed_and_compacted(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        for hour in range(HOURS):
            at_us = NOON_US + (hour + 8) * HOUR_US
            events = [numbered(hour * EACH + n, received_us=at_us + n) for n in range(EACH)]
            store.put(Batch(events, received_us=at_us), {})
        store._rounds._sealer._delete_rows = 50
        looks: dict[str, Callable[[], int]] = {
            "pages": lambda: _once([event.id for event in all_of(store, Query(from_us=0), limit=500)]),
            "tail": lambda: _once([event.id for event in tailed(store)]),
            "count": lambda: store.count(Query(from_us=0), by=None, bucket_s=None, top=0)[0].count,
        }
        seen: dict[str, list[int]] = {name: [] for name in looks}
        faults: list[BaseException] = []
        done = threading.Event()

        def look(name: str) -> None:
            try:
                while not done.is_set() or len(seen[name]) < 3:
                    seen[name].append(looks[name]())
            except BaseException as error:  # noqa: BLE001  # shown below, by the test's thread
                faults.append(error)

        readers = [threading.Thread(target=look, args=(name,)) for name in looks]
        for reader in readers:
            reader.start()
        try:
            _work(store)
        finally:
            done.set()
            for reader in readers:
                reader.join()
        assert faults == []
        assert {name: set(numbers) for name, numbers in seen.items()} == {name: {EACH * HOURS} for name in looks}
        assert hot(store) == 0
        assert all("/day-" in path for path in named(store))


def _work(store: EmbeddedStore) -> None:
    """Hour after hour, as the day goes; then the next day comes, and the graves are swept."""
    for hour in (10, 11, 12, 36, 37):
        store.maintain(NOON_US + hour * HOUR_US, 60.0)


def _once(ids: list[bytes]) -> int:
    """How many there are, or as a negative number how many come twice."""
    return len(ids) if len(ids) == len(set(ids)) else len(set(ids)) - len(ids)
