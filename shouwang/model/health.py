"""How the system itself does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shouwang.words import NOTHING, Words


class Level(StrEnum):
    """How a part of the system does."""

    OK = "ok"
    DEGRADED = "degraded"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about the system itself, and what to do."""

    level: Level
    what: Words
    hint: Words = NOTHING


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source does, for the overview."""

    id: str
    level: Level
    detail: str | Words
    last_event_us: int = 0
    received: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number, since the daemon started."""
