"""Alerts and incidents as the JSON of the socket, of ``--json`` and of the papers. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from incidents.criteria import Plans
from incidents.deadlines import LegalClock, clock
from incidents.grading import in_language
from shouwang.assets import AssetRegister
from shouwang.model import Alert, Fact, GradeFacts, Incident, Reason, Value
from shouwang.timespan import rfc3339
from shouwang.words import Words

Json = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Site:
    """What of the site's settings stands in views and papers."""

    zone: tzinfo
    operator: str = "other"
    """Kind of operator in the reporting measures: ``cii``, ``central_state_organ``, ``other``."""
    name: str = ""


def alert_json(alert: Alert, zone: tzinfo, lang: str) -> Json:
    """Its title in ``lang``."""
    return {
        "id": alert.id,
        "title": alert.title.of(lang),
        "rule_id": alert.rule_id,
        "severity": alert.severity.name.lower(),
        "count": alert.count,
        "at_least": alert.at_least,
        "first": rfc3339(alert.first_us, zone),
        "last": rfc3339(alert.last_us, zone),
        "received": rfc3339(alert.received_us, zone),
        "entities": {name: list(values) for name, values in alert.entities.items()},
        "tags": list(alert.tags),
        "state": alert.state.value,
        "incident": alert.incident_id or None,
        "drill": alert.drill,
        "correlation": _correlation_json(alert),
        "suppressed_by": _suppression_json(alert),
        "maintenance": alert.maintenance or None,
    }


def _suppression_json(alert: Alert) -> Json | None:
    held = alert.suppression
    return {"kind": held.kind.value, "id": held.id, "why": held.why} if held else None


def _correlation_json(alert: Alert) -> Json | None:
    """What counted, of a correlation's alert."""
    if not alert.kind:
        return None
    group: Json = {name: value for name, _, value in (said.partition("=") for said in alert.group)}
    return {
        "type": alert.kind,
        "group": group,
        "values": list(alert.values),
        "measured": alert.measured or None,
    }


def incident_json(
    incident: Incident, *, site: Site, now_us: int, plans: Plans, assets: AssetRegister, lang: str
) -> Json:
    """Title, reasons and clock in ``lang``. An asset that is no longer in the register is shown by its id."""
    reasons = in_language(incident.grading, plans, lang)
    legal = clock(site.operator, incident.found_at_us, now_us, plans.measures)
    return {
        "id": incident.id,
        "title": incident.title.of(lang),
        "grade": incident.grade.name,
        "grade_zh": incident.grade.zh,
        "grade_confirmed": incident.confirmation is not None,
        "proposed_grade": incident.grading.grade.name,
        "confirmation": _confirmation_json(incident, site.zone),
        "reasons": [reason_json(reason) for reason in reasons],
        "facts": facts_json(incident.grading.facts),
        "state": incident.state.value,
        "owner": incident.owner,
        "disposition": incident.disposition.value if incident.disposition else None,
        "disposition_reason": incident.disposition_reason,
        "close_reason": incident.close_reason,
        "alerts": list(incident.alert_ids),
        "assets": _assets_json(incident.asset_ids, assets),
        "first": rfc3339(incident.first_us, site.zone) if incident.first_us else None,
        "last": rfc3339(incident.last_us, site.zone) if incident.last_us else None,
        "imported": incident.imported,
        "found_at": rfc3339(incident.found_at_us, site.zone),
        "closed_at": rfc3339(incident.closed_at_us, site.zone) if incident.closed_at_us else None,
        "drill": incident.drill,
        "maintenance": list(incident.maintenance),
        "clock": clock_json(legal, site.zone, lang),
    }


def reason_json(reason: Reason) -> Json:
    return {
        "criterion": reason.criterion,
        "value": reason.value,
        "document": reason.document,
        "clause": reason.clause,
        "grade": reason.grade.name if reason.grade else None,
        "sure": reason.sure,
        "fact": reason.fact.value,
        "asked": reason.fact is not Fact.NOT_ASKED,
    }


def facts_json(facts: GradeFacts) -> Json:
    return {
        "importance": facts.importance.name.lower() if facts.importance else None,
        "loss": facts.loss.name.lower() if facts.loss else None,
        "social": facts.social.name.lower() if facts.social else None,
    }


def clock_json(legal: LegalClock, zone: tzinfo, lang: str) -> Json:
    return {
        "report_to": Words("、", " and ").of(lang).join(to.of(lang) for to in legal.report_to),
        "basis": f"{legal.document.of(lang)} {legal.clause.of(lang)}",
        "latest": rfc3339(legal.latest_us, zone),
        "remaining_s": legal.remaining_s,
        "decided": legal.decided,
    }


def _confirmation_json(incident: Incident, zone: tzinfo) -> Json | None:
    said = incident.confirmation
    if said is None:
        return None
    return {
        "grade": said.grade.name,
        "by": said.by,
        "at": rfc3339(said.at_us, zone),
        "reason": said.reason,
        "overrides": said.overrides,
    }


def _assets_json(ids: Iterable[str], assets: AssetRegister) -> list[Value]:
    shown: list[Value] = []
    for asset_id in ids:
        asset = assets.get(asset_id)
        importance = asset.importance.name.lower() if asset else None
        shown.append({"id": asset_id, "name": asset.name if asset else asset_id, "importance": importance})
    return shown
