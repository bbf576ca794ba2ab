"""What is kept of a correlation over a restart: a row for each remembered event, and a line of counters. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import orjson

SCHEMA: Final = 2


class Row(NamedTuple):
    number: int
    body: bytes


@dataclass(slots=True)
class Changes:
    """Since the last time: rows to write, rows to delete, and the line of counters if it changed."""

    written: list[Row] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    counters: bytes | None = None
    afresh: bool = False
    """All rows that were kept before are those of a rule that has changed since: delete them first."""


@dataclass(frozen=True, slots=True)
class Held:
    """All that was written and not deleted again."""

    counters: bytes
    rows: Iterable[Row] = ()


@dataclass(slots=True)
class Counters:
    """Since the correlation was first loaded."""

    def copy(self) -> Counters:
        return replace(self)

    evicted: int = 0
    """Events let go for want of room while they could still have counted."""
    ungrouped: int = 0
    """Matches without one of the group-by fields."""
    unread: int = 0
    """Matches without a value to count, or one that is no number where numbers are wanted."""
    late: int = 0
    """Matches that came later than the lateness allows: counted with what was still remembered."""
    faults: int = 0
    """Matches on which it raised instead of answering."""


def counters_of(line: bytes) -> Counters:
    """Of the line of counters; none where it is another version's."""
    said = orjson.loads(line) if line else [0]
    return Counters(*said[2:-1]) if said[0] == SCHEMA else Counters()
