"""What a running daemon adds to the services: sources at work, a pace, an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shouwang.model import Finding, SourceStatus


@dataclass(frozen=True, slots=True)
class Running:
    started_us: int
    sources: Callable[[], Sequence[SourceStatus]]
    findings: Callable[[], Sequence[Finding]]
    events_per_s: Callable[[], float]
    """Received, over the last minute."""
    cpu_percent: Callable[[], float]
    """Of the whole host, over the last few seconds."""
    stop: Callable[[], None]
    """Returns at once; the daemon ends when what it holds is stored."""
    stopping: Callable[[], bool]
