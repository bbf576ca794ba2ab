"""Counting in segments: SQL groups what it is sure of, the rest is looked at row by row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Final, cast

from shouwang.eventstore.embedded.narrowing import COLUMNS
from shouwang.eventstore.embedded.rows import STORED_COLUMNS, Row
from shouwang.eventstore.embedded.segments.asks import Count, start_of
from shouwang.eventstore.embedded.segments.cells import found_of
from shouwang.eventstore.embedded.segments.conditions import NAMES, TEXTS, odd
from shouwang.eventstore.embedded.segments.reader import Reader, Scope
from shouwang.eventstore.tally import Tally
from shouwang.model import Event
from shouwang.query import matches, value_of

_FEW: Final = 5_000


def count(reader: Reader, ask: Count) -> Iterator[Row]:
    """Rows of (JSON of the key, number): with ``by`` the ``top`` greatest, else the total or the buckets."""
    by, bucket, top = ask.grouping
    scope = Scope(reader, ask.segments, ask.query)
    if by is not None:
        tally = Tally()
        for key, number in ask.numbers:
            tally.add(key, number)
        _by_field(reader, scope, by, tally, top)
        yield from ((json.dumps(each.key), each.count) for each in tally.most(top))
        return
    found = Counter(dict(cast("list[tuple[int | None, int]]", ask.numbers)))
    if scope.condition.must != "false" and scope.segments:
        start = _start(bucket) if bucket else "NULL"
        rows = scope.rows(f"SELECT {start}, count(*) {scope.where(scope.condition.must)} GROUP BY 1")
        found.update(dict(cast("Iterator[tuple[int | None, int]]", rows)))
    for event in _unsure(reader, scope):
        found[start_of(event, bucket) if bucket else None] += 1
    yield from ((json.dumps(key), number) for key, number in found.items())


def _start(bucket: tuple[int, int]) -> str:
    width, offset = bucket
    time = "CAST(time_us AS HUGEINT)"
    return f"{time} - (({time} + {offset}) % {width} + {width}) % {width}"


def _by_field(reader: Reader, scope: Scope, by: str, tally: Tally, top: int) -> None:
    condition = scope.condition
    if by not in COLUMNS:
        for event in _all(reader, scope):
            tally.add(value_of(event, by), 1)
        return
    for event in _unsure(reader, scope):
        tally.add(value_of(event, by), 1)
    if condition.must == "false" or not scope.segments:
        return
    column, as_value = COLUMNS[by]
    grouped = f"SELECT {column} AS key, count(*) AS n {scope.where(condition.must)} GROUP BY 1"
    if by in TEXTS or by in NAMES:
        _texts(scope, grouped, tally, top, as_cells=by in TEXTS)
        return
    for key, number in scope.rows(grouped):
        tally.add(as_value(key), cast(int, number))


def _texts(scope: Scope, grouped: str, tally: Tally, top: int, *, as_cells: bool) -> None:
    """Only the groups that can be among the greatest leave DuckDB: a text that nothing else adds to is whole there."""
    scope.run(f"CREATE OR REPLACE TEMP TABLE groups AS {grouped}")
    kept = "SELECT key, n FROM groups WHERE key IS NOT NULL"
    plain = kept
    if as_cells:
        plain = f"{kept} AND NOT {odd('key')}"
        for key, number in scope.run(f"{kept} AND {odd('key')}"):
            tally.add(found_of(cast(str, key)), cast(int, number))
    others = tally.texts()
    if not top or len(others) > _FEW:
        found = scope.run(plain)
    else:
        found = scope.run(f"{plain} ORDER BY n DESC, key LIMIT {top + len(others)}")
        if others:
            found += scope.run(f"{plain} AND key IN (SELECT unnest($v_keys))", {"v_keys": others})
    for key, number in dict(cast("list[tuple[str, int]]", found)).items():
        tally.add(key, number)


def _unsure(reader: Reader, scope: Scope) -> Iterator[Event]:
    """What is asked for and SQL was not sure of."""
    if not scope.condition.exact:
        yield from _asked(reader, scope, f"{scope.condition.may} AND NOT {scope.condition.must}")


def _all(reader: Reader, scope: Scope) -> Iterator[Event]:
    yield from _asked(reader, scope, scope.condition.may)


def _asked(reader: Reader, scope: Scope, condition: str) -> Iterator[Event]:
    if not scope.segments or condition == "false":
        return
    for row in scope.rows(f"SELECT {STORED_COLUMNS} {scope.where(condition)}"):  # our own words and columns
        event = reader.event(row)
        if matches(scope.query, event):
            yield event
