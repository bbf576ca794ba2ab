"""Reading segments: rows in order of time, rows in order of arrival, which ids are there. SQL narrows, ``matches``
decides. Runs where DuckDB may: in the query process and in a hunt's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.embedded.rows import STORED_COLUMNS, Row, stored_of
from shouwang.eventstore.embedded.segments.asks import Arrivals, FirstSince, Place, Read, holds_any
from shouwang.eventstore.embedded.segments.conditions import Bound, Compiler, Condition
from shouwang.eventstore.embedded.segments.engine import Engine
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.windows import Block, Window, Windows
from shouwang.model import Event
from shouwang.query import Node, Query, matches

FIRST_ROWS: Final = 32_768
"""How many rows are looked through at first: a row group."""
_GROWTH: Final = 8
_FEW: Final = 2_000
_SMALL_FILE: Final = 40_000
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
Values = dict[str, Bound]


class Reader:
    """One thread's. ``home``: the folder of ``events.db``. Raises ``Trouble``."""

    def __init__(self, home: Path, rehydrate: Rehydrate) -> None:
        self.engine = Engine(home)
        self._rehydrate = rehydrate
        self._compilers: dict[Node, Compiler] = {}
        self._blocks: dict[str, Sequence[Block]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.engine.__exit__(kind, error, at)

    # --------------------------------------------------------------------------------------- by time

    def read(self, ask: Read) -> Iterator[Row]:
        scope = Scope(self, ask.segments, ask.query, ask.last)
        found = 0
        for row in scope.ordered(ask.newest_first, ask.after, ask.limit):
            if matches(ask.query, self.event(row)):
                yield row
                found += 1
                if found == ask.limit:
                    return

    def event(self, row: Row) -> Event:
        return self._rehydrate(stored_of(row))

    def compiler(self, node: Node) -> Compiler:
        """The one that was used before for the same: it remembers."""
        if node not in self._compilers and len(self._compilers) > 8:
            self._compilers.clear()
        return self._compilers.setdefault(node, Compiler())

    def blocks(self, segment: Segment) -> Sequence[Block]:
        if segment.rows <= _SMALL_FILE:
            return [Block(segment.rows, segment.min_time_us, segment.max_time_us)]
        found = self._blocks.get(segment.path)
        if found is None:
            if len(self._blocks) > 5_000:
                self._blocks.clear()
            found = self._blocks[segment.path] = [Block(*group) for group in self.engine.groups(segment)]
        return found

    def between(self, segments: Sequence[Segment], after: Place, to: Place, last: int) -> int:
        """How many with ``seq`` up to ``last`` are behind the one place and up to the other."""
        whole = [each for each in segments if after.time_us < each.min_time_us and each.max_time_us < to.time_us]
        inside = [each for each in whole if each.to_seq <= last]
        rest = [each for each in segments if each not in inside and each.min_time_us <= to.time_us]
        number = sum(each.rows for each in inside)
        if rest:
            ids = {"v_after": after.id, "v_to": to.id}
            sql = (
                f"SELECT count(*) FROM {self.engine.source(rest)} WHERE seq <= {last}"  # noqa: S608  # our own words and numbers; values are bound
                f" AND (time_us > {after.time_us} OR (time_us = {after.time_us} AND id > $v_after))"
                f" AND (time_us < {to.time_us} OR (time_us = {to.time_us} AND id <= $v_to))"
            )
            number += cast(int, self.engine.all(rest, sql, ids)[0][0])
        return number

    # ------------------------------------------------------------------------------------ by arrival

    def arrivals(self, ask: Arrivals) -> Iterator[Row]:
        last, left = ask.after, ask.limit
        while left > 0:
            ahead = [each for each in ask.segments if each.to_seq > last]
            if not ahead:
                return
            last = max(last, min(each.from_seq for each in ahead) - 1)
            to = last + left
            within = [each for each in ahead if each.from_seq <= to]
            sql = (
                f"SELECT {STORED_COLUMNS}, seq FROM {self.engine.source(within)}"  # noqa: S608  # our own words and columns
                f" WHERE seq > {last} AND seq <= {to} ORDER BY seq"
            )
            for row in self.engine.rows(within, sql, {}):
                yield row
                left -= 1
            last = to

    def first_since(self, ask: FirstSince) -> Iterator[Row]:
        sql = f"SELECT min(seq) FROM {self.engine.source(ask.segments)} WHERE received_us >= {ask.received_us}"  # noqa: S608  # our own words and a number
        yield from (row for row in self.engine.all(ask.segments, sql) if row[0] is not None)


class Scope:
    """The rows of a query's time, or of its ids, in some segments."""

    def __init__(self, reader: Reader, segments: Sequence[Segment], query: Query, last: int | None = None) -> None:
        self._reader = reader
        self.query = query
        whole = Window(_SMALLEST, _LARGEST) if query.ids else Window(query.from_us, query.to_us)
        self.whole = Window(max(whole.from_us, _SMALLEST), min(whole.to_us, _LARGEST))
        self.segments = [each for each in segments if _within(each, self.whole, last)]
        self._seen = "" if last is None else f" AND seq <= {last}"
        self.values: Values = {}
        if query.ids:
            sql = _with_ids(query.ids, self.values)
            self.condition = Condition(sql, sql)
            self.segments = [each for each in self.segments if holds_any(each, query.ids)]
        else:
            self.condition, self.values = reader.compiler(query.node).condition(query.node, self._distinct)

    def where(self, condition: str, window: Window | None = None) -> str:
        """SQL from FROM on, of what fulfils it."""
        window = window or self.whole
        segments = self.within(window)
        return f"FROM {self._reader.engine.source(segments)} WHERE {_during(window)}{self._seen} AND {condition}"

    def within(self, window: Window) -> list[Segment]:
        return [each for each in self.segments if _within(each, window)]

    def rows(self, sql: str, window: Window | None = None, more: Values | None = None) -> Iterator[Row]:
        return self._reader.engine.rows(self.within(window or self.whole), sql, {**self.values, **(more or {})})

    def run(self, sql: str, more: Values | None = None) -> list[Row]:
        """A statement that reads no segments, or all."""
        return self._reader.engine.all(self.segments, sql, {**self.values, **(more or {})})

    def ordered(self, newest_first: bool, after: Place | None, limit: int) -> Iterator[Row]:
        """All that may be asked for, by (time, id), window by window: few rows lie in memory."""
        whole = _behind(self.whole, after, newest_first)
        if self.condition.may == "false" or not self.within(whole):
            return
        if self.query.ids:
            yield from self._window(whole, newest_first, after, limit)
            return
        windows = Windows(self.within(whole), self._reader.blocks, whole, newest_first=newest_first)
        rows = FIRST_ROWS
        while window := windows.next(rows):
            found = 0
            for row in self._window(window, newest_first, after, limit):
                yield row
                found += 1
            rows = rows * _GROWTH if found < _FEW else FIRST_ROWS

    def _window(self, window: Window, newest_first: bool, after: Place | None, limit: int) -> Iterator[Row]:
        """``limit`` is how many are wanted: more only come where they turn out not to be asked for."""
        sign, direction = ("<", "DESC") if newest_first else (">", "ASC")
        exact = self.condition.exact
        while self.within(window):
            values: Values = {} if after is None else {"v_id": after.id}
            sql = f"SELECT {STORED_COLUMNS} {self.where(self.condition.may, window)}"
            if after is not None:
                sql += f" AND (time_us {sign} {after.time_us} OR (time_us = {after.time_us} AND id {sign} $v_id))"
            sql += f" ORDER BY time_us {direction}, id {direction}" + (f" LIMIT {limit}" if exact else "")
            found = 0
            for row in self.rows(sql, window, values):
                yield row
                found, after = found + 1, Place(cast(int, row[1]), cast(bytes, row[0]))
            if not exact or found < limit:
                return

    def _distinct(self, column: str, condition: str) -> Iterator[str]:
        if self.segments:
            sql = f"SELECT DISTINCT {column} {self.where(f'{column} IS NOT NULL AND {condition}')}"
            for row in self._reader.engine.rows(self.segments, sql, {}):
                yield cast(str, row[0])


def _with_ids(ids: Sequence[bytes], values: Values) -> str:
    if len(ids) == 1:
        values["v0"] = ids[0]
        return "id = $v0"
    values["v0"] = list(ids)
    return "id IN (SELECT unnest($v0))"


def _behind(whole: Window, after: Place | None, newest_first: bool) -> Window:
    if after is None:
        return whole
    if newest_first:
        return Window(whole.from_us, min(whole.to_us, after.time_us + 1))
    return Window(max(whole.from_us, after.time_us), whole.to_us)


def _within(segment: Segment, window: Window, last: int | None = None) -> bool:
    seen = last is None or segment.from_seq <= last
    return seen and segment.min_time_us < window.to_us and segment.max_time_us >= window.from_us


def _during(window: Window) -> str:
    parts = []
    if window.from_us > _SMALLEST:
        parts.append(f"time_us >= {window.from_us}")
    if window.to_us < _LARGEST:
        parts.append(f"time_us < {window.to_us}")
    return " AND ".join(parts) or "true"
