"""What came out of one test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from shouwang.words import NOTHING, Words


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    """The rule does something else."""
    ERROR = "error"
    """The test itself cannot be run."""


@dataclass(frozen=True, slots=True)
class Result:
    suite: str
    """The rule's file."""
    rule: str
    """Its title."""
    name: str
    path: Path
    line: int
    outcome: Outcome
    detail: Words = NOTHING
    took_s: float = 0.0


def fired_not(what: str) -> Words:
    return Words(f"应命中而未命中：{what}", f"should fire and does not: {what}")


def fired(what: str) -> Words:
    return Words(f"不应命中而命中：{what}", f"should not fire and does: {what}")
