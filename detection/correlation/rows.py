"""What is kept of a correlation over a restart: a row for each remembered event, and a line of counters. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol

import orjson

SCHEMA: Final = 3
READ: Final = (2, SCHEMA)
"""2: without floods and losses."""


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


class Line(NamedTuple):
    """What is kept of a correlation beside its rows."""

    fingerprint: str
    counters: Counters
    lost_until_us: int
    following: int
    """The number of the next row."""

    def written(self) -> bytes:
        c = self.counters
        counts = (c.evicted, c.ungrouped, c.unread, c.late, c.faults)
        return orjson.dumps((SCHEMA, self.fingerprint, *counts, self.lost_until_us, self.following))


def line_of(line: bytes) -> Line | None:
    """``None`` where it is another version's."""
    schema, *said = orjson.loads(line)
    if schema not in READ:
        return None
    fingerprint, *counts, following = said
    lost_until_us = counts.pop() if schema == SCHEMA else 0
    return Line(fingerprint, Counters(*counts), lost_until_us, following)


def counters_of(line: bytes) -> Counters:
    """Of the line of counters; none where it is another version's."""
    kept = line_of(line) if line else None
    return kept.counters if kept else Counters()


class Remembered(Protocol):
    """What has a row of its own."""

    @property
    def number(self) -> int: ...
    def row(self) -> bytes: ...


class Book:
    """What is to be written and deleted since ``changes`` was last asked, and the number of the next row."""

    def __init__(self) -> None:
        self.following = 1
        self._first_unkept = 1
        """Rows from this number on were never given out."""
        self._touched: dict[int, Remembered] = {}
        self._gone: list[int] = []
        self._line = b""
        self.afresh = False

    def number(self) -> int:
        self.following += 1
        return self.following - 1

    def touch(self, each: Remembered) -> None:
        self._touched[each.number] = each

    def strike(self, number: int) -> None:
        self._touched.pop(number, None)
        if number < self._first_unkept:
            self._gone.append(number)

    def restored(self, line: bytes, following: int) -> None:
        self._line, self.following, self._first_unkept = line, following, following

    def has_changed(self, line: bytes) -> bool:
        return bool(self._touched or self._gone) or line != self._line

    def changes(self, line: bytes) -> Changes:
        changes = Changes(
            [Row(number, each.row()) for number, each in self._touched.items()],
            self._gone,
            line if line != self._line else None,
            self.afresh,
        )
        self._touched, self._gone, self._line, self.afresh = {}, [], line, False
        self._first_unkept = self.following
        return changes
