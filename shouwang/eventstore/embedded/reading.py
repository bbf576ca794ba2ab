"""Reading the whole store: the journal by SQLite, sealed segments by the query process, put together.

One read transaction of the journal gives what is hot and which segments there are; it is over before the segments are
asked, so that a long search holds nothing up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar, cast

from shouwang.eventstore.base import Count, Page, Position, Rehydrate
from shouwang.eventstore.embedded import search
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.rows import Row, stored_of
from shouwang.eventstore.embedded.segments import asks, manifest
from shouwang.eventstore.embedded.segments.asks import Grouping, relevant
from shouwang.eventstore.embedded.segments.desk import Desk
from shouwang.eventstore.embedded.segments.trouble import Kind, Trouble
from shouwang.eventstore.tally import Tally
from shouwang.model import Event, Finding, Level, Value
from shouwang.query import Query

T = TypeVar("T")
_TRIES: Final = 3
"""A segment that is gone was taken in by compaction, and the manifest names another."""


class Reading:
    """Any thread may ask. Raises ``StoreError``, also where a segment that is needed cannot be read."""

    def __init__(self, database: Database, rehydrate: Rehydrate) -> None:
        self._database = database
        self._rehydrate = rehydrate
        self._desk = Desk(database.path.parent, rehydrate)
        self._wrong: dict[str, tuple[Trouble, object]] = {}
        """Segment -> what was wrong with it, and its file's state then."""

    def close(self) -> None:
        self._desk.close()

    def read(self, query: Query, *, newest_first: bool, after: Position | None, limit: int) -> Page[Event]:
        return self._trying(lambda: self._page(query, newest_first, after, limit))

    def _page(self, query: Query, newest_first: bool, after: Position | None, limit: int) -> Page[Event]:
        with self._database.reading() as db:
            begin = search.start(db, after, newest_first=newest_first)
            segments, _ = manifest.snapshot(db)
            found = search.read(db, self._rehydrate, query, begin, limit + 1)
        if len(found) > limit:
            query = _up_to(query, found[-1], newest_first)
        if segments := relevant(segments, query, begin.snapshot):
            rows = self._desk.ask(
                asks.Read(segments, query, newest_first, begin.after, begin.snapshot, limit + 1),
            )
            found += map(self._event, rows)
            found.sort(key=lambda event: (event.time_us, event.id), reverse=newest_first)
        if len(found) > limit:
            return Page(found[:limit], search.position(begin, found[limit - 1]))
        return Page(found, None)

    def tail(self, after: Position | None, limit: int) -> Page[Event]:
        return self._trying(lambda: self._arrivals(search.arrival(after), limit))

    def _arrivals(self, last: int, limit: int) -> Page[Event]:
        with self._database.reading() as db:
            segments, sealed_to = manifest.snapshot(db)
            hot = search.arrivals(db, last, limit)
        rows: list[Row] = []
        if last < sealed_to and (ahead := [each for each in segments if each.to_seq > last]):
            rows = self._desk.ask(asks.Arrivals(ahead, last, limit))
        rows = [*rows, *hot][:limit]
        return Page([self._event(row[:-1]) for row in rows], search.arrived(cast(int, rows[-1][-1]) if rows else last))

    def since(self, received_us: int) -> Position:
        return self._trying(lambda: self._since(received_us))

    def _since(self, received_us: int) -> Position:
        with self._database.reading() as db:
            segments, _ = manifest.snapshot(db)
            hot = search.since(db, "event", received_us)
        if candidates := [each for each in segments if each.max_received_us >= received_us]:
            for row in self._desk.ask(asks.FirstSince(candidates, received_us)):
                return search.arrived(cast(int, row[0]) - 1)
        return hot

    def count(self, query: Query, grouping: Grouping) -> list[Count]:
        return self._trying(lambda: self._count(query, grouping))

    def _count(self, query: Query, grouping: Grouping) -> list[Count]:
        with self._database.reading() as db:
            segments, sealed_to = manifest.snapshot(db)
            numbers = search.numbers(db, self._rehydrate, query, grouping)
        if segments := relevant(segments, query, sealed_to):
            rows = self._desk.ask(asks.Count(segments, query, grouping, numbers))
            numbers = [(json.loads(cast(str, key)), cast(int, number)) for key, number in rows]
        return _counts(numbers, grouping)

    def health(self) -> list[Finding]:
        """Segments that a search could not read, as long as they are as they were."""
        if not self._wrong:
            return []
        with self._database.reading() as db:
            named = {each.path for each in manifest.segments(db)}
        for path, (_, state) in list(self._wrong.items()):
            if path not in named or _state(self._place(path)) != state:
                self._wrong.pop(path, None)
        errors = [trouble.error for trouble, _ in self._wrong.values()]
        return [Finding(Level.BROKEN, error.message, error.hint) for error in errors]

    def _trying(self, act: Callable[[], T]) -> T:
        for left in range(_TRIES - 1, -1, -1):
            try:
                return act()
            except Trouble as trouble:
                if trouble.kind is Kind.GONE and left:
                    continue
                if trouble.path:
                    self._wrong[trouble.path] = (trouble, _state(self._place(trouble.path)))
                raise trouble.error from None
        raise AssertionError

    def _event(self, row: Row) -> Event:
        return self._rehydrate(stored_of(row))

    def _place(self, path: str) -> Path:
        return manifest.place(self._database.path, path)


def _up_to(query: Query, last: Event, newest_first: bool) -> Query:
    """What can come before the last one that the journal has for the page."""
    if query.ids:
        return query
    if newest_first:
        return Query(query.node, max(query.from_us, last.time_us), query.to_us)
    return Query(query.node, query.from_us, min(query.to_us, last.time_us + 1))


def _counts(numbers: Sequence[tuple[Value, int]], grouping: Grouping) -> list[Count]:
    if grouping.by is not None:
        tally = Tally()
        for key, number in numbers:
            tally.add(key, number)
        return tally.most(grouping.top)
    if grouping.bucket is not None:
        return [Count(key, number) for key, number in sorted(numbers, key=lambda each: cast(int, each[0]))]
    return [Count(None, sum(number for _, number in numbers))]


def _state(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
