"""What may be asked of an event store: a frozen tree, Lucene text -> tree, and what it means for one event.

Pure. ``matches`` is the meaning; a store may narrow in its own way but must agree with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

from shouwang.comparison import (
    Test,
    begins,
    between,
    contains,
    equals,
    exists,
    like,
    record_contains,
    record_text,
    within,
)
from shouwang.model import Event, Found
from shouwang.timespan import rfc3339


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Eq:
    """The field, or an element of it, equals the value: text without case, numbers as numbers."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Begins with the value, without case."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    r"""``*`` any text, ``?`` one character, whole value, without case; ``\*``, ``\?``, ``\\`` are those characters."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address inside the network, in any spelling; an IPv4-mapped address is the IPv4 address."""

    field: str
    network: str


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds as text; ``None`` is open. Compared as numbers, else addresses, else times, else text without case."""

    field: str
    low: str | None
    high: str | None
    include_low: bool
    include_high: bool


@dataclass(frozen=True, slots=True)
class Exists:
    """Present, null included."""

    field: str


@dataclass(frozen=True, slots=True)
class Contains:
    """``field == ""``: anywhere in the record as received (``comparison.record_contains``); else inside the field.
    Without case."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class All:
    """Every event."""


Node: TypeAlias = And | Or | Not | Eq | Prefix | Wildcard | Cidr | Range | Exists | Contains | All


@dataclass(frozen=True, slots=True)
class Query:
    """``from_us <= time_us < to_us`` and the node; or, with ``ids``, exactly those events whatever their time."""

    node: Node = All()
    from_us: int = 0
    to_us: int = 1 << 62
    ids: tuple[bytes, ...] = ()


Leaf: TypeAlias = Eq | Prefix | Wildcard | Cidr | Range | Exists | Contains
Predicate: TypeAlias = Callable[[Event], bool]


# ----------------------------------------------------------------------------------------- the fields

TIME_FIELDS: Final = frozenset({"@timestamp", "event.ingested"})


SPECIAL: Final[Mapping[str, Callable[[Event], Found]]] = {
    "@timestamp": lambda event: rfc3339(event.time_us, UTC),
    "event.ingested": lambda event: rfc3339(event.received_us, UTC),
    "event.id": lambda event: event.id.hex(),
    "event.dataset": lambda event: event.shape.dataset,
    "event.original": lambda event: record_text(event.raw),
    "shouwang.source": lambda event: event.source,
}
"""Names that the envelope answers, whatever the record says under the same name."""


def value_of(event: Event, field: str) -> Found:
    """What a query compares under this name; the two times as RFC 3339 in UTC with microseconds."""
    special = SPECIAL.get(field)
    return event.get(field) if special is None else special(event)


# --------------------------------------------------------------------------------------- what it means


def matches(query: Query, event: Event) -> bool:
    """Whether the event is asked for. With ``ids`` neither time nor node counts."""
    if query.ids:
        return event.id in query.ids
    return query.from_us <= event.time_us < query.to_us and predicate(query.node)(event)


@lru_cache(maxsize=256)
def predicate(node: Node) -> Predicate:
    """The node alone, made ready for many events."""
    match node:
        case And(parts):
            every = [predicate(part) for part in parts]
            return lambda event: all(one(event) for one in every)
        case Or(parts):
            some = [predicate(part) for part in parts]
            return lambda event: any(one(event) for one in some)
        case Not(part):
            inner = predicate(part)
            return lambda event: not inner(event)
        case All():
            return lambda event: True
        case Contains("", text):
            holds = record_contains(text)
            return lambda event: holds(event.raw)
        case leaf:
            field, test = leaf.field, test_of(leaf)
            return lambda event: test(value_of(event, field))


def test_of(leaf: Leaf) -> Test:
    """The leaf as a test of the field's value; ``Contains`` must name a field."""
    match leaf:
        case Eq(field, value) if field in TIME_FIELDS:
            return between(value, value, include_low=True, include_high=True)
        case Eq(_, value):
            return equals(value)
        case Prefix(_, value):
            return begins(value)
        case Wildcard(_, pattern):
            return like(pattern)
        case Cidr(_, network):
            return within(network)
        case Range(_, low, high, include_low, include_high):
            return between(low, high, include_low=include_low, include_high=include_high)
        case Exists():
            return exists
        case Contains(_, text):
            return contains(text)
        case _:
            assert_never(leaf)


def parse(text: str, *, zone: tzinfo = UTC) -> Node:
    """Lucene text -> node, by ``shouwang.lucene`` (loaded when first asked). Raises ``UsageError``.

    ``zone`` is that of times written without an offset.
    """
    from shouwang.lucene import parse as by_luqum  # noqa: PLC0415  # 60 ms that only a search needs

    return by_luqum(text, zone=zone)
