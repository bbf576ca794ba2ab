"""Who asks and how the system does, as the daemon answers it, as values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shouwang.model import Value
from tui.doc import Doc


@dataclass(frozen=True, slots=True)
class Ping:
    site: str = ""
    language: str = ""
    user: str = ""
    role: str = ""
    drill: bool = False
    version: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    id: str
    level: str
    detail: str
    last_event: datetime | None
    received: int
    dropped: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    level: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    id: str
    what: str
    owner: str
    until: datetime | None
    alerts: int
    events: int
    planned: bool = False
    """It has not begun."""
    weekly: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    now: datetime | None = None
    started: datetime | None = None
    sources: tuple[SourceRow, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    open_alerts: Mapping[str, int] = field(default_factory=dict)
    incidents: Mapping[str, int] = field(default_factory=dict)
    received: int = 0
    stored: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    rate: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    load: float = 0.0
    disks: tuple[tuple[str, float], ...] = ()
    rules: int = 0
    correlations: int = 0
    refused: int = 0
    holds: tuple[HoldRow, ...] = ()
    """Silences and maintenance windows at work."""
    ended: tuple[HoldRow, ...] = ()
    """Those that ended within a day and held something."""
    store_bytes: int = 0
    oldest_day: str = ""
    sealed_until: datetime | None = None
    full_on: str = ""
    """The day on which the disk is full; empty: not soon, or not known."""
    legal_holds: int = 0


def ping(value: Value) -> Ping:
    doc = Doc(value)
    site = doc.doc("site")
    return Ping(
        site=site.text("name"),
        language=site.text("language"),
        user=doc.text("user"),
        role=doc.text("role"),
        drill=doc.flag("drill"),
        version=doc.text("version"),
    )


def status(value: Value) -> Status:
    doc = Doc(value)
    today, host, rules, store = doc.doc("today"), doc.doc("host"), doc.doc("rules"), doc.doc("store")
    return Status(
        now=doc.time("now"),
        started=doc.time("started"),
        sources=tuple(_source(item) for item in doc.docs("sources")),
        findings=tuple(
            FindingRow(item.text("level"), item.text("what"), item.text("hint")) for item in doc.docs("findings")
        ),
        open_alerts=doc.doc("alerts").counts("open"),
        incidents=doc.counts("incidents"),
        received=today.integer("received"),
        stored=today.integer("stored"),
        dropped=today.counts("dropped"),
        rate=doc.doc("rate").number("events_per_s"),
        cpu=host.number("cpu_percent"),
        memory=host.number("memory_percent"),
        load=host.number("load1"),
        disks=tuple((disk.text("mount"), disk.number("percent")) for disk in host.docs("disks")),
        rules=rules.integer("loaded"),
        correlations=rules.integer("correlations"),
        refused=rules.integer("refused"),
        holds=tuple(hold(item) for item in doc.doc("noise").docs("active")),
        ended=tuple(hold(item) for item in doc.doc("noise").docs("ended")),
        store_bytes=store.integer("bytes"),
        oldest_day=store.text("oldest_day"),
        sealed_until=store.time("sealed_until"),
        full_on=store.text("full_on"),
        legal_holds=store.integer("holds"),
    )


def hold(doc: Doc) -> HoldRow:
    held = doc.doc("held")
    return HoldRow(
        id=doc.text("id"),
        what=doc.text("what"),
        owner=doc.text("owner"),
        until=doc.time("until"),
        alerts=held.integer("alerts"),
        events=held.integer("events"),
        planned=doc.text("state") == "planned",
        weekly=doc.flag("weekly"),
    )


def _source(doc: Doc) -> SourceRow:
    return SourceRow(
        id=doc.text("id"),
        level=doc.text("level"),
        detail=doc.text("detail"),
        last_event=doc.time("last_event"),
        received=doc.integer("received"),
        dropped=sum(doc.counts("dropped").values()),
    )


def hourly(value: Value) -> tuple[tuple[int, int], ...]:
    """(bucket's start in microseconds, events), oldest first"""
    rows = value if isinstance(value, list) else []
    return tuple((Doc(row).integer("key"), Doc(row).integer("count")) for row in rows)
