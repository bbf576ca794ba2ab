"""What is wrong with a rule, where, and what to do. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from detection.sigma.documents import Document
from shouwang.words import NOTHING, Words


class Weight(IntEnum):
    NOTE = 1
    """Good rules have it; nothing is lost without."""
    WARNING = 2
    """It loads, and is probably not what was meant."""
    ERROR = 3
    """It is not loaded."""


@dataclass(frozen=True, slots=True)
class Problem:
    path: Path
    line: int
    weight: Weight
    code: str
    """What ``--ignore`` takes."""
    what: Words
    do: Words = NOTHING


class At:
    """Makes problems of one document; ``where``: the keys that lead to the place."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def __call__(self, weight: Weight, code: str, what: Words, do: Words, *where: str | int) -> Problem:
        return Problem(self.document.path, self.document.line_of(*where), weight, code, what, do)
