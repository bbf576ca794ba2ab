"""What a match, or the end of a window, leads to in one correlation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from detection.correlation.entries import GroupKey
from detection.hits import Hit, Member


class End(NamedTuple):
    """The correlation fired with this event: what those that read it are told."""

    key: GroupKey
    member: Member
    at_us: int
    again: bool
    """It may fire with the same event again, much later, in another group."""


@dataclass(slots=True)
class Outcome:
    hits: list[Hit] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
