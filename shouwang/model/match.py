"""What a rule says of one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from shouwang.model.value import Value


class Severity(IntEnum):
    """Sigma's level."""

    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5


@dataclass(frozen=True, slots=True)
class Match:
    """One rule fired on one event."""

    rule_id: str
    title: str
    severity: Severity
    event_id: bytes
    time_us: int
    received_us: int
    source: str
    fields: Mapping[str, Value]
    """ECS fields that alerts and correlations group by: the entities, and whatever a loaded correlation names."""
    tags: tuple[str, ...] = ()
    """Sigma tags, for example ``attack.t1110``."""
