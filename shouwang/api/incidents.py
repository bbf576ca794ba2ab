"""Acts on incidents. What they mean is the incidents' business; here arguments are read and answers written."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field

from shouwang.api.context import Args, Context, Json
from shouwang.api.records import detail_value
from shouwang.audit import Entry
from shouwang.model import (
    Disposition,
    Grade,
    GradeFacts,
    Importance,
    Incident,
    IncidentState,
    Loss,
    SocialEffect,
    Value,
)
from shouwang.words import Words

Degree = TypeVar("Degree", Importance, Loss, SocialEffect, Grade)


def _word(kind: type[IntEnum]) -> BeforeValidator:
    """Reads the wire's name, or the Chinese one."""
    words = {word: each for each in kind for word in (each.name.lower(), getattr(each, "zh", ""))}

    def read(value: object) -> object:
        if value is None:
            return None
        found = words.get(value.lower()) if isinstance(value, str) else None
        if found is None:
            names = ", ".join(f"{each.name.lower()} {getattr(each, 'zh', '')}" for each in kind)
            raise ValueError(Words(f"请写以下之一：{names}", f"write one of: {names}"))
        return found

    return BeforeValidator(read)


def _disposition(value: object) -> object:
    words = {word: each for each in Disposition for word in (each.value, each.words.zh)}
    found = words.get(value) if isinstance(value, str) else None
    if found is None:
        names = ", ".join(f"{each.value} {each.words.zh}" for each in Disposition)
        raise ValueError(Words(f"请写以下之一：{names}", f"write one of: {names}"))
    return found


class ListArgs(Args):
    state: Literal["open", "claimed", "triaged", "closed"] | None = None
    limit: int = Field(default=200, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class IdArgs(Args):
    id: str


class TriageArgs(IdArgs):
    disposition: Annotated[Disposition, BeforeValidator(_disposition)]
    reason: str = Field(max_length=10_000)


class GradeArgs(IdArgs):
    importance: Annotated[Importance | None, _word(Importance)] = None
    loss: Annotated[Loss | None, _word(Loss)] = None
    social: Annotated[SocialEffect | None, _word(SocialEffect)] = None
    grade: Annotated[Grade | None, _word(Grade)] = None
    reason: str | None = Field(default=None, max_length=10_000)


class CloseArgs(IdArgs):
    reason: str = Field(max_length=10_000)


class ReportArgs(IdArgs):
    format: Literal["md", "html", "json"] = "md"
    lang: Literal["zh", "en"] = "zh"


def list_incidents(context: Context, args: ListArgs) -> Json:
    state = IncidentState(args.state) if args.state else None
    total, found = context.services.state.incidents.list(state=state, limit=args.limit, offset=args.offset)
    response = context.services.response
    return {"total": total, "incidents": [response.incident_json(each, context.lang) for each in found]}


def show(context: Context, args: IdArgs) -> Json:
    services = context.services
    with services.state.reading() as tables:
        incident = services.response.found(tables, args.id)
        _, alerts = tables.alerts.list(incident_id=incident.id, limit=1000)
        _, entries = tables.trail.list(target=incident.id, limit=1000)
    timeline: list[Value] = [_done_then(context, entry) for entry in reversed(entries)]
    items: list[Value] = [services.response.alert_json(alert, context.lang) for alert in alerts]
    return services.response.incident_json(incident, context.lang) | {"alert_items": items, "timeline": timeline}


def _done_then(context: Context, entry: Entry) -> Json:
    """An entry of the trail: its facts, and the same as a sentence in the reader's language."""
    return {
        "at": context.time(entry.at_us),
        "actor": entry.actor,
        "act": entry.act,
        "detail": detail_value(entry.detail, context.lang),
        "says": context.services.response.says(entry, context.lang),
    }


def claim(context: Context, args: IdArgs) -> Json:
    return _done(context, lambda: context.services.response.claim(context.user, context.role.value, args.id))


def triage(context: Context, args: TriageArgs) -> Json:
    response = context.services.response
    return _done(
        context, lambda: response.triage(context.user, context.role.value, args.id, args.disposition, args.reason)
    )


def grade(context: Context, args: GradeArgs) -> Json:
    facts = GradeFacts(args.importance, args.loss, args.social)
    response = context.services.response
    return _done(
        context,
        lambda: response.grade(
            context.user, context.role.value, args.id, facts=facts, grade=args.grade, reason=args.reason or ""
        ),
    )


def close(context: Context, args: CloseArgs) -> Json:
    response = context.services.response
    return _done(context, lambda: response.close(context.user, context.role.value, args.id, args.reason))


def _done(context: Context, act: Callable[[], Incident]) -> Json:
    return context.services.response.incident_json(act(), context.lang)


def report(context: Context, args: ReportArgs) -> Json:
    paper = context.services.response.report(args.id, args.format, args.lang)
    return {"filename": paper.filename, "content": paper.content}
