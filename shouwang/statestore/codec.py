"""Alerts and incidents as JSON and back: every field written out, so that a change of the model is a decision here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import TypeVar

from shouwang.bilingual import said
from shouwang.errors import StoreError
from shouwang.model import (
    Alert,
    AlertState,
    Confirmation,
    Disposition,
    Fact,
    Grade,
    GradeFacts,
    Grading,
    Holder,
    Importance,
    Incident,
    IncidentState,
    Loss,
    Reason,
    Severity,
    SocialEffect,
    Suppression,
    Value,
)
from shouwang.statestore.fields import RESTORE, Fields
from shouwang.words import Words

Ordered = TypeVar("Ordered", bound=IntEnum)
Json = dict[str, Value]


def alert_text(alert: Alert) -> str:
    entities: Json = {name: list(values) for name, values in alert.entities.items()}
    return _text(
        {
            "id": alert.id,
            "key": alert.key,
            "rule_id": alert.rule_id,
            "title": said(alert.title),
            "severity": alert.severity.name,
            "count": alert.count,
            "first_us": alert.first_us,
            "last_us": alert.last_us,
            "received_us": alert.received_us,
            "entities": entities,
            "event_ids": [each.hex() for each in alert.event_ids],
            "tags": list(alert.tags),
            "state": alert.state.value,
            "incident_id": alert.incident_id,
            "asset_id": alert.asset_id,
            "drill": alert.drill,
            "kind": alert.kind,
            "group": list(alert.group),
            "values": list(alert.values),
            "measured": alert.measured,
            "suppression": _suppression(alert.suppression),
            "maintenance": alert.maintenance,
            "at_least": alert.at_least,
        }
    )


def alert_from(text: str) -> Alert:
    fields = _fields(text)
    with fields:
        entities = fields.object("entities")
        return Alert(
            id=fields.text("id"),
            key=fields.text("key"),
            rule_id=fields.text("rule_id"),
            title=fields.words("title"),
            severity=Severity[fields.text("severity")],
            count=fields.number("count"),
            first_us=fields.number("first_us"),
            last_us=fields.number("last_us"),
            received_us=fields.number("received_us"),
            entities={name: entities.texts(name) for name in entities},
            event_ids=tuple(bytes.fromhex(each) for each in fields.texts("event_ids")),
            tags=fields.texts("tags"),
            state=AlertState(fields.text("state")),
            incident_id=fields.text("incident_id"),
            asset_id=fields.text("asset_id"),
            drill=fields.flag("drill"),
            kind=fields.text("kind") if "kind" in fields else "",
            group=fields.texts("group") if "group" in fields else (),
            values=fields.texts("values") if "values" in fields else (),
            measured=fields.text("measured") if "measured" in fields else "",
            suppression=_suppression_from(fields.optional_object("suppression")) if "suppression" in fields else None,
            maintenance=fields.text("maintenance") if "maintenance" in fields else "",
            at_least=fields.flag("at_least") if "at_least" in fields else False,
        )


def _suppression(suppression: Suppression | None) -> Json | None:
    return {"kind": suppression.kind.value, "id": suppression.id, "why": suppression.why} if suppression else None


def _suppression_from(fields: Fields | None) -> Suppression | None:
    if fields is None:
        return None
    with fields:
        return Suppression(Holder(fields.text("kind")), fields.text("id"), fields.text("why"))


def incident_text(incident: Incident) -> str:
    return _text(
        {
            "id": incident.id,
            "title": said(incident.title),
            "key": incident.key,
            "state": incident.state.value,
            "found_at_us": incident.found_at_us,
            "grading": _grading(incident.grading),
            "confirmation": _confirmation(incident.confirmation),
            "owner": incident.owner,
            "disposition": incident.disposition.value if incident.disposition else None,
            "disposition_reason": incident.disposition_reason,
            "close_reason": incident.close_reason,
            "closed_at_us": incident.closed_at_us,
            "alert_ids": list(incident.alert_ids),
            "asset_ids": list(incident.asset_ids),
            "first_us": incident.first_us,
            "last_us": incident.last_us,
            "imported": incident.imported,
            "drill": incident.drill,
            "maintenance": list(incident.maintenance),
        }
    )


def incident_from(text: str) -> Incident:
    fields = _fields(text)
    with fields:
        disposition = fields.optional_text("disposition")
        return Incident(
            id=fields.text("id"),
            title=fields.words("title"),
            key=fields.text("key"),
            state=IncidentState(fields.text("state")),
            found_at_us=fields.number("found_at_us"),
            grading=_grading_from(fields.object("grading")),
            confirmation=_confirmation_from(fields.optional_object("confirmation")),
            owner=fields.text("owner"),
            disposition=Disposition(disposition) if disposition else None,
            disposition_reason=fields.text("disposition_reason"),
            close_reason=fields.text("close_reason"),
            closed_at_us=fields.number("closed_at_us"),
            alert_ids=fields.texts("alert_ids"),
            asset_ids=fields.texts("asset_ids"),
            first_us=fields.number("first_us") if "first_us" in fields else 0,
            last_us=fields.number("last_us") if "last_us" in fields else 0,
            imported="imported" in fields and fields.flag("imported"),
            drill=fields.flag("drill"),
            maintenance=fields.texts("maintenance") if "maintenance" in fields else (),
        )


def _grading(grading: Grading) -> Json:
    facts = grading.facts
    return {
        "grade": grading.grade.name,
        "reasons": [
            {
                "criterion": reason.criterion,
                "value": reason.value,
                "document": reason.document,
                "clause": reason.clause,
                "grade": _name(reason.grade),
                "sure": reason.sure,
                "fact": reason.fact.value,
            }
            for reason in grading.reasons
        ],
        "facts": {
            "importance": _name(facts.importance),
            "loss": _name(facts.loss),
            "social": _name(facts.social),
            "importance_looked_up": facts.importance_looked_up,
        },
    }


def _grading_from(fields: Fields) -> Grading:
    with fields:
        facts = fields.object("facts")
        with facts:
            stated = GradeFacts(
                importance=_named(Importance, facts.optional_text("importance")),
                loss=_named(Loss, facts.optional_text("loss")),
                social=_named(SocialEffect, facts.optional_text("social")),
                importance_looked_up="importance_looked_up" in facts and facts.flag("importance_looked_up"),
            )
        reasons = tuple(_reason_from(each) for each in fields.objects("reasons"))
        return Grading(Grade[fields.text("grade")], reasons, stated)


def _reason_from(fields: Fields) -> Reason:
    with fields:
        return Reason(
            criterion=fields.text("criterion"),
            value=fields.text("value"),
            document=fields.text("document"),
            clause=fields.text("clause"),
            grade=_named(Grade, fields.optional_text("grade")),
            sure=fields.flag("sure"),
            fact=Fact(fields.text("fact") if "fact" in fields else Fact.NOT_STATED),
        )


def _confirmation(confirmation: Confirmation | None) -> Json | None:
    if confirmation is None:
        return None
    return {
        "grade": confirmation.grade.name,
        "by": confirmation.by,
        "at_us": confirmation.at_us,
        "reason": confirmation.reason,
        "overrides": confirmation.overrides,
    }


def _confirmation_from(fields: Fields | None) -> Confirmation | None:
    if fields is None:
        return None
    with fields:
        return Confirmation(
            grade=Grade[fields.text("grade")],
            by=fields.text("by"),
            at_us=fields.number("at_us"),
            reason=fields.text("reason"),
            overrides=fields.flag("overrides"),
        )


def _name(value: IntEnum | None) -> str | None:
    return value.name if value is not None else None


def _named(kind: type[Ordered], name: str | None) -> Ordered | None:
    return kind[name] if name is not None else None


def _text(value: Mapping[str, Value]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fields(text: str) -> Fields:
    try:
        return Fields(json.loads(text))
    except ValueError as wrong:
        raise StoreError(
            Words(f"状态库有一行已损坏：{wrong}。", f"A row of the state database is damaged: {wrong}."),
            hint=RESTORE,
        ) from wrong
