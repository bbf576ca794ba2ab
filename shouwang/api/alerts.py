"""Acts on alerts."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.eventjson import event_json
from shouwang.flows.excepting import Signed, drafted, write
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


class ExceptArgs(Args):
    id: str
    fields: list[str] = Field(max_length=20)
    """``name=value`` each; all must be so in an event that is excepted."""
    reason: str = Field(max_length=500)
    draft: bool = False
    """Only show what would be written."""


def except_alert(context: Context, args: ExceptArgs) -> Json:
    """For ever, unlike a silence: what it excepts is no match any more, and counts nowhere."""
    services = context.services
    if services.drill:
        raise UsageError(
            Words("演练中不能更改规则。", "A drill does not change the site's rules."),
            hint=Words("请在正式数据目录中更改。", "Change them in the site's own home."),
        )
    alert = _found(context, args.id)
    day = date.fromisoformat(context.time(context.now_us())[:10])
    signed = Signed(context.user, args.reason.strip(), day, alert.id)
    events = services.events.read(Query(ids=alert.event_ids), newest_first=False, after=None, limit=100).items
    draft = drafted(services.ruleset, alert, args.fields, signed, events=events, rules=services.home.rules)
    said: Json = {"alert": alert.id, "rules": list(draft.rules), "text": draft.text, "path": None}
    if not args.draft:
        path = write(draft, services.keeper.reload)
        said["path"] = str(path)
        detail: Json = {"path": str(path), "rules": list(draft.rules), "fields": list(args.fields)}
        context.note("alerts.except", alert.id, detail | {"reason": signed.reason})
    return said


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
    alert = _found(context, args.id)
    alerts, events = context.services.state.alerts.held_by().get(alert.id, (0, 0))
    return context.services.response.alert_json(alert, context.lang) | {
        "inhibits": {"alerts": alerts, "events": events},
        "events": _events(context, alert),
    }


def _found(context: Context, alert_id: str) -> Alert:
    alert = context.services.state.alerts.get(alert_id)
    if alert is None:
        raise UsageError(
            Words(f"没有告警 {alert_id!r}。", f"There is no alert {alert_id!r}."),
            hint=Words("可查看：shouwang alerts list", "See: shouwang alerts list"),
        )
    return alert


def _events(context: Context, alert: Alert) -> list[Value]:
    """Those that are still in the store, oldest first."""
    if not alert.event_ids:
        return []
    query = Query(ids=alert.event_ids)
    page = context.services.events.read(query, newest_first=False, after=None, limit=len(alert.event_ids))
    return [event_json(event, context.zone) for event in page.items]
