"""Acts on rules: why one fires or does not, others in their place."""

from __future__ import annotations

from pydantic import Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.flows import ruleexplaining
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


def _said(context: Context, reloaded: Reloaded) -> Json:
    ruleset, change = reloaded.edition.ruleset, reloaded.difference
    return {
        "edition": reloaded.edition.number,
        "since": context.time(reloaded.edition.since_us),
        "rules": len(ruleset.rules),
        "correlations": len(ruleset.correlations),
        "version": version(ruleset),
        **difference_json(change),
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
