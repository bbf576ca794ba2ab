"""What a correlation could not evaluate as it came, and of which times. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    LATE = "late"
    """It came after the lateness."""
    EVICTED = "evicted"
    """It was let go for want of room."""
    FAULT = "fault"
    """It made the correlation raise."""


@dataclass(slots=True)
class Damage:
    count: int
    first_us: int
    last_us: int
    """When the events that it is about happened."""

    def join(self, other: Damage) -> None:
        self.count += other.count
        self.first_us = min(self.first_us, other.first_us)
        self.last_us = max(self.last_us, other.last_us)
