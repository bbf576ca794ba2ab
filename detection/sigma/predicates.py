"""What a rule may ask of one value. Pure data; ``naive`` says what each means, ADR 0002 why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from typing import Literal, TypeAlias


class Wild(Enum):
    """What stands in a pattern beside literal text. Each may be a line break."""

    ANY = "any text"
    ONE = "one character"
    DASH = "one of the marks that Windows programs take for a dash"


DASHES = "-/\N{EN DASH}\N{EM DASH}\N{HORIZONTAL BAR}"

Token: TypeAlias = str | Wild
Number: TypeAlias = int | float
Comparison: TypeAlias = Literal["lt", "lte", "gt", "gte", "eq"]
Part: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]
Reference: TypeAlias = Literal["equals", "startswith", "endswith", "contains"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The whole value reads so. Text without case unless ``cased``."""

    tokens: tuple[Token, ...]
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Equals:
    """The value is this number, or text that writes it."""

    number: Number


@dataclass(frozen=True, slots=True)
class Truth:
    """The value is this boolean, or the word for it."""

    truth: bool


@dataclass(frozen=True, slots=True)
class Null:
    """The field is missing, null, or a list that is empty or holds null. An empty text is none of these."""


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, whatever it holds, null included; or is not."""

    present: bool


@dataclass(frozen=True, slots=True)
class Regex:
    """Found somewhere in the value; ``start`` and ``end`` tie it to the value's ends."""

    pattern: str
    ignorecase: bool = False
    multiline: bool = False
    dotall: bool = False
    start: bool = False
    end: bool = False


@dataclass(frozen=True, slots=True)
class InNetwork:
    """The value is an address within, compared as numbers; a zone (``%eth0``) does not matter."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Compare:
    op: Comparison
    number: Number


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of the value read as a time, as written there: no zone is converted."""

    part: Part
    op: Comparison
    number: Number


@dataclass(frozen=True, slots=True)
class SameAs:
    """Against the value of another field of the same event."""

    field: str
    how: Reference
    cased: bool = False


Predicate: TypeAlias = Pattern | Equals | Truth | Null | Exists | Regex | InNetwork | Compare | TimePart | SameAs
