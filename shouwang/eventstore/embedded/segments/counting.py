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
    unsure = _group(scope, _start(bucket) if bucket else "NULL")
    found.update(dict(cast("list[tuple[int | None, int]]", scope.run(_SURE))))
    for event in _unsure(reader, scope) if unsure else ():
        found[start_of(event, bucket) if bucket else None] += 1
    yield from ((json.dumps(key), number) for key, number in found.items())


_SURE: Final = "SELECT key, n FROM groups WHERE n > 0"


def _group(scope: Scope, key: str) -> bool:
    """Into the table ``groups``: how many events of each ``key`` are asked for, as far as SQL is sure. Whether others
    may be: both in one look at the rows."""
    must, may = scope.condition
    if must == "false" or not scope.segments:
        scope.run("CREATE OR REPLACE TEMP TABLE groups (key VARCHAR, n BIGINT)")
        return may != "false"
    sure = "count(*) AS n, 0 AS unsure"
    if not scope.condition.exact:
        sure = f"count(*) FILTER (WHERE {must}) AS n, count(*) FILTER (WHERE NOT {must}) AS unsure"
    scope.run(f"CREATE OR REPLACE TEMP TABLE groups AS SELECT {key} AS key, {sure} {scope.where(may)} GROUP BY 1")
    return bool(scope.run("SELECT 1 FROM groups WHERE unsure > 0 LIMIT 1"))


def _start(bucket: tuple[int, int]) -> str:
    width, offset = bucket
    time = "CAST(time_us AS HUGEINT)"
    return f"{time} - (({time} + {offset}) % {width} + {width}) % {width}"


def _by_field(reader: Reader, scope: Scope, by: str, tally: Tally, top: int) -> None:
    if by not in COLUMNS:
        for event in _asked(reader, scope, scope.condition.may):
            tally.add(value_of(event, by), 1)
        return
    column, as_value = COLUMNS[by]
    if _group(scope, column):
        for event in _unsure(reader, scope):
            tally.add(value_of(event, by), 1)
    if by in TEXTS or by in NAMES:
        _add_texts(scope, tally, top, as_cells=by in TEXTS)
        return
    for key, number in scope.run(_SURE):
        tally.add(as_value(key), cast(int, number))


def _add_texts(scope: Scope, tally: Tally, top: int, *, as_cells: bool) -> None:
    """Only the groups that can be among the greatest leave DuckDB: a text that nothing else adds to is whole there."""
    plain = f"{_SURE} AND key IS NOT NULL"
    if as_cells:
        for key, number in scope.run(f"{_SURE} AND {odd('key')}"):
            tally.add(found_of(cast(str, key)), cast(int, number))
        plain += f" AND NOT {odd('key')}"
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
    yield from _asked(reader, scope, f"{scope.condition.may} AND NOT {scope.condition.must}")


def _asked(reader: Reader, scope: Scope, condition: str) -> Iterator[Event]:
    if not scope.segments or condition == "false":
        return
    for row in scope.rows(f"SELECT {STORED_COLUMNS} {scope.where(condition)}"):
        event = reader.event(row)
        if matches(scope.query, event):
            yield event
