"""Acts on rules: why one fires or does not, others in their place."""

from __future__ import annotations

import os
import stat

from pydantic import Field

from shouwang.api import hunting
from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.errors import ShouwangError, UsageError
from shouwang.flows import rulecoverage, ruleexplaining, rulescoring
from shouwang.flows.alerting.remembering import held_of
from shouwang.flows.ruleloading import Reloaded, difference_json, version
from shouwang.model import Event
from shouwang.query import Query
from shouwang.words import Words


class ExplainArgs(Args):
    rule: str = Field(min_length=1, max_length=400)
    """Id, name, title or file name of one that is loaded."""
    event: str = Field(pattern=r"^[0-9a-f]{32}$")


def explain(context: Context, args: ExplainArgs) -> Json:
    ruleset = context.services.ruleset
    rule = ruleexplaining.find(ruleset, args.rule)
    event = _event(context, bytes.fromhex(args.event))
    if isinstance(rule, ruleexplaining.Correlation):
        state = context.services.state
        return ruleexplaining.told_standing(rule, ruleset, event, lambda name: held_of(state, name), context.zone)
    return ruleexplaining.told_event(rule, event, context.zone)


class ReloadArgs(Args):
    partly: bool = False
    """Take what loads, though some that loaded before is refused now."""


def reload(context: Context, args: ReloadArgs) -> Json:
    """Audited once the new rules are in force."""
    reloaded = context.services.keeper.reload(partly=args.partly)
    said = _said(context, reloaded)
    context.note("rules.reload", str(reloaded.edition.number), _numbers(said))
    return said


class StageArgs(Args):
    name: str = Field(min_length=1, max_length=63)
    path: str = Field(min_length=1, max_length=4096)
    """What the caller calls the archive: shown. The archive itself comes open with the request."""
    sha256: str = Field(default="", pattern=r"^([0-9A-Fa-f]{64})?$")


class VersionArgs(Args):
    name: str = Field(min_length=1, max_length=63)
    version: str = Field(min_length=1, max_length=80)


class SetArgs(Args):
    name: str = Field(min_length=1, max_length=63)


class ReplayArgs(VersionArgs):
    ids: list[str] = Field(min_length=1, max_length=20_000)
    """Of ``rules.stage``'s ``replay``."""
    since: str = "7d"


def stage(context: Context, args: StageArgs) -> Json:
    """Nothing is in force yet: what is different is told, and the version waits for ``rules.adopt``."""
    given = context.required_file()
    if not stat.S_ISREG(os.fstat(given).st_mode):
        raise UsageError(
            Words(f"{args.path} 不是普通文件。", f"{args.path} is no regular file."),
            hint=Words("请先存成文件。", "Write it into a file first."),
        )
    _refuse_in_drill(context)
    keeper = context.services.keeper
    staged = keeper.stage(args.name, given, sha256=args.sha256, lang=context.lang, told=lambda _said: _go_on(context))
    context.note("rules.stage", args.name, {"path": args.path, **_numbers(staged)})
    return staged


def replay(context: Context, args: ReplayArgs) -> Json:
    """A hunt with the new and changed rules of a version that waits, as they would be in force with it."""
    rules = context.services.keeper.if_adopted(args.name, args.version)
    asked = hunting.StartArgs(asked=[f"rules update {args.name} {args.version}"])
    return hunting.begin(context, asked, args.ids, (context.since_us(args.since), hunting.OPEN_US), rules)


def adopt(context: Context, args: VersionArgs) -> Json:
    _refuse_in_drill(context)
    said = _said(context, context.services.keeper.adopt(args.name, args.version))
    context.note("rules.adopt", args.name, {"set_version": args.version, **_numbers(said)})
    return said


def discard(context: Context, args: VersionArgs) -> Json:
    context.services.keeper.sets.discard(args.name, args.version)
    return {"name": args.name, "version": args.version, "discarded": True}


def rollback(context: Context, args: SetArgs) -> Json:
    _refuse_in_drill(context)
    keeper = context.services.keeper
    said = _said(context, keeper.rollback(args.name))
    pointer = keeper.sets.pointer(args.name)
    said["set_version"] = pointer.current if pointer else None
    context.note("rules.rollback", args.name, _numbers(said))
    return said


def sets(context: Context, args: NoArgs) -> Json:
    found = context.services.keeper.sets
    pointers = {name: pointer for name in found.names() if (pointer := found.pointer(name)) is not None}
    return {
        "sets": [
            {"name": name, "version": pointer.current, "before": list(pointer.before)}
            for name, pointer in pointers.items()
        ]
    }


class CoverageArgs(Args):
    since: str = "7d"


class ScorecardArgs(Args):
    since: str = "30d"
    until: str | None = None


def coverage(context: Context, args: CoverageArgs) -> Json:
    """Of the rules in force; and which of them no event since then can reach."""
    services, since_us = context.services, context.since_us(args.since)
    reached = rulecoverage.reached(services.ruleset, services.events, since_us)
    return {"since": context.time(since_us), **rulecoverage.covered(services.ruleset), **reached}


def scorecard(context: Context, args: ScorecardArgs) -> Json:
    services, since_us = context.services, context.since_us(args.since)
    until_us = context.since_us(args.until) if args.until else context.now_us()
    said = services.ruleset.titles()
    scored = rulescoring.scored(services.state, services.ruleset, said, (since_us, until_us), context.lang)
    return {"since": context.time(since_us), "until": context.time(until_us), **scored}


def _refuse_in_drill(context: Context) -> None:
    if context.services.drill:
        raise UsageError(
            Words("演练中不能更改规则集。", "A drill does not change the site's rules."),
            hint=Words("请在正式数据目录中更改。", "Change them in the site's own home."),
        )


def _go_on(context: Context) -> None:
    running = context.services.running
    if running is not None and running.stopping():
        raise ShouwangError(Words("守护进程正在停止。", "The daemon ends."))


def _said(context: Context, reloaded: Reloaded) -> Json:
    ruleset, change = reloaded.edition.ruleset, reloaded.difference
    return {
        "edition": reloaded.edition.number,
        "since": context.time(reloaded.edition.since_us),
        "rules": len(ruleset.rules),
        "correlations": len(ruleset.correlations),
        "version": version(ruleset),
        "inhibits": reloaded.inhibits,
        "waiting": [*reloaded.waiting],
        **difference_json(change, context.lang),
    }


def _numbers(said: Json) -> Json:
    """Lists as how many there are."""
    return {name: len(value) if isinstance(value, list) else value for name, value in said.items()}


def _event(context: Context, event_id: bytes) -> Event:
    page = context.services.events.read(Query(ids=(event_id,)), newest_first=True, after=None, limit=1)
    if not page.items:
        raise UsageError(
            Words(f"没有编号为 {event_id.hex()} 的事件。", f"There is no event {event_id.hex()}."),
            hint=Words("`shouwang search --json` 会给出编号。", "`shouwang search --json` gives ids."),
        )
    return page.items[0]
