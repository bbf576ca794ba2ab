"""Several files, each in the order of (time_us, id), as one stream in that order, with bounded memory. Workers only.

Of each file that has begun, a batch is held. All rows up to the least of the batches' last rows can go: no file has one
before it any more. A file begins when the stream comes to its first row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from shouwang.eventstore.embedded.segments.tables import ordered

Key = tuple[int, bytes]
LAST_ID: Final = b"\xff" * 16


class Input:
    """``min_time_us``: of its rows; ``batches`` is not begun before it is needed."""

    def __init__(self, min_time_us: int, batches: Iterator[pa.RecordBatch]) -> None:
        self.min_time_us = min_time_us
        self._batches = (pa.Table.from_batches([batch]) for batch in batches if batch.num_rows)
        self._next: pa.Table | None = None
        self.held: pa.Table | None = None
        self.ended = False

    def begin(self) -> None:
        self._next = next(self._batches, None)
        self._fill()

    def _fill(self) -> None:
        self.held, self._next = self._next, next(self._batches, None)
        self.ended = self._next is None

    @property
    def limit(self) -> Key | None:
        """Up to here all rows are in hand; ``None``: to the end."""
        if self.held is None or self.ended:
            return None
        return _key(self.held, self.held.num_rows - 1)

    def take(self, bound: Key | None) -> pa.Table | None:
        """The rows in hand up to the bound."""
        if self.held is None:
            return None
        number = self.held.num_rows if bound is None else _up_to(self.held, bound)
        taken = self.held.slice(0, number)
        if number < self.held.num_rows:
            self.held = self.held.slice(number)
        else:
            self._fill()
        return taken


def merged(inputs: Sequence[Input]) -> Iterator[pa.Table]:
    """Raises ``ValueError`` for an input that is not in order."""
    waiting = sorted(inputs, key=lambda each: each.min_time_us)
    active: list[Input] = []
    last: Key = (-(2**63), b"")
    while waiting or active:
        bound = _bound(active, waiting)
        tables = [table for each in active if (table := each.take(bound)) is not None and table.num_rows]
        active = [each for each in active if each.held is not None]
        if not tables:
            continue
        found = ordered(tables)
        if _key(found, 0) <= last or _has_twice(found):
            raise ValueError("rows are not in the order of (time_us, id), or twice there")
        last = _key(found, found.num_rows - 1)
        yield found


def _bound(active: list[Input], waiting: list[Input]) -> Key | None:
    """Begins what must be begun, and gives up to where rows can go; ``None``: all that is in hand."""
    while True:
        bound = min((limit for each in active if (limit := each.limit) is not None), default=None)
        if not waiting:
            return bound
        first_us = waiting[0].min_time_us
        if active and bound is None and all(_key(each.held, 0)[0] < first_us for each in active):
            return (first_us - 1, LAST_ID)
        if bound is not None and bound[0] < first_us:
            return bound
        begun = waiting.pop(0)
        begun.begin()
        if begun.held is not None:
            active.append(begun)


def grouped(tables: Iterator[pa.Table], rows: int, most_bytes: int) -> Iterator[pa.Table]:
    """The same rows, ``rows`` at a time; the last may have fewer, and where they are large, others too."""
    held: list[pa.Table] = []
    number = 0
    for table in tables:
        held.append(table)
        number += table.num_rows
        while number >= rows:
            whole = pa.concat_tables(held)
            yield whole.slice(0, rows).combine_chunks()
            held = [whole.slice(rows)]
            number -= rows
        if sum(each.nbytes for each in held) >= most_bytes:
            yield pa.concat_tables(held).combine_chunks()
            held, number = [], 0
    if number:
        yield pa.concat_tables(held).combine_chunks()


def _key(table: pa.Table, at: int) -> Key:
    return table["time_us"][at].as_py(), table["id"][at].as_py()


def _has_twice(table: pa.Table) -> bool:
    """Whether a row stands beside its like; the table is in order."""
    ahead, behind = table.slice(1), table.slice(0, table.num_rows - 1)
    alike = pc.and_(pc.equal(ahead["time_us"], behind["time_us"]), pc.equal(ahead["id"], behind["id"]))
    return bool(pc.any(alike).as_py())


def _up_to(table: pa.Table, bound: Key) -> int:
    """How many rows from the first are not after the bound."""
    at, id = bound
    before = pc.less(table["time_us"], at)
    same = pc.and_(pc.equal(table["time_us"], at), pc.less_equal(table["id"], pa.scalar(id, table["id"].type)))
    number: int = pc.sum(pc.or_(before, same)).as_py() or 0
    return number
