"""What a rule means, in plain Python, to the letter of Sigma 2.1 and ADR 0002. Pure.

The oracle: a faster engine is right when it agrees with this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import assert_never

from detection.regexes import searcher
from detection.sigma.predicates import (
    Compare,
    Comparison,
    Equals,
    Exists,
    InNetwork,
    Null,
    Number,
    Part,
    Pattern,
    Predicate,
    Reference,
    Regex,
    SameAs,
    TimePart,
    Truth,
)
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from detection.view import Cell, View
from detection.wildcards import matcher
from shouwang.model import Event

Test = Callable[[Cell], bool]
Program = Callable[[View], bool]

_NUMERAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2}))?")
_EPOCH_UNITS = ((10**11, 1), (10**14, 10**3), (10**17, 10**6), (10**20, 10**9))
"""Below the first number it is counted in seconds, then in ms, us, ns."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def holds(node: Node, event: Event) -> bool:
    """Whether the rule fires on the event."""
    return program(node)(View(event))


def program(node: Node) -> Program:
    """The tree as a function, for many events."""
    match node:
        case Atom(field, predicate):
            return _atom(field, predicate)
        case Keyword(predicate):
            return _keyword(predicate)
        case Not(part):
            inner = program(part)
            return lambda view: not inner(view)
        case And(parts):
            return _all(tuple(program(part) for part in parts))
        case Or(parts):
            return _any(tuple(program(part) for part in parts))
        case _:
            assert_never(node)


def _all(parts: tuple[Program, ...]) -> Program:
    def run(view: View) -> bool:
        for part in parts:  # noqa: SIM110  # a generator costs more than the test
            if not part(view):
                return False
        return True

    return run


def _any(parts: tuple[Program, ...]) -> Program:
    def run(view: View) -> bool:
        for part in parts:  # noqa: SIM110  # see _all
            if part(view):
                return True
        return False

    return run


def _keyword(predicate: Predicate) -> Program:
    test = test_of(predicate)
    return lambda view: any(map(test, view.texts()))


def _atom(field: str, predicate: Predicate) -> Program:
    if isinstance(predicate, Exists):
        present = predicate.present
        return lambda view: (view.cells(field) is not None) is present
    if isinstance(predicate, Null):
        return lambda view: holds_nothing(view.cells(field))
    if isinstance(predicate, SameAs):
        other, compare = predicate.field, _comparison_of(predicate.how, cased=predicate.cased)
        return lambda view: any(compare(a, b) for a in view.cells(field) or () for b in view.cells(other) or ())
    test = test_of(predicate)

    def run(view: View) -> bool:
        cells = view.cells(field)
        if not cells:
            return False
        if len(cells) == 1:
            return test(cells[0])
        return any(map(test, cells))

    return run


def holds_nothing(cells: tuple[Cell, ...] | None) -> bool:
    return not cells or any(cell.raw is None for cell in cells)


def test_of(predicate: Predicate) -> Test:
    """What the predicate says of one value; an element of a list is one value."""
    match predicate:
        case Pattern():
            return matcher(predicate)
        case Equals(number):
            return lambda cell: number_of(cell) == number
        case Truth(truth):
            word = "true" if truth else "false"
            return lambda cell: cell.folded == word
        case Regex():
            search = searcher(predicate)
            return lambda cell: cell.text is not None and search(cell.text)
        case InNetwork(network):
            return lambda cell: any(address in network for address in addresses_of(cell.text))
        case Compare(op, bound):
            return _compare(op, bound)
        case TimePart(part, op, bound):
            return _time_part(part, op, bound)
        case Null() | Exists() | SameAs():
            raise TypeError(f"{predicate} is about a field, not about a value")
        case _:
            assert_never(predicate)


# ------------------------------------------------------------------------------------------ numbers


def number_of(cell: Cell) -> Number | None:
    """A JSON number, or text that is nothing but a decimal numeral."""
    raw = cell.raw
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return raw
    if isinstance(raw, str) and _NUMERAL.fullmatch(raw):
        return float(raw) if "." in raw else int(raw)
    return None


def _ordered(op: Comparison, found: Number, bound: Number) -> bool:
    match op:
        case "lt":
            return found < bound
        case "lte":
            return found <= bound
        case "gt":
            return found > bound
        case "gte":
            return found >= bound
        case "eq":
            return found == bound
        case _:
            assert_never(op)


def _compare(op: Comparison, bound: Number) -> Test:
    def run(cell: Cell) -> bool:
        found = number_of(cell)
        return found is not None and _ordered(op, found, bound)

    return run


# -------------------------------------------------------------------------------------------- times


def time_of(cell: Cell) -> datetime | None:
    """The wall clock that the value writes, whatever zone it names; a count since 1970 is read as UTC."""
    if isinstance(cell.raw, str) and (found := _TIME.match(cell.raw)):
        try:
            return datetime(*(int(part or 0) for part in found.groups()))  # type: ignore[arg-type]  # noqa: DTZ001
        except ValueError:
            return None
    number = number_of(cell)
    if number is None or abs(number) >= _EPOCH_UNITS[-1][0]:
        return None
    unit = next(unit for below, unit in _EPOCH_UNITS if abs(number) < below)
    return _EPOCH + timedelta(seconds=number / unit)


def _part_of(moment: datetime, part: Part) -> int:
    match part:
        case "minute":
            return moment.minute
        case "hour":
            return moment.hour
        case "day":
            return moment.day
        case "week":
            return moment.isocalendar().week
        case "month":
            return moment.month
        case "year":
            return moment.year
        case _:
            assert_never(part)


def _time_part(part: Part, op: Comparison, bound: Number) -> Test:
    def run(cell: Cell) -> bool:
        moment = time_of(cell)
        return moment is not None and _ordered(op, _part_of(moment, part), bound)

    return run


# ------------------------------------------------------------------------- addresses and other fields


@lru_cache(maxsize=8192)
def addresses_of(text: str | None) -> tuple[IPv4Address | IPv6Address, ...]:
    """The address that the text is, without its zone; an IPv4-mapped IPv6 address is both."""
    if not text or len(text) > 128:
        return ()
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return ()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (address,) if mapped is None else (address, mapped)


def _comparison_of(how: Reference, *, cased: bool) -> Callable[[Cell, Cell], bool]:
    def run(a: Cell, b: Cell) -> bool:
        mine, theirs = (a.text, b.text) if cased else (a.folded, b.folded)
        return mine is not None and theirs is not None and _related(how, mine, theirs)

    return run


def _related(how: Reference, mine: str, theirs: str) -> bool:
    match how:
        case "equals":
            return mine == theirs
        case "startswith":
            return mine.startswith(theirs)
        case "endswith":
            return mine.endswith(theirs)
        case "contains":
            return theirs in mine
        case _:
            assert_never(how)
