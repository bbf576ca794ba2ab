"""What people work on until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shouwang.model.grading import Confirmation, Grade, Grading
from shouwang.words import Words


class IncidentState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    TRIAGED = "triaged"
    CLOSED = "closed"

    @property
    def words(self) -> Words:
        return _STATES[self]


class Disposition(StrEnum):
    """研判结论."""

    TRUE = "true"
    FALSE_POSITIVE = "false_positive"
    DUPLICATE = "duplicate"
    AUTHORISED = "authorised"

    @property
    def words(self) -> Words:
        return _DISPOSITIONS[self]


_STATES: Final[Mapping[IncidentState, Words]] = {
    IncidentState.OPEN: Words("待认领", "open"),
    IncidentState.CLAIMED: Words("已认领", "claimed"),
    IncidentState.TRIAGED: Words("已研判", "triaged"),
    IncidentState.CLOSED: Words("已办结", "closed"),
}
_DISPOSITIONS: Final[Mapping[Disposition, Words]] = {
    Disposition.TRUE: Words("真实", "true"),
    Disposition.FALSE_POSITIVE: Words("误报", "false positive"),
    Disposition.DUPLICATE: Words("重复", "duplicate"),
    Disposition.AUTHORISED: Words("已授权", "authorised"),
}


@dataclass(frozen=True, slots=True)
class Incident:
    id: str
    """``INC-20261124-0007`` (day of the site); ``D-INC-...`` in a drill."""
    title: Words
    key: str
    """What alerts must share to belong here; see ``incidents.grouping``."""
    state: IncidentState
    found_at_us: int
    """发现/获知: receipt time of the alert that made it. Legal clocks run from here, whenever its events happened."""
    grading: Grading
    """What the system proposes, made anew when facts change."""
    confirmation: Confirmation | None = None
    owner: str = ""
    disposition: Disposition | None = None
    disposition_reason: str = ""
    close_reason: str = ""
    closed_at_us: int = 0
    alert_ids: tuple[str, ...] = ()
    asset_ids: tuple[str, ...] = ()
    first_us: int = 0
    """When the first and the last of its events happened; 0: not known."""
    last_us: int = 0
    imported: bool = False
    """Whether its first events were brought in from a file: they may have been known long before ``found_at_us``."""
    drill: bool = False
    maintenance: tuple[str, ...] = ()
    """Windows that some of its alerts fell in."""

    @property
    def grade(self) -> Grade:
        return self.confirmation.grade if self.confirmation else self.grading.grade
