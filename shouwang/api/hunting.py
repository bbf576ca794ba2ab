"""Acts on hunts: rules and indicators over stored history."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Final

from pydantic import Field

from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.bilingual import heard, in_language
from shouwang.errors import UsageError
from shouwang.flows.huntalerts import HuntAlerts
from shouwang.huntfolder import Plan, State
from shouwang.hunts import Ended, Hunt, Outcome
from shouwang.model import Value
from shouwang.words import Words

OPEN_US: Final = 1 << 62
"""The end of a hunt that names none."""


class StartArgs(Args):
    asked: list[str] = Field(default_factory=list, max_length=1000)
    """What is hunted for, in the caller's words: shown."""
    ids: list[str] = Field(default_factory=list, max_length=1000)
    """Ids or names of loaded rules and correlations. Rule files come as an archive, open with the request."""
    intel: list[str] = Field(default_factory=list, max_length=100)
    """Names of sets of indicators."""
    since: str = "30d"
    until: str | None = None
    narrowing: bool = True
    """``False``: every event of the time is read, also where its stored fields rule out a match."""


class IdArgs(Args):
    id: str


class MatchesArgs(Args):
    id: str
    after: int = Field(default=0, ge=0)
    """``next`` of the answer before."""
    limit: int = Field(default=500, ge=1, le=5000)
    correlated: bool = False
    """The alerts that correlations made, instead."""


def start(context: Context, args: StartArgs) -> Json:
    """Audited when it begins and when it ends."""
    services = context.services
    if not (args.ids or args.intel or context.file is not None):
        raise UsageError(
            Words("没有指定要狩猎的规则或情报集。", "Nothing to hunt for: name a rule or a set of indicators.")
        )
    ids = [_loaded(context, each) for each in args.ids]
    for name in args.intel:
        services.intelligence.head(name)
    if context.file is not None and not stat.S_ISREG(os.fstat(context.file).st_mode):
        raise UsageError(Words("规则须以普通文件传入。", "Rules are handed over in a regular file."))
    from_us, to_us = context.since_us(args.since), context.since_us(args.until) if args.until else OPEN_US
    if to_us <= from_us:
        raise UsageError(Words("结束时间不晚于开始时间。", "The time ends before it begins."))
    return begin(context, args, ids, (from_us, to_us))


def begin(context: Context, args: StartArgs, ids: list[str], span: tuple[int, int], rules: Json | None = None) -> Json:
    """``ids``: of rules in force, or of those that ``rules`` tells the worker of (``RuleKeeper.if_adopted``)."""
    services, (from_us, to_us), now_us = context.services, span, context.now_us()
    services.hunts.require_room()
    store = services.state.acting_as(context.role.value)
    with store.act(actor=context.user, act="hunt.start", target="", at_us=now_us) as tx:
        number = tx.numbers.next("hunt")
        id = f"D-H-{number}" if services.drill else f"H-{number}"
        asked = args.asked or [*ids, *args.intel]
        tx.detail.update({"hunt": id, "asked": list[Value](asked), "from": context.time(from_us)})
        tx.detail["to"] = _until(context, to_us)
    plan = Plan(
        id=id,
        by=context.user,
        asked=asked,
        ids=ids,
        given=context.file is not None,
        intel=args.intel,
        from_us=from_us,
        to_us=to_us,
        made_us=now_us,
        zone=services.config.site.timezone,
        narrowing=args.narrowing,
        rules=rules or {},
    )
    services.hunts.begin(plan, context.file, _noting(context, id), context.lang)
    return {"id": id}


def resume(context: Context, args: IdArgs) -> Json:
    context.services.hunts.resume(args.id, _noting(context, args.id), context.lang)
    context.note("hunt.resume", args.id, {})
    return {"id": args.id}


def stop(context: Context, args: IdArgs) -> Json:
    ran = context.services.hunts.stop(args.id)
    if ran:
        context.note("hunt.stop", args.id, {})
    return {"id": args.id, "stopped": ran}


def remove(context: Context, args: IdArgs) -> Json:
    hunt = context.services.hunts.get(args.id)
    context.note("hunt.remove", args.id, {"asked": list[Value](hunt.plan.asked), "matches": hunt.state.matches})
    context.services.hunts.remove(args.id)
    return {"id": args.id, "removed": True}


def list_hunts(context: Context, args: NoArgs) -> Json:
    return {"hunts": [_told(context, hunt) for hunt in context.services.hunts.all()]}


def show(context: Context, args: IdArgs) -> Json:
    hunt = context.services.hunts.get(args.id)
    fired = sorted(hunt.state.fired.items(), key=lambda each: -each[1].count)
    return _told(context, hunt) | {
        "by_rule": [
            in_language({"rule_id": rule, "title": said.title, "level": said.level, "count": said.count}, context.lang)
            for rule, said in fired
        ],
        "refused": [words.of(context.lang) for each in hunt.state.refused if (words := heard(each)) is not None],
        "faults": dict[str, Value](hunt.state.faults),
    }


def matches(context: Context, args: MatchesArgs) -> Json:
    hunts = context.services.hunts
    page = (hunts.correlated if args.correlated else hunts.matches)(args.id, args.after, args.limit)
    return {"items": [in_language(each, context.lang) for each in page.items], "next": page.next}


def alerts(context: Context, args: IdArgs) -> Json:
    """The matches go where live ones go; those of an event and a rule that are there already change nothing."""
    services = context.services
    hunt = services.hunts.get(args.id)
    if hunt.outcome != "done":
        raise UsageError(
            Words(f"狩猎 {args.id} 尚未完成。", f"The hunt {args.id} is not done."),
            hint=Words(f"shouwang hunt --resume {args.id}", f"shouwang hunt --resume {args.id}"),
        )
    making = HuntAlerts(services.events, services.state, args.id)
    correlated = list(_all(context, args.id, correlated=True))
    chosen = making.chosen(_all(context, args.id, correlated=False), correlated, hunt.state.silenced)
    said: Json = {"hunt": args.id, "matches": len(chosen)}
    context.note("hunt.alerts", args.id, said)
    making.put(chosen)
    if services.running is not None:
        services.alerting.notify()
    else:
        while services.alerting.step().matches:
            pass
    return said


def _all(context: Context, id: str, *, correlated: bool) -> Iterator[Json]:
    hunts, after = context.services.hunts, 0
    while (page := (hunts.correlated if correlated else hunts.matches)(id, after, 1000)).items:
        yield from page.items
        after = page.next


def _loaded(context: Context, name: str) -> str:
    ruleset = context.services.ruleset
    known = [(each.id, each.name) for each in ruleset.rules] + [(each.id, each.name) for each in ruleset.correlations]
    for id, named in known:
        if name and name in (id, named):
            return id
    raise UsageError(
        Words(f"没有文件，也没有已加载的规则 {name!r}。", f"There is no file and no loaded rule {name!r}."),
        hint=Words("`shouwang rules list` 列出已加载的规则。", "`shouwang rules list` lists those loaded."),
    )


def _noting(context: Context, id: str) -> Ended:
    def ended(outcome: Outcome, why: str, state: State) -> None:
        numbers: Json = {"passed": state.passed, "total": state.total, "read": state.read, "matches": state.matches}
        context.note("hunt.end", id, {"outcome": outcome, **({"why": why} if why else {}), **numbers})

    return ended


def _until(context: Context, to_us: int) -> str | None:
    return None if to_us == OPEN_US else context.time(to_us)


def _told(context: Context, hunt: Hunt) -> Json:
    plan, state = hunt.plan, hunt.state
    return {
        "id": plan.id,
        "state": hunt.outcome,
        "why": hunt.why,
        "kind": hunt.kind,
        "by": plan.by,
        "asked": list[Value](plan.asked),
        "made": context.time(plan.made_us),
        "from": context.time(plan.from_us),
        "to": _until(context, plan.to_us),
        "rules": state.rules,
        "correlations": state.correlations,
        "correlated": state.correlated,
        "evicted": state.evicted,
        **hunt.progress,
    }
