"""The report on one incident, out of the stores: what the act ``incidents.report`` gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from incidents.report.asjson import as_json
from incidents.report.build import Material, Setting, build
from incidents.report.html import html
from incidents.report.markdown import markdown
from incidents.report.model import ReportModel
from incidents.service import found
from shouwang.errors import UsageError
from shouwang.eventstore.base import EventStore
from shouwang.model import Alert, Event
from shouwang.query import Query
from shouwang.statestore.store import StateStore
from shouwang.words import Words

RENDERERS: dict[str, Callable[[ReportModel], str]] = {"md": markdown, "html": html, "json": as_json}
ALERTS = 1000
ENTRIES = 2000
SAMPLES = 20
OF_ONE_ALERT = 3


@dataclass(frozen=True, slots=True)
class Rendered:
    filename: str
    content: str


def report(store: StateStore, events: EventStore, incident_id: str, *, format: str, setting: Setting) -> Rendered:
    """Raises ``UsageError`` for an unknown incident or format."""
    render = RENDERERS.get(format)
    if render is None:
        raise UsageError(
            Words(f"没有报告格式 {format!r}。", f"{format!r} is no report format."),
            hint=Words(f"可选：{', '.join(RENDERERS)}。", f"One of: {', '.join(RENDERERS)}."),
        )
    with store.reading() as tables:
        incident = found(tables, incident_id)
        _, alerts = tables.alerts.list(incident_id=incident.id, limit=ALERTS)
        _, entries = tables.trail.list(target=incident.id, limit=ENTRIES)
    material = Material(incident, alerts, _samples(events, alerts), entries[::-1])
    return Rendered(
        f"{incident.id}-{setting.lang}.{format}", render(build(material, replace(setting, exact=format == "json")))
    )


def _samples(events: EventStore, alerts: Sequence[Alert]) -> Sequence[Event]:
    """The first events of the gravest alerts, as far as they are still stored, in order of time."""
    gravest = sorted(alerts, key=lambda alert: (-alert.severity, alert.first_us, len(alert.id), alert.id))
    ids = dict.fromkeys(event_id for alert in gravest for event_id in alert.event_ids[:OF_ONE_ALERT])
    if not ids:
        return ()
    query = Query(ids=tuple(ids)[:SAMPLES])
    return events.read(query, newest_first=False, after=None, limit=SAMPLES).items
