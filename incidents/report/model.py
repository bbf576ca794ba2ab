"""What a report on an incident says, before any format. Pure: all that is not ours has passed ``visible``."""

from __future__ import annotations

from dataclasses import dataclass

from shouwang.model import Fact, Grade, GradeFacts

SCHEMA = 1
"""Of the JSON form; a change that a reader must know raises it."""


@dataclass(frozen=True, slots=True)
class CriterionLine:
    key: str
    document: str
    clause: str
    says: str
    """What the clause is about."""
    found: str
    grade: Grade | None
    sure: bool
    fact: Fact


@dataclass(frozen=True, slots=True)
class GradePart:
    grade: Grade
    proposed: Grade
    confirmed_by: str
    """Empty: nobody has confirmed it."""
    confirmed_at: str
    overrides: bool
    override_reason: str
    facts: GradeFacts
    criteria: tuple[CriterionLine, ...]
    would_raise: tuple[CriterionLine, ...]


@dataclass(frozen=True, slots=True)
class ThresholdLine:
    says: str
    unit: str
    values: tuple[tuple[Grade, int, bool], ...]
    """(grade, from this number on, sure), III first."""


@dataclass(frozen=True, slots=True)
class ClockPart:
    operator: str
    report_to: tuple[str, ...]
    basis: str
    clause: str
    sure: bool
    limit_minutes: int
    latest: str
    remaining_s: int
    hotline: str
    thresholds: tuple[ThresholdLine, ...]


@dataclass(frozen=True, slots=True)
class AlertLine:
    id: str
    title: str
    rule_id: str
    severity: str
    count: int
    first: str
    last: str
    tags: tuple[str, ...]
    at_least: bool = False
    """There may have been more than ``count``."""


@dataclass(frozen=True, slots=True)
class EntityLine:
    name: str
    values: tuple[str, ...]
    more: int
    """Values left out."""


@dataclass(frozen=True, slots=True)
class EventLine:
    id: str
    time: str
    source: str
    dataset: str
    text: str


@dataclass(frozen=True, slots=True)
class TimelineLine:
    at: str
    actor: str
    act: str
    says: str


@dataclass(frozen=True, slots=True)
class AssetLine:
    id: str
    name: str
    importance: str


@dataclass(frozen=True, slots=True)
class ReportModel:
    lang: str
    """``zh`` or ``en``."""
    site: str
    issued_at: str
    drill: bool
    number: str
    title: str
    state: str
    owner: str
    first: str
    """When the first and the last of its events happened; empty: not known."""
    last: str
    imported: bool
    """Whether it was found in imported records."""
    found_at: str
    closed_at: str
    disposition: str
    """Empty: not triaged."""
    disposition_reason: str
    close_reason: str
    grade: GradePart
    clock: ClockPart
    assets: tuple[AssetLine, ...]
    alerts: tuple[AlertLine, ...]
    alerts_left_out: int
    entities: tuple[EntityLine, ...]
    events: tuple[EventLine, ...]
    events_total: int
    """Sum of the alerts' counts; an event that counts in two alerts is in it twice. ``events`` are samples."""
    timeline: tuple[TimelineLine, ...]
