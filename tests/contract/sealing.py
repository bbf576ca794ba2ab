"""Embedded stores of which a part or all is sealed at once and whose days are compacted: they read as any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, cast

from shouwang import worker
from shouwang.eventstore.base import Batch, PutResult
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.segments import manifest, sealing
from shouwang.eventstore.embedded.segments.footer import State, plain_state
from shouwang.eventstore.embedded.segments.jobs import Jobs
from shouwang.eventstore.embedded.segments.product import product_of
from shouwang.model import Value

FAR_US: Final = 4_000_000_000_000_000
"""Every day of a test is over."""
Json = dict[str, Value]


class Here(Jobs):
    """In this very process: a test seals often."""

    def run(self, job: str, args: Mapping[str, Value], told: Callable[[Json], None] = lambda _progress: None) -> Json:
        return cast(Json, import_module(worker.JOBS[job]).work(dict(args), [], told))


def seal(store: EmbeddedStore, share: float = 1.0) -> None:
    """So much of what is hot, the oldest; the rows stay in the journal, as they do for a while."""
    with store._database.reading() as db:
        after, newest = manifest.sealed_to(db), manifest.last_seq(db)
    to = after + round((newest - after) * share)
    if to == after:
        return
    answer = sealing.work(
        {
            "events": str(store._database.path),
            "home": "",
            "zone": str(store._zone),
            "after_seq": after,
            "to_seq": to,
            "state": cast(Value, plain_state(State(to, 0, {}, []))),
            "earlier": [],
            "most_rows": 1 << 30,
            "most_bytes": 1 << 40,
        },
        [],
        lambda _progress: None,
    )
    products = [product_of(each) for each in cast("list[Value]", answer["files"])]
    store._rounds._sealer._commit(after, to, True, products)


def compact(store: EmbeddedStore) -> None:
    """All days that have several segments, or one that is not a day's."""
    store._rounds._compactor._jobs = Here()
    while store._rounds._compactor.compact(FAR_US):
        pass


class Sealed(EmbeddedStore):
    """All of it, after each batch."""

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        result = super().put(batch, cursors)
        seal(self)
        return result


class HalfSealed(EmbeddedStore):
    """The older half of what is hot, after each batch; after every third, the days so far are compacted."""

    _puts = 0

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        result = super().put(batch, cursors)
        self._puts += 1
        if self._puts % 3 == 0:
            seal(self)
            compact(self)
        else:
            seal(self, 0.5)
        return result
