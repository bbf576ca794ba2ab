"""What may be asked of an event store: a frozen tree, Lucene text -> tree, and what it means for one event.

Pure. ``matches`` is the meaning; a store may narrow in its own way but must agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


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
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*`` any text, ``?`` one character, whole value, without case."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Cidr:
    field: str
    network: str


@dataclass(frozen=True, slots=True)
class Range:
    """Bounds as text; ``None`` is open. Compared as numbers, else addresses, else text without case."""

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
    """``field == ""``: anywhere in the record as received; else inside the field. Without case."""

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
