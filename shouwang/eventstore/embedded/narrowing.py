"""A query -> SQL that keeps every event it asks for, and where it can, no other.

A leaf on a column is exact: the column holds the whole value, and the test is the one that ``query.matches`` uses,
called from SQL as ``leaf(number, cell)``. Equality and time bounds also have a form that SQLite knows itself.
A leaf on any other field narrows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final, cast

import apsw

from shouwang.comparison import Test, instant_of, number_of, record_contains, record_text
from shouwang.eventstore.embedded.rows import Cell, from_column
from shouwang.eventstore.embedded.schema import PROMOTED, column_of
from shouwang.model import Found
from shouwang.query import TIME_FIELDS, All, And, Contains, Eq, Leaf, Node, Not, Or, Range, test_of
from shouwang.timespan import rfc3339

_INT64 = 2**63
_CACHED: Final = 100_000

Read = Callable[[Cell], Found]

COLUMNS: Final[Mapping[str, tuple[str, Read]]] = {
    **{name: (column_of(name), from_column) for name in PROMOTED},
    "@timestamp": ("time_us", lambda cell: rfc3339(cast(int, cell), UTC)),
    "event.ingested": ("received_us", lambda cell: rfc3339(cast(int, cell), UTC)),
    "event.id": ("id", lambda cell: cast(bytes, cell).hex()),
    "event.dataset": ("dataset", lambda cell: cast(str, cell)),
    "event.original": ("raw", lambda cell: record_text(cast(bytes, cell))),
    "shouwang.source": ("source", lambda cell: cast(str, cell)),
}
"""Field -> its column, and how a cell reads as the value that ``query.value_of`` gives."""


@dataclass(frozen=True)
class Narrowing:
    sql: str
    """A condition on ``event``."""
    values: Mapping[str, Cell]
    leaves: Sequence[Callable[[Cell], bool]]
    exact: bool
    """Whether the condition is the query, not only implied by it."""

    def prepare(self, db: apsw.Connection) -> None:
        """Give the connection ``leaf()``; needed before the SQL runs there."""
        leaves = self.leaves

        def leaf(*given: Cell) -> bool:
            number, cell = given
            return leaves[cast(int, number)](cell)

        db.create_scalar_function("leaf", leaf, 2, deterministic=True)


def narrow(node: Node) -> Narrowing:
    compiler = _Compiler()
    sql, exact = compiler.condition(node)
    return Narrowing(sql or "1", compiler.values, compiler.leaves, exact)


class _Compiler:
    def __init__(self) -> None:
        self.values: dict[str, Cell] = {}
        self.leaves: list[Callable[[Cell], bool]] = []

    def condition(self, node: Node) -> tuple[str, bool]:
        """SQL that is 0 or 1, never NULL; empty when nothing can be said. And whether it is exact."""
        match node:
            case All():
                return "1", True
            case And(parts):
                found = [self.condition(part) for part in parts]
                known = [sql for sql, _ in found if sql]
                exact = all(exact for _, exact in found)
                return _balanced(" AND ", known) or ("1" if exact else ""), exact
            case Or(parts):
                found = [self.condition(part) for part in parts]
                if not all(sql for sql, _ in found):
                    return "", False
                return _balanced(" OR ", [sql for sql, _ in found]) or "0", all(exact for _, exact in found)
            case Not(part):
                sql, exact = self.condition(part)
                return (f"NOT ({sql})", True) if exact else ("", False)
            case leaf:
                sql = self._leaf(leaf)
                return sql, bool(sql)

    def _leaf(self, leaf: Leaf) -> str:
        if isinstance(leaf, Contains) and not leaf.field:
            return self._call("raw", cast("Callable[[Cell], bool]", record_contains(leaf.text)))
        known = COLUMNS.get(leaf.field)
        if known is None:
            return ""
        column, read = known
        if isinstance(leaf, Range) and leaf.field in TIME_FIELDS:
            sql = self._times(leaf, column)
            if sql:
                return sql
        test = test_of(leaf)
        called = self._call(column, _on_cells(test, read, cached=column != "raw"))
        if isinstance(leaf, Eq) and read is from_column and leaf.value.isascii() and "\0" not in leaf.value:
            return self._equal(column, leaf.value, called)
        return called

    def _call(self, column: str, test: Callable[[Cell], bool]) -> str:
        self.leaves.append(test)
        return f"leaf({len(self.leaves) - 1}, {column})"

    def _value(self, cell: Cell) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = cell
        return f":{name}"

    def _equal(self, column: str, value: str, called: str) -> str:
        """See ``rows.to_column`` for why this agrees with ``comparison.equals``."""
        wanted: list[Cell] = [value]
        number = number_of(value)
        if number is not None:
            if isinstance(number, int) and not -_INT64 <= number < _INT64:
                number = float(number) if float(number) == number else None
            wanted.append(number)
        within = ", ".join(self._value(cell) for cell in wanted if cell is not None)
        blobs = f"typeof({column}) = 'blob' AND {called}"
        return f"({column} IS NOT NULL AND ({column} COLLATE NOCASE IN ({within}) OR ({blobs})))"

    def _times(self, leaf: Range, column: str) -> str:
        parts = []
        signs = (">=" if leaf.include_low else ">", "<=" if leaf.include_high else "<")
        for bound, sign in zip((leaf.low, leaf.high), signs, strict=True):
            if bound is None:
                continue
            instant = instant_of(bound)
            if instant is None:
                return ""
            parts.append(f"{column} {sign} {instant}")
        return f"({' AND '.join(parts)})" if parts else "1"


def _on_cells(test: Test, read: Read, *, cached: bool) -> Callable[[Cell], bool]:
    """The test of a cell, asked once per text that a column repeats, and once of an empty cell."""
    if not cached:
        return lambda cell: test(read(cell))
    known: dict[Cell, bool] = {}

    def asked(cell: Cell) -> bool:
        if cell is not None and not isinstance(cell, str):
            return test(read(cell))
        found = known.get(cell)
        if found is None:
            if len(known) >= _CACHED:
                known.clear()
            found = known[cell] = test(read(cell))
        return found

    return asked


def _balanced(operator: str, parts: Sequence[str]) -> str:
    """SQLite limits how deep an expression is, not how wide it is when written as a tree."""
    if len(parts) <= 2:
        return f"({operator.join(parts)})" if len(parts) > 1 else "".join(parts)
    middle = len(parts) // 2
    return f"({_balanced(operator, parts[:middle])}{operator}{_balanced(operator, parts[middle:])})"
