"""What a rule says of one entity in one window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shouwang.model.match import Severity
from shouwang.words import Words


class AlertState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Holder(StrEnum):
    """What holds an alert back."""

    INHIBIT = "inhibit"
    SILENCE = "silence"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why nobody was told of an alert."""

    kind: Holder
    id: str
    """Of the silence or the window; of the alert that inhibits."""
    why: str
    """The reason that a person gave; the name of the inhibition."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule or correlation fired for one entity within one window."""

    id: str
    """``A-`` and a number; ``D-A-`` in a drill."""
    key: str
    """Hash of rule, group key and window start: what makes repeating harmless."""
    rule_id: str
    title: Words
    """The rule's; a rule with a title in one language only has it in both."""
    severity: Severity
    count: int
    """Number of events, or of what the correlation counts; exact unless ``at_least``."""
    first_us: int
    last_us: int
    received_us: int
    """Receipt time of the newest event in it."""
    entities: Mapping[str, tuple[str, ...]]
    """ECS name -> values, sorted: ``source.ip``, ``host.name``, ``user.name`` ..."""
    event_ids: tuple[bytes, ...]
    """The first hundred."""
    tags: tuple[str, ...]
    state: AlertState
    incident_id: str
    asset_id: str
    drill: bool = False
    kind: str = ""
    """The correlation's type; empty for a plain rule."""
    group: tuple[str, ...] = ()
    """``name=value`` of each field that the correlation groups by."""
    values: tuple[str, ...] = ()
    """Of ``value_count``: distinct values that counted, the first fifty to come."""
    measured: str = ""
    """A numeral: the number of ``values``, or the sum, over all events of the alert; of the other types what the newest
    window came to. Empty where nothing is measured."""
    suppression: Suppression | None = None
    """All of its events were held: it makes no incident and rings no bell."""
    maintenance: str = ""
    """The window that some of its events fell in without being held."""
    at_least: bool = False
    """Events of its group were let go for want of room: ``count`` is what was counted, and there may have been more."""

    @property
    def counted(self) -> str:
        """``141``, or ``>=141``."""
        return f">={self.count}" if self.at_least else str(self.count)
