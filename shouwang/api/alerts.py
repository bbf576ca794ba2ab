"""Acts on alerts."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.eventjson import event_json
from shouwang.model import Alert, AlertState, Severity, Value
from shouwang.query import Query
from shouwang.words import Words


def _severity(value: object) -> object:
    if isinstance(value, str) and value.upper() in Severity.__members__:
        return Severity[value.upper()]
    names = ", ".join(each.name.lower() for each in Severity)
    raise ValueError(Words(f"请写以下之一：{names}", f"write one of {names}"))


class ListArgs(Args):
    state: Literal["open", "closed"] | None = None
    severity: Annotated[Severity | None, BeforeValidator(lambda value: None if value is None else _severity(value))] = (
        None
    )
    """The least wanted."""
    incident: str | None = None
    since: str | None = None
    held: bool = False
    """Also those that a silence, a maintenance window or another alert holds back."""
    held_by: str | None = None
    """Only those that this one holds back."""
    limit: int = Field(default=200, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class ShowArgs(Args):
    id: str


def list_alerts(context: Context, args: ListArgs) -> Json:
    """``hidden``: how many more there are that something holds back."""
    only_heard = not args.held and args.held_by is None
    with context.services.state.reading() as tables:
        find = partial(
            tables.alerts.list,
            state=AlertState(args.state) if args.state else None,
            severity=args.severity,
            incident_id=args.incident,
            since_us=context.since_us(args.since) if args.since else None,
        )
        total, found = find(
            held=False if only_heard else None, held_by=args.held_by, limit=args.limit, offset=args.offset
        )
        hidden = find(held=True, limit=0)[0] if only_heard else 0
    alert_json = context.services.response.alert_json
    return {"total": total, "hidden": hidden, "alerts": [alert_json(alert, context.lang) for alert in found]}


def show(context: Context, args: ShowArgs) -> Json:
    alert = context.services.state.alerts.get(args.id)
    if alert is None:
        raise UsageError(
            Words(f"没有告警 {args.id!r}。", f"There is no alert {args.id!r}."),
            hint=Words("可查看：shouwang alerts list", "See: shouwang alerts list"),
        )
    alerts, events = context.services.state.alerts.held_by().get(alert.id, (0, 0))
    return context.services.response.alert_json(alert, context.lang) | {
        "inhibits": {"alerts": alerts, "events": events},
        "events": _events(context, alert),
    }


def _events(context: Context, alert: Alert) -> list[Value]:
    """Those that are still in the store, oldest first."""
    if not alert.event_ids:
        return []
    query = Query(ids=alert.event_ids)
    page = context.services.events.read(query, newest_first=False, after=None, limit=len(alert.event_ids))
    return [event_json(event, context.zone) for event in page.items]
