"""What a scan has seen. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shouwang.words import Words

MOST_NOTES: Final = 100
"""Damaged places listed by name; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class Note:
    """A file, or a part of one, that could not be read."""

    path: Path
    reason: Words


@dataclass(slots=True)
class Tally:
    """What a scan has seen so far."""

    files: int = 0
    events: int = 0
    matches: int = 0
    unreadable: list[Note] = field(default_factory=list)
    """Paths that gave nothing at all."""
    passed_over: list[Note] = field(default_factory=list)
    """Files of a folder that are no logs."""
    damaged: list[Note] = field(default_factory=list)
    """Parts of files; the first ``MOST_NOTES``."""
    damages: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    """Why -> records that no parser could read."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Dataset -> events of no logsource: no rule can see them."""

    def add(self, other: Tally) -> None:
        """What another process has seen of the same files."""
        self.files += other.files
        self.events += other.events
        self.matches += other.matches
        self.damages += other.damages
        self.dead += other.dead
        self.unknown += other.unknown
        self.unreadable = sorted((*self.unreadable, *other.unreadable), key=_by_path)
        self.damaged = sorted((*self.damaged, *other.damaged), key=_by_path)[:MOST_NOTES]
        self.passed_over += other.passed_over


def _by_path(note: Note) -> str:
    return str(note.path)
