"""Alerts, incidents and events as the daemon answers them, as values.

Pure. Text is kept as it came and is made safe where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shouwang.model import Value
from tui.doc import Doc


@dataclass(frozen=True, slots=True)
class AlertRow:
    id: str
    title: str
    rule_id: str
    severity: str
    count: int
    first: datetime | None
    last: datetime | None
    entities: tuple[tuple[str, tuple[str, ...]], ...]
    tags: tuple[str, ...]
    state: str
    incident: str
    holder: str = ""
    """Kind of what holds it back: ``silence``, ``maintenance``, ``inhibit``; empty: nothing does."""
    held_by: str = ""
    held_why: str = ""
    maintenance: str = ""
    """The window that it fell in without being held."""
    received: datetime | None = None
    """When the newest of its events came in."""
    at_least: bool = False
    """There may have been more events than counted: some were let go for want of room."""

    @property
    def counted(self) -> str:
        return f"{'≥' if self.at_least else ''}{self.count}"


@dataclass(frozen=True, slots=True)
class ReasonRow:
    criterion: str
    value: str
    document: str
    clause: str
    grade: str
    """``""``: not met, or nothing stated."""
    sure: bool
    """Whether the text of the clause was read."""
    fact: str
    """How its facts are known: ``stated``, ``looked_up``, ``not_stated``, ``not_asked``, ``supposed``."""


@dataclass(frozen=True, slots=True)
class ClockRow:
    report_to: str
    basis: str
    latest: datetime | None
    decided: bool | None
    """Whether a named person has decided that it must be reported; ``None``: nobody has."""


@dataclass(frozen=True, slots=True)
class IncidentRow:
    id: str
    title: str
    grade: str
    confirmed: bool
    proposed: str
    reasons: tuple[ReasonRow, ...]
    facts: Mapping[str, str]
    state: str
    owner: str
    disposition: str
    disposition_reason: str
    alerts: tuple[str, ...]
    assets: tuple[tuple[str, str, str], ...]
    first: datetime | None
    """When the earliest of its events happened."""
    last: datetime | None
    imported: bool
    """Its records were imported: what they tell of may be long past."""
    found: datetime | None
    closed: datetime | None
    clock: ClockRow
    maintenance: tuple[str, ...] = ()
    """Windows that some of its alerts fell in."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    at: datetime | None
    actor: str
    act: str
    detail: tuple[tuple[str, str], ...]
    """(name, value); nested objects are flat, what is null or empty is left out."""


@dataclass(frozen=True, slots=True)
class EventRow:
    id: str
    at: datetime | None
    fields: Mapping[str, Value]

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        if isinstance(value, list):
            return " ".join(str(item) for item in value)
        return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class AlertDetail:
    alert: AlertRow
    events: tuple[EventRow, ...]
    incident: IncidentRow | None


@dataclass(frozen=True, slots=True)
class IncidentDetail:
    incident: IncidentRow
    alerts: tuple[AlertRow, ...]
    timeline: tuple[TimelineRow, ...]


def alert(doc: Doc) -> AlertRow:
    entities, held = doc.doc("entities"), doc.doc("suppressed_by")
    return AlertRow(
        id=doc.text("id"),
        title=doc.text("title"),
        rule_id=doc.text("rule_id"),
        severity=doc.text("severity"),
        count=doc.integer("count"),
        first=doc.time("first"),
        last=doc.time("last"),
        entities=tuple((name, entities.texts(name)) for name in entities.fields),
        tags=doc.texts("tags"),
        state=doc.text("state"),
        incident=doc.doc("incident").text("id") or doc.text("incident"),
        holder=held.text("kind"),
        held_by=held.text("id"),
        held_why=held.text("why"),
        maintenance=doc.text("maintenance"),
        received=doc.time("received"),
        at_least=doc.flag("at_least"),
    )


def alerts(value: Value) -> tuple[int, tuple[AlertRow, ...]]:
    """(total, this window's alerts)"""
    doc = Doc(value)
    return doc.integer("total"), tuple(alert(item) for item in doc.docs("alerts"))


def alert_detail(value: Value) -> AlertDetail:
    doc = Doc(value)
    owner = doc.doc("incident")
    return AlertDetail(
        alert(doc), tuple(event(item) for item in doc.docs("events")), incident(owner) if owner.fields else None
    )


def incident(doc: Doc) -> IncidentRow:
    clock, facts = doc.doc("clock"), doc.doc("facts")
    return IncidentRow(
        id=doc.text("id"),
        title=doc.text("title"),
        grade=doc.text("grade"),
        confirmed=doc.flag("grade_confirmed"),
        proposed=doc.text("proposed_grade"),
        reasons=tuple(_reason(item) for item in doc.docs("reasons")),
        facts={name: facts.text(name) for name in ("importance", "loss", "social")},
        state=doc.text("state"),
        owner=doc.text("owner"),
        disposition=doc.text("disposition"),
        disposition_reason=doc.text("disposition_reason"),
        alerts=doc.texts("alerts"),
        assets=tuple((item.text("id"), item.text("name"), item.text("importance")) for item in doc.docs("assets")),
        first=doc.time("first"),
        last=doc.time("last"),
        imported=doc.flag("imported"),
        found=doc.time("found_at"),
        closed=doc.time("closed_at"),
        clock=ClockRow(clock.text("report_to"), clock.text("basis"), clock.time("latest"), clock.verdict("decided")),
        maintenance=doc.texts("maintenance"),
    )


def _reason(doc: Doc) -> ReasonRow:
    return ReasonRow(
        criterion=doc.text("criterion"),
        value=doc.text("value"),
        document=doc.text("document"),
        clause=doc.text("clause"),
        grade=doc.text("grade"),
        sure=doc.flag("sure"),
        fact=doc.text("fact"),
    )


def incidents(value: Value) -> tuple[int, tuple[IncidentRow, ...]]:
    """(total, this window's incidents)"""
    doc = Doc(value)
    return doc.integer("total"), tuple(incident(item) for item in doc.docs("incidents"))


def incident_detail(value: Value) -> IncidentDetail:
    doc = Doc(value)
    return IncidentDetail(
        incident(doc),
        tuple(alert(item) for item in doc.docs("alert_items")),
        tuple(
            TimelineRow(item.time("at"), item.text("actor"), item.text("act"), _detail(item))
            for item in doc.docs("timeline")
        ),
    )


def _detail(doc: Doc) -> tuple[tuple[str, str], ...]:
    named = doc.doc("detail")
    pairs: list[tuple[str, str]] = []
    for name, value in named.fields.items():
        if isinstance(value, dict):
            pairs += [(inner, str(each)) for inner, each in value.items() if each is not None]
        elif isinstance(value, list):
            pairs.append((name, " ".join(str(item) for item in value)))
        elif value not in (None, "", False):
            pairs.append((name, str(value)))
    stated = doc.fields.get("detail")
    return (("", stated),) if isinstance(stated, str) and stated else tuple(pairs)


def event(doc: Doc) -> EventRow:
    return EventRow(doc.text("event.id"), doc.time("@timestamp"), doc.fields)


def events(value: Value) -> tuple[str, tuple[EventRow, ...]]:
    """(where to go on, the events)"""
    doc = Doc(value)
    return doc.text("next"), tuple(event(item) for item in doc.docs("events"))


def counts(value: Value) -> dict[str, int]:
    """By key."""
    rows = value if isinstance(value, list) else []
    return {Doc(row).text("key"): Doc(row).integer("count") for row in rows}


def paper(value: Value) -> tuple[str, str]:
    """(file name, content)"""
    doc = Doc(value)
    return doc.text("filename"), doc.text("content")
