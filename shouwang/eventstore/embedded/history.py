"""Reading a stretch of the store from beside the process that writes it: what a hunt does, for hours.

Read-only. Each part is a short read of its own, so the write-ahead log is never held up; together the parts see what
was there at the first one, less what retention has removed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, cast

import apsw

from shouwang.errors import StoreError
from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.embedded.database import telling
from shouwang.eventstore.embedded.narrowing import COLUMNS, Narrowing, narrow
from shouwang.eventstore.embedded.rows import STORED_COLUMNS, Row, stored_of
from shouwang.eventstore.embedded.schema import SCHEMA, schema_of
from shouwang.model import Event
from shouwang.query import Node
from shouwang.words import Words

STORED_FIELDS: Final = frozenset(COLUMNS)
"""What can be asked for without reading the record."""
PASSED_AT_ONCE: Final = 20_000
READ_AT_ONCE: Final = 1_000
BYTES_AT_ONCE: Final = 8 << 20
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class Place(NamedTuple):
    """In the order of (time, id): what stands up to here and here is done."""

    time_us: int
    id: bytes


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


class History:
    """One thread's. Raises ``StoreError``; ``StoreAway`` while the file cannot be read."""

    def __init__(self, path: Path, rehydrate: Rehydrate) -> None:
        self._path = path
        self._rehydrate = rehydrate
        self._narrowed: tuple[Node, Narrowing] | None = None
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
        self._db.close(True)

    def stretch(self, from_us: int, to_us: int) -> Stretch:
        """As of now."""
        with self._reading():
            newest = cast(int, self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get or 0)
        return Stretch(max(from_us, _SMALLEST), min(to_us, _LARGEST), newest)

    def size(self, stretch: Stretch) -> int:
        """How many events it has; by the index alone."""
        with self._reading():
            return self._count(stretch, Place(stretch.from_us, b""), Place(stretch.to_us, b""))

    def part(self, stretch: Stretch, wanted: Node, after: Place | None) -> Part:
        """What follows ``after``: the events that may be ``wanted``, and others beside."""
        start = after or Place(stretch.from_us, b"")
        with self._reading():
            stop = self._stop(stretch, start)
            end = stop is None
            rows, cut = self._rows(stretch, wanted, start, stop or Place(stretch.to_us, b""))
            if cut:
                end, stop = False, Place(cast(int, rows[-1][1]), cast(bytes, rows[-1][0]))
            place = stop or Place(stretch.to_us, b"")
            passed = self._count(stretch, start, place, including=not end)
        return Part([self._rehydrate(stored_of(row)) for row in rows], passed, place, end)

    def _stop(self, stretch: Stretch, start: Place) -> Place | None:
        """The last of the next ``PASSED_AT_ONCE`` events; ``None`` when there are fewer."""
        row = self._db.execute(
            "SELECT time_us, id FROM event INDEXED BY event_time WHERE (time_us, id) > (?, ?) AND time_us < ?"
            " AND seq <= ? ORDER BY time_us, id LIMIT 1 OFFSET ?",
            (*start, stretch.to_us, stretch.last, PASSED_AT_ONCE - 1),
        ).fetchone()
        return None if row is None else Place(*cast("tuple[int, bytes]", row))

    def _rows(self, stretch: Stretch, wanted: Node, start: Place, stop: Place) -> tuple[list[Row], bool]:
        """And whether there are more before ``stop``."""
        narrowing = self._narrowing(wanted)
        sql = (
            f"SELECT {STORED_COLUMNS} FROM event INDEXED BY event_time WHERE (time_us, id) > (:at_us, :at_id)"  # noqa: S608  # our own words and columns; values are bound
            " AND (time_us, id) <= (:stop_us, :stop_id) AND time_us < :to_us AND seq <= :last"
            f" AND {narrowing.sql} ORDER BY time_us, id"
        )
        bounds = {"at_us": start.time_us, "at_id": start.id, "stop_us": stop.time_us, "stop_id": stop.id}
        values = {**narrowing.values, **bounds, "to_us": stretch.to_us, "last": stretch.last}
        found: list[Row] = []
        size = 0
        cursor = self._db.execute(sql, values)
        for row in cursor:
            found.append(row)
            size += len(cast(bytes, row[5]))
            if len(found) == READ_AT_ONCE or size >= BYTES_AT_ONCE:
                cursor.close(True)
                return found, True
        return found, False

    def _narrowing(self, wanted: Node) -> Narrowing:
        """The one before, when it is the same: it remembers what it answered."""
        if self._narrowed is None or self._narrowed[0] != wanted:
            self._narrowed = (wanted, narrow(wanted))
            self._narrowed[1].prepare(self._db)
        return self._narrowed[1]

    def _count(self, stretch: Stretch, after: Place, to: Place, *, including: bool = False) -> int:
        sign = "<=" if including else "<"
        found = self._db.execute(
            f"SELECT count(*) FROM event INDEXED BY event_time WHERE (time_us, id) > (?, ?)"  # noqa: S608  # our own words; values are bound
            f" AND (time_us, id) {sign} (?, ?) AND seq <= ?",
            (*after, *to, stretch.last),
        ).get
        return cast(int, found)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with telling(self._path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
