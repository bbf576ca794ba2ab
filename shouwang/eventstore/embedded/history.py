"""Reading a stretch of the store from beside the process that writes it: what a hunt does, for hours.

Read-only. Each part is a short read of its own, so the write-ahead log is never held up; together the parts see what
was there at the first one, less what retention has removed since. Sealed segments are read in this very process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeVar, cast

import apsw

from shouwang.errors import StoreError
from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.embedded.database import telling
from shouwang.eventstore.embedded.narrowing import COLUMNS, Narrowing, narrow
from shouwang.eventstore.embedded.rows import STORED_COLUMNS, Row, stored_of
from shouwang.eventstore.embedded.schema import SCHEMA, schema_of
from shouwang.eventstore.embedded.segments import manifest
from shouwang.eventstore.embedded.segments.asks import Place, relevant
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.reader import Reader, Scope
from shouwang.eventstore.embedded.segments.trouble import Kind, Trouble
from shouwang.eventstore.embedded.segments.windows import Window, Windows
from shouwang.model import Event
from shouwang.query import Node, Query
from shouwang.words import Words

T = TypeVar("T")

STORED_FIELDS: Final = frozenset(COLUMNS)
"""What can be asked for without reading the record."""
PASSED_AT_ONCE: Final = 20_000
READ_AT_ONCE: Final = 1_000
BYTES_AT_ONCE: Final = 8 << 20
_HELD_BYTES: Final = 64 << 20
"""Of records read ahead."""
_MOST_PASSED: Final = 640_000
_TRIES: Final = 3
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Stretch(NamedTuple):
    """Events with ``from_us <= time_us < to_us``, as far as they had arrived."""

    from_us: int
    to_us: int
    last: int
    """The number of the newest event then."""


class Part(NamedTuple):
    events: Sequence[Event]
    """At most ``READ_AT_ONCE``."""
    passed: int
    """Events of the stretch that are done with it, read or not."""
    place: Place
    end: bool
    more: bool = False
    """The next part was looked up along with this one: it is there for the same question only."""


class _Ahead(NamedTuple):
    """What was read and is not given yet."""

    stretch: Stretch
    wanted: Node
    at: Place
    """What stands up to here has been given."""
    rows: Sequence[Row]
    """In order."""
    to: Place
    """They are all that may be wanted up to here."""
    end: bool


class History:
    """One thread's. Raises ``StoreError``; ``StoreAway`` while the file cannot be read."""

    def __init__(self, path: Path, rehydrate: Rehydrate) -> None:
        self._path = path
        self._rehydrate = rehydrate
        self._narrowed: tuple[Node, Narrowing] | None = None
        self._ahead: _Ahead | None = None
        self._reader: Reader | None = None
        self._pass = PASSED_AT_ONCE
        with telling(path):
            self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            self._db.set_busy_timeout(5000)
            if schema_of(self._db) != SCHEMA:
                raise StoreError(
                    Words(f"{path} 的结构版本不符。", f"{path} has another schema."),
                    hint=Words("请先用本版本打开一次数据目录。", "Open the home with this version first."),
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._reader is not None:
            self._reader.__exit__(kind, error, at)
        self._db.close(True)

    def stretch(self, from_us: int, to_us: int) -> Stretch:
        """As of now."""
        with self._reading():
            newest = manifest.last_seq(self._db)
        return Stretch(max(from_us, _SMALLEST), min(to_us, _LARGEST), newest)

    def size(self, stretch: Stretch) -> int:
        """How many events it has."""
        return self._trying(lambda: self._count(stretch, Place(stretch.from_us, b""), Place(stretch.to_us, b"")))

    def part(self, stretch: Stretch, wanted: Node, after: Place | None) -> Part:
        """What follows ``after``: the events that may be ``wanted``, and others beside."""
        start = after or Place(stretch.from_us, b"")
        ahead = self._ahead
        if ahead is None or (ahead.stretch, ahead.wanted, ahead.at) != (stretch, wanted, start):
            ahead = self._trying(lambda: self._look(stretch, wanted, start))
        rows = _slice(ahead.rows)
        rest = ahead.rows[len(rows) :]
        full = len(rows) == READ_AT_ONCE or bool(rest)
        place, end = (_place(rows[-1]), False) if full else (ahead.to, ahead.end)
        self._ahead = ahead._replace(at=place, rows=rest) if full else None
        passed = self._trying(lambda: self._count(stretch, start, place))
        return Part([self._rehydrate(stored_of(row)) for row in rows], passed, place, end, full)

    # ------------------------------------------------------------------------------------ looking ahead

    def _look(self, stretch: Stretch, wanted: Node, start: Place) -> _Ahead:
        """The next events, as many as one look may pass or memory hold."""
        with self._reading():
            segments, sealed_to = self._segments(stretch, start)
            stop = self._stop(stretch, start, sealed_to) or Place(stretch.to_us, b"")
            whole = Window(start.time_us, stretch.to_us)
            if window := segments and Windows(segments, self._sealed.blocks, whole, newest_first=False).next(
                self._pass
            ):
                stop = min(stop, Place(window.to_us, b""))
            rows, stop = self._hot(stretch, wanted, start, stop, sealed_to)
        if segments:
            sealed, stop = self._cold(segments, stretch, wanted, start, stop)
            self._pass = self._pass * 4 if len(sealed) < READ_AT_ONCE and self._pass < _MOST_PASSED else PASSED_AT_ONCE
            rows = sorted([*(row for row in rows if _place(row) <= stop), *sealed], key=_place)
        return _Ahead(stretch, wanted, start, rows, stop, stop.time_us >= stretch.to_us)

    def _segments(self, stretch: Stretch, start: Place) -> tuple[list[Segment], int]:
        segments, sealed_to = manifest.snapshot(self._db)
        return relevant(segments, Query(from_us=start.time_us, to_us=stretch.to_us), stretch.last), sealed_to

    def _stop(self, stretch: Stretch, start: Place, sealed_to: int) -> Place | None:
        """The last of the next ``PASSED_AT_ONCE`` events of the journal; ``None`` when there are fewer."""
        row = self._db.execute(
            "SELECT time_us, id FROM event INDEXED BY event_time WHERE (time_us, id) > (?, ?) AND time_us < ?"
            " AND seq > ? AND seq <= ? ORDER BY time_us, id LIMIT 1 OFFSET ?",
            (*start, stretch.to_us, sealed_to, stretch.last, PASSED_AT_ONCE - 1),
        ).fetchone()
        return None if row is None else Place(*cast("tuple[int, bytes]", row))

    def _hot(
        self, stretch: Stretch, wanted: Node, start: Place, stop: Place, sealed_to: int
    ) -> tuple[list[Row], Place]:
        """And how far they go."""
        narrowing = self._narrowing(wanted)
        sql = (
            f"SELECT {STORED_COLUMNS} FROM event INDEXED BY event_time WHERE (time_us, id) > (:at_us, :at_id)"  # noqa: S608  # our own words and columns; values are bound
            " AND (time_us, id) <= (:stop_us, :stop_id) AND time_us < :to_us AND seq > :sealed_to AND seq <= :last"
            f" AND {narrowing.sql} ORDER BY time_us, id"
        )
        bounds = {"at_us": start.time_us, "at_id": start.id, "stop_us": stop.time_us, "stop_id": stop.id}
        seen = {"to_us": stretch.to_us, "sealed_to": sealed_to, "last": stretch.last}
        cursor = self._db.execute(sql, {**narrowing.values, **bounds, **seen})
        rows, cut = _held(cursor, stop)
        cursor.close(True)
        return rows, _place(rows[-1]) if cut else stop

    def _cold(
        self, segments: Sequence[Segment], stretch: Stretch, wanted: Node, start: Place, stop: Place
    ) -> tuple[list[Row], Place]:
        """And how far they go."""
        query = Query(wanted, start.time_us, min(stop.time_us + 1, stretch.to_us))
        scope = Scope(self._sealed, segments, query, stretch.last)
        rows, cut = _held(scope.ordered(newest_first=False, after=start, limit=1 << 62), stop)
        return rows, _place(rows[-1]) if cut else stop

    def _narrowing(self, wanted: Node) -> Narrowing:
        """The one before, when it is the same: it remembers what it answered."""
        if self._narrowed is None or self._narrowed[0] != wanted:
            self._narrowed = (wanted, narrow(wanted))
            self._narrowed[1].prepare(self._db)
        return self._narrowed[1]

    # --------------------------------------------------------------------------------------- how many

    def _count(self, stretch: Stretch, after: Place, to: Place) -> int:
        """Behind the one, up to the other."""
        with self._reading():
            segments, sealed_to = self._segments(stretch, after)
            hot = self._db.execute(
                "SELECT count(*) FROM event INDEXED BY event_time WHERE (time_us, id) > (?, ?)"
                " AND (time_us, id) <= (?, ?) AND time_us < ? AND seq > ? AND seq <= ?",
                (*after, *to, stretch.to_us, sealed_to, stretch.last),
            ).get
        return cast(int, hot) + (self._sealed.between(segments, after, to, stretch.last) if segments else 0)

    # ------------------------------------------------------------------------------------------ by whom

    @property
    def _sealed(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._path.parent, self._rehydrate)
        return self._reader

    def _trying(self, act: Callable[[], T]) -> T:
        """A segment that is gone was taken in by compaction: then the manifest names another."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                return act()
            except Trouble as trouble:
                if trouble.kind is not Kind.GONE or not left:
                    raise trouble.error from None
        raise AssertionError

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with telling(self._path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")


def _place(row: Row) -> Place:
    return Place(cast(int, row[1]), cast(bytes, row[0]))


def _slice(rows: Sequence[Row]) -> Sequence[Row]:
    """The first of them, as a part may have."""
    size = 0
    for number, row in enumerate(rows[:READ_AT_ONCE], 1):
        size += len(cast(bytes, row[5]))
        if size >= BYTES_AT_ONCE:
            return rows[:number]
    return rows[:READ_AT_ONCE]


def _held(rows: Iterable[Row], stop: Place) -> tuple[list[Row], bool]:
    """Those up to ``stop``, and whether there may be more that did not fit."""
    found: list[Row] = []
    size = 0
    for row in rows:
        if _place(row) > stop:
            break
        found.append(row)
        size += len(cast(bytes, row[5]))
        if size >= _HELD_BYTES:
            return found, True
    return found, False
