"""A query -> two conditions in DuckDB's SQL on the rows of segments: ``must`` holds for no event that is not asked for,
``may`` for every one that is. Where both are one text, SQL alone decides.

Text is compared by ``str.lower``, which DuckDB's ``lower`` equals on ASCII. What it may not equal is asked of the
column's distinct values, by the very test of ``query.matches``; so are numbers, lists and networks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from shouwang.comparison import Test, instant_of
from shouwang.eventstore.embedded.schema import PROMOTED, column_of
from shouwang.eventstore.embedded.segments.cells import found_of
from shouwang.eventstore.embedded.segments.records import holding, holding_text
from shouwang.eventstore.embedded.segments.textual import candidates, caseless, dotted_quads, plain
from shouwang.query import (
    TIME_FIELDS,
    All,
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Leaf,
    Node,
    Not,
    Or,
    Prefix,
    Range,
    test_of,
)

Bound: TypeAlias = int | str | bytes | list[str] | list[bytes]
Distinct: TypeAlias = Callable[[str, str], Iterator[str]]
"""(column, condition on it) -> its values, each once; asking anew ends the one before."""

TEXTS: Final = {name: column_of(name) for name in PROMOTED}
"""Field -> column of text as in ``cells``."""
NAMES: Final = {"event.dataset": "dataset", "shouwang.source": "source"}
"""Field -> column of text as it is."""
TIMES: Final = {"@timestamp": "time_us", "event.ingested": "received_us"}
_ENVELOPE: Final = TEXTS.keys() | NAMES.keys() | TIMES.keys() | {"event.id", "event.original"}
_SHORT_LIST: Final = 50
MOST_VALUES: Final = 100_000
"""Of a column, that are kept: all of it, or those that fit."""
_CACHED: Final = 100_000


class Condition(NamedTuple):
    must: str
    may: str

    @property
    def exact(self) -> bool:
        return self.must == self.may


YES, NO, UNKNOWN = Condition("true", "true"), Condition("false", "false"), Condition("false", "true")


def odd(column: str) -> str:
    """The value is no plain text. In this form DuckDB skips the row groups that have none."""
    return f"({column} >= chr(0) AND {column} < chr(1))"


class Compiler:
    """For one query, over any number of stretches: it remembers what values it has tested."""

    def __init__(self) -> None:
        self._tests: dict[Leaf, Callable[[str, bool], bool]] = {}

    def condition(self, node: Node, distinct: Distinct) -> tuple[Condition, dict[str, Bound]]:
        """With the values that it names; neither is ever NULL."""
        run = _Run(self._test, distinct)
        return run.condition(node), run.values

    def _test(self, leaf: Leaf) -> Callable[[str, bool], bool]:
        known = self._tests.get(leaf)
        if known is None:
            known = self._tests[leaf] = _remembering(test_of(leaf))
        return known


def _remembering(test: Test) -> Callable[[str, bool], bool]:
    found: dict[str, bool] = {}

    def asked(text: str, as_cell: bool) -> bool:
        answer = found.get(text)
        if answer is None:
            if len(found) >= _CACHED:
                found.clear()
            answer = found[text] = test(found_of(text) if as_cell else text)
        return answer

    return asked


class _Run:
    def __init__(self, test: Callable[[Leaf], Callable[[str, bool], bool]], distinct: Distinct) -> None:
        self.values: dict[str, Bound] = {}
        self._test = test
        self._distinct = distinct
        self._known: dict[tuple[str, str], Sequence[str] | None] = {}

    def condition(self, node: Node) -> Condition:
        match node:
            case All():
                return YES
            case And(parts):
                return _joined(" AND ", [self.condition(part) for part in parts])
            case Or(parts):
                return self._either(parts)
            case Not(part):
                must, may = self.condition(part)
                return Condition(_negated(may), _negated(must))
            case leaf:
                return self._leaf(leaf)

    def _either(self, parts: Sequence[Node]) -> Condition:
        """Equalities on one column are one list: a rule may name thousands."""
        lists: dict[str, list[Eq]] = {}
        found = []
        for part in parts:
            if isinstance(part, Eq) and part.field in TEXTS and plain(part.value):
                lists.setdefault(part.field, []).append(part)
            else:
                found.append(self.condition(part))
        found += [self._text(leaves, TEXTS[field]) for field, leaves in lists.items()]
        return _joined(" OR ", found)

    def _leaf(self, leaf: Leaf) -> Condition:
        if isinstance(leaf, Contains) and leaf.field in ("", "event.original"):
            return Condition(*(holding if leaf.field == "" else holding_text)(leaf.text, self._value))
        if leaf.field not in _ENVELOPE:
            return UNKNOWN
        if leaf.field in TEXTS:
            return self._text([leaf], TEXTS[leaf.field])
        if isinstance(leaf, Exists):
            return YES
        if leaf.field in NAMES:
            return self._tested([leaf], NAMES[leaf.field], as_cells=False)
        if leaf.field in TIMES:
            return self._time(leaf, TIMES[leaf.field])
        if leaf.field == "event.id" and isinstance(leaf, Eq):
            return self._id(leaf.value.lower())
        return UNKNOWN

    # -------------------------------------------------------------------------------- columns of text

    def _text(self, leaves: Sequence[Leaf], column: str) -> Condition:
        """Any of the leaves, which are about the same column."""
        if all(isinstance(leaf, Exists) for leaf in leaves):
            return _same(f"({column} IS NOT NULL)")
        native, others = self._native(leaves, column)
        if not native:
            return self._tested(leaves, column, as_cells=True)
        return _joined(" OR ", [_same(native), self._among(leaves, column, others, as_cells=True)])

    def _native(self, leaves: Sequence[Leaf], column: str) -> tuple[str, str]:
        """What they ask of plain text, where DuckDB can tell, and only of it; and what that does not speak of."""
        if all(isinstance(leaf, Eq) and plain(leaf.value) for leaf in leaves):
            wanted = {leaf.value for leaf in leaves if isinstance(leaf, Eq)}
            as_is = sorted(value for value in wanted if caseless(value))
            lowered = sorted({value.lower() for value in wanted if not caseless(value)})
            parts = [self._in(column, as_is), self._in(f"lower({column})", lowered)]
            return _balanced(" OR ", [part for part in parts if part != "false"]), odd(column)
        (leaf,) = leaves
        match leaf:
            case Prefix(_, value) if plain(value):
                does, wanted_text = "starts_with", value
            case Contains(_, text) if plain(text):
                does, wanted_text = "contains", text
            case Cidr(_, network) if quads := dotted_quads(network, column):
                return _sure(quads), f"({odd(column)} OR contains({column}, ':') OR contains({column}, '%'))"
            case _:
                return "", ""
        read = column if caseless(wanted_text) else f"lower({column})"
        return _sure(f"{does}({read}, {self._value(wanted_text.lower())}) AND NOT {odd(column)}"), odd(column)

    def _tested(self, leaves: Sequence[Leaf], column: str, *, as_cells: bool) -> Condition:
        """By the distinct values of the column, or of what may fit in it."""
        some = "true"
        if self._of(column, some) is None:
            fitting = _balanced(" OR ", [candidates(leaf, column) for leaf in leaves])
            some = f"({fitting} OR {odd(column)})" if fitting else some
        return self._among(leaves, column, some, as_cells=as_cells)

    def _among(self, leaves: Sequence[Leaf], column: str, some: str, *, as_cells: bool) -> Condition:
        """Those values among ``some`` that any of the leaves fits."""
        tests = [self._test(leaf) for leaf in leaves]
        values: Iterable[str] | None = self._of(column, some)
        if values is None:
            values = self._distinct(column, some)
        fitting = (value for value in values if any(test(value, as_cells) for test in tests))
        kept = list(islice(fitting, MOST_VALUES + 1))
        if len(kept) > MOST_VALUES:
            return Condition("false", _sure(f"{column} IS NOT NULL AND {some}"))
        return _same(self._in(column, kept))

    def _of(self, column: str, condition: str) -> Sequence[str] | None:
        """All of them, where they are not too many to keep."""
        key = (column, condition)
        if key not in self._known:
            found = list(islice(self._distinct(column, condition), MOST_VALUES + 1))
            self._known[key] = found if len(found) <= MOST_VALUES else None
        return self._known[key]

    # ------------------------------------------------------------------------------- the rest of them

    def _time(self, leaf: Leaf, column: str) -> Condition:
        match leaf:
            case Range(_, low, high, include_low, include_high):
                pass
            case Eq(field, value) if field in TIME_FIELDS:
                low, high, include_low, include_high = value, value, True, True
            case _:
                return UNKNOWN
        parts = []
        signs = (">=" if include_low else ">", "<=" if include_high else "<")
        for bound, sign in zip((low, high), signs, strict=True):
            instant = None if bound is None else instant_of(bound)
            if instant is not None:
                parts.append(f"{column} {sign} {instant}")
            elif bound is not None:
                return UNKNOWN
        return _same(f"({' AND '.join(parts)})") if parts else YES

    def _id(self, wanted: str) -> Condition:
        if not re.fullmatch(r"[0-9a-f]{32}", wanted):
            return NO
        return _same(f"(id = {self._value(bytes.fromhex(wanted))})")

    # ----------------------------------------------------------------------------------------- values

    def _value(self, value: Bound) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}"

    def _in(self, read: str, values: list[str]) -> str:
        if not values:
            return "false"
        if len(values) == 1:
            return _sure(f"{read} = {self._value(values[0])}")
        if len(values) <= _SHORT_LIST:
            return _sure(f"{read} IN ({', '.join(map(self._value, values))})")
        return _sure(f"{read} IN (SELECT unnest({self._value(values)}))")


def _same(sql: str) -> Condition:
    return Condition(sql, sql)


def _sure(sql: str) -> str:
    """Never NULL."""
    return f"coalesce({sql}, false)"


def _negated(sql: str) -> str:
    return {"true": "false", "false": "true"}.get(sql) or f"(NOT {sql})"


def _joined(operator: str, conditions: Sequence[Condition]) -> Condition:
    must, may = ([getattr(each, name) for each in conditions] for name in Condition._fields)
    return Condition(_all_of(operator, must), _all_of(operator, may))


def _all_of(operator: str, parts: Sequence[str]) -> str:
    neutral, ruling = ("true", "false") if operator == " AND " else ("false", "true")
    if ruling in parts:
        return ruling
    return _balanced(operator, [part for part in parts if part != neutral]) or neutral


def _balanced(operator: str, parts: Sequence[str]) -> str:
    """DuckDB limits how deep an expression is, not how wide it is when written as a tree. Empty if a part is."""
    if len(parts) <= 2:
        return "" if "" in parts else f"({operator.join(parts)})" if len(parts) > 1 else "".join(parts)
    middle = len(parts) // 2
    one, other = _balanced(operator, parts[:middle]), _balanced(operator, parts[middle:])
    return f"({one}{operator}{other})" if one and other else ""
