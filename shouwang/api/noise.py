"""Acts on silences and maintenance windows."""

from __future__ import annotations

from pydantic import Field

from shouwang.access import Role
from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.flows import noise, ruleexplaining
from shouwang.flows.noise import Actor, Held, Noise, Plan
from shouwang.model import Holder, Value
from shouwang.words import Words

Matching = dict[str, list[str]]


class PreviewArgs(Args):
    match: list[str] = Field(default_factory=list, max_length=200)
    """``name=value`` each."""
    alert: str = Field(default="", max_length=40)
    """An alert whose like is meant: adds its rule and whom it is grouped by."""


class SilenceArgs(PreviewArgs):
    reason: str = Field(max_length=500)
    until: str = Field(min_length=1, max_length=40)
    starts: str = Field(default="", max_length=40)


class MaintenanceArgs(Args):
    match: list[str] = Field(max_length=200)
    reason: str = Field(max_length=500)
    until: str = Field(min_length=1, max_length=40)
    starts: str = Field(default="", max_length=40)
    weekly: bool = False
    last: str = Field(default="", max_length=40)


class ListArgs(Args):
    over: bool = False
    """Also those that are over."""


class IdArgs(Args):
    id: str = Field(min_length=1, max_length=40)


def silences(context: Context, args: ListArgs) -> Json:
    return {"silences": _listed(context, Holder.SILENCE, over=args.over)}


def silence(context: Context, args: SilenceArgs) -> Json:
    control, asked = of(context), _asked(context, args)
    _, would = control.would_hold(asked)
    made = control.silence(_actor(context), asked, Plan(args.until, args.starts), args.reason)
    return control.json(made, Held(), context.lang, context.time) | {"would_have_held": _held(would)}


def preview(context: Context, args: PreviewArgs) -> Json:
    control = of(context)
    matchers, would = control.would_hold(_asked(context, args))
    what = matchers.sentence(context.services.ruleset.titles()).of(context.lang)
    return {"what": what, "would_have_held": _held(would)}


def end_silence(context: Context, args: IdArgs) -> Json:
    return _ended(context, args.id, Holder.SILENCE)


def windows(context: Context, args: ListArgs) -> Json:
    return {"maintenance": _listed(context, Holder.MAINTENANCE, over=args.over)}


def maintain(context: Context, args: MaintenanceArgs) -> Json:
    control = of(context)
    plan = Plan(args.until, args.starts, args.weekly, args.last)
    made = control.maintain(_actor(context), _known(context, noise.of_pairs(args.match)), plan, args.reason)
    return control.json(made, Held(), context.lang, context.time)


def end_maintenance(context: Context, args: IdArgs) -> Json:
    return _ended(context, args.id, Holder.MAINTENANCE)


def overview(context: Context) -> Json:
    """For the status: what holds alerts back now, what did until lately, and all that was held."""
    control = of(context)
    found, total = control.overview()
    told = [control.json(hold, held, context.lang, context.time) for hold, held in found]
    return {
        "active": [each for each in told if each["state"] == "active"],
        "planned": [each for each in told if each["state"] == "planned"],
        "ended": [each for each, (_, held) in zip(told, found, strict=True) if each["state"] == "over" and held.alerts],
        "held": _held(total),
    }


def of(context: Context) -> Noise:
    services = context.services
    limits = services.keeper.settings.silences
    return Noise(
        services.state,
        services.clock,
        zone=context.zone,
        analyst_days=limits.analyst_days,
        administrator_days=limits.administrator_days,
        titles=services.ruleset.titles,
        drill=services.drill,
    )


def _listed(context: Context, kind: Holder, *, over: bool) -> list[Value]:
    control = of(context)
    return [control.json(hold, held, context.lang, context.time) for hold, held in control.listed(kind, over=over)]


def _ended(context: Context, hold_id: str, kind: Holder) -> Json:
    control = of(context)
    ended = control.end(_actor(context), hold_id, kind)
    held = next(held for hold, held in control.listed(kind, over=True) if hold.id == ended.id)
    return control.json(ended, held, context.lang, context.time)


def _actor(context: Context) -> Actor:
    return Actor(context.user, context.role.value, context.role is Role.ADMINISTRATOR)


def _held(held: Held) -> Json:
    return {"alerts": held.alerts, "events": held.events}


def _asked(context: Context, args: PreviewArgs) -> Matching:
    asked = noise.of_pairs(args.match)
    if args.alert:
        alert = context.services.state.alerts.get(args.alert)
        if alert is None:
            raise UsageError(
                Words(f"没有告警 {args.alert!r}。", f"There is no alert {args.alert!r}."),
                hint=Words("可查看：shouwang alerts list", "See: shouwang alerts list"),
            )
        asked = of(context).of_alert(alert) | asked
    return _known(context, asked)


def _known(context: Context, asked: Matching) -> Matching:
    """Rules by their ids, assets that are registered: what is misspelt would hold nothing."""
    for name in asked.get("asset", ()):
        if context.services.assets.get(name) is None:
            raise UsageError(
                Words(f"登记表中没有资产 {name!r}。", f"There is no asset {name!r} in the register."),
                hint=Words(
                    "资产写在 shouwang.toml 的 [[asset]] 中。", "Assets stand under [[asset]] in shouwang.toml."
                ),
            )
    if "rule" in asked:
        asked = asked | {"rule": [_rule(context, each) for each in asked["rule"]]}
    return asked


def _rule(context: Context, text: str) -> str:
    if text.startswith("intel:"):
        return text
    return ruleexplaining.find(context.services.ruleset, text).id
