"""Incident, alerts, events, audit entries -> ReportModel. Pure; every text that is not ours passes ``visible``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.criteria import Plans
from incidents.deadlines import clock
from incidents.grading import in_language
from incidents.report.labels import LABELS
from incidents.report.model import (
    AlertLine,
    AssetLine,
    ClockPart,
    CriterionLine,
    EntityLine,
    EventLine,
    GradePart,
    ReportModel,
    ThresholdLine,
)
from incidents.report.timeline import timeline
from incidents.report.visible import visible
from incidents.views import Site
from incidents.words import degree
from shouwang.assets import AssetRegister
from shouwang.audit import Entry
from shouwang.comparison import record_text
from shouwang.model import Alert, Event, Importance, Incident, Reason
from shouwang.timespan import rfc3339
from shouwang.words import Words

ALERTS = 200
VALUES = 20
EVENT_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report is made from."""

    incident: Incident
    alerts: Sequence[Alert]
    events: Sequence[Event]
    """Samples, at most a few of each alert."""
    entries: Sequence[Entry]
    """Of the audit trail, about this incident, oldest first."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a report is made."""

    site: Site
    plans: Plans
    assets: AssetRegister
    now_us: int
    lang: str = "zh"
    exact: bool = False
    """For programs: times as RFC 3339, what is one of a closed set by its name. Else as people write it."""

    def time(self, time_us: int) -> str:
        if self.exact:
            return rfc3339(time_us, self.site.zone)
        said = datetime.fromisoformat(rfc3339(time_us, self.site.zone))
        return said.strftime("%Y-%m-%d %H:%M:%S ") + said.isoformat()[-6:]

    def word(self, kind: str, name: str) -> str:
        """Of a closed set."""
        return name if self.exact else LABELS[self.lang][f"{kind} {name}"]


def build(material: Material, setting: Setting) -> ReportModel:
    incident = material.incident
    alerts = sorted(material.alerts, key=lambda alert: (alert.first_us, len(alert.id), alert.id))
    return ReportModel(
        lang=setting.lang,
        site=visible(setting.site.name),
        issued_at=setting.time(setting.now_us),
        drill=incident.drill,
        number=incident.id,
        title=visible(incident.title.of(setting.lang), 300),
        state=setting.word("state", incident.state.value),
        owner=visible(incident.owner),
        first=setting.time(incident.first_us) if incident.first_us else "",
        last=setting.time(incident.last_us) if incident.last_us else "",
        imported=incident.imported,
        found_at=setting.time(incident.found_at_us),
        closed_at=setting.time(incident.closed_at_us) if incident.closed_at_us else "",
        disposition=setting.word("disposition", incident.disposition.value) if incident.disposition else "",
        disposition_reason=visible(incident.disposition_reason),
        close_reason=visible(incident.close_reason),
        grade=_grade(incident, setting),
        clock=_clock(incident, setting),
        assets=tuple(_assets(incident, setting)),
        alerts=tuple(_alert(alert, setting) for alert in alerts[:ALERTS]),
        alerts_left_out=max(0, len(alerts) - ALERTS),
        entities=tuple(_entities(alerts)),
        events=tuple(_event(event, setting) for event in material.events),
        events_total=sum(alert.count for alert in alerts),
        timeline=timeline(material.entries, lang=setting.lang, time=setting.time, exact=setting.exact),
    )


def _grade(incident: Incident, setting: Setting) -> GradePart:
    said = incident.confirmation
    lines = [_criterion(reason, setting) for reason in in_language(incident.grading, setting.plans, setting.lang)]
    return GradePart(
        grade=incident.grade,
        proposed=incident.grading.grade,
        confirmed_by=visible(said.by) if said else "",
        confirmed_at=setting.time(said.at_us) if said else "",
        overrides=said.overrides if said else False,
        override_reason=visible(said.reason) if said else "",
        facts=incident.grading.facts,
        criteria=tuple(line for line in lines if not line.key.startswith("raise.")),
        would_raise=tuple(line for line in lines if line.key.startswith("raise.")),
    )


def _criterion(reason: Reason, setting: Setting) -> CriterionLine:
    texts = {c.key: c.text for c in (*setting.plans.national.criteria, setting.plans.national.residual)}
    texts |= {rubric.key: rubric.text for rubric in (setting.plans.matrix.rubric, setting.plans.matrix.social)}
    text = texts.get(reason.criterion)
    documents = {
        one.title.of(setting.lang): one.title
        for one in (setting.plans.national.document, setting.plans.matrix.document)
    }
    document = documents.get(reason.document)
    return CriterionLine(
        key=reason.criterion,
        document=_titled(document, setting) if document else visible(reason.document),
        clause=visible(reason.clause),
        says=text.of(setting.lang) if text else "",
        found=visible(reason.value),
        grade=reason.grade,
        sure=reason.sure,
        fact=reason.fact,
    )


def _titled(title: Words, setting: Setting) -> str:
    """The documents are Chinese: to an English reader their own titles stand beside the English ones."""
    return title.zh if setting.lang == "zh" else f"{title.en} ({title.zh})"


def _clock(incident: Incident, setting: Setting) -> ClockPart:
    measures = setting.plans.measures
    legal = clock(setting.site.operator, incident.found_at_us, setting.now_us, measures)
    return ClockPart(
        operator=legal.operator.of(setting.lang),
        report_to=tuple(to.of(setting.lang) for to in legal.report_to),
        basis=_titled(legal.document, setting),
        clause=legal.clause.of(setting.lang),
        sure=legal.sure,
        limit_minutes=legal.limit_minutes,
        latest=setting.time(legal.latest_us),
        remaining_s=legal.remaining_s,
        hotline=measures.hotline,
        thresholds=tuple(
            ThresholdLine(
                threshold.text.of(setting.lang),
                threshold.unit.of(setting.lang),
                tuple((level, *threshold.values[level]) for level in sorted(threshold.values)),
            )
            for threshold in measures.thresholds
        ),
    )


def _assets(incident: Incident, setting: Setting) -> Iterable[AssetLine]:
    for asset_id in incident.asset_ids:
        asset = setting.assets.get(asset_id)
        importance = _importance(asset.importance, setting) if asset else ""
        yield AssetLine(visible(asset_id), visible(asset.name if asset else asset_id), importance)


def _importance(importance: Importance, setting: Setting) -> str:
    return importance.name.lower() if setting.exact else degree(importance, setting.lang)


def _alert(alert: Alert, setting: Setting) -> AlertLine:
    return AlertLine(
        id=alert.id,
        title=visible(alert.title.of(setting.lang), 300),
        rule_id=visible(alert.rule_id),
        severity=setting.word("severity", alert.severity.name.lower()),
        count=alert.count,
        first=setting.time(alert.first_us),
        last=setting.time(alert.last_us),
        tags=tuple(visible(tag, 100) for tag in alert.tags),
        at_least=alert.at_least,
    )


def _entities(alerts: Iterable[Alert]) -> Iterable[EntityLine]:
    union: dict[str, set[str]] = {}
    for alert in alerts:
        for name, values in alert.entities.items():
            union.setdefault(name, set()).update(values)
    for name, found in sorted(union.items()):
        shown = sorted(found)[:VALUES]
        yield EntityLine(visible(name), tuple(visible(value, 256) for value in shown), len(found) - len(shown))


def _event(event: Event, setting: Setting) -> EventLine:
    return EventLine(
        id=event.id.hex(),
        time=setting.time(event.time_us),
        source=visible(event.source, 256),
        dataset=visible(event.shape.dataset, 100),
        text=_original(event.raw),
    )


def _original(raw: bytes) -> str:
    """The record's beginning as text, bytes that are no UTF-8 as ``\\xNN``; a cut one ends in its size."""
    head = record_text(raw[: EVENT_CHARS * 4])
    if len(head) <= EVENT_CHARS:
        return visible(head, len(head))
    return f"{visible(head[:EVENT_CHARS])}… ({len(raw)} B)"
