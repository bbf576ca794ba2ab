"""Acts on rules: why one fires or does not."""

from __future__ import annotations

from pydantic import Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.flows import ruleexplaining
from shouwang.flows.alerting.remembering import held_of
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


def _event(context: Context, event_id: bytes) -> Event:
    page = context.services.events.read(Query(ids=(event_id,)), newest_first=True, after=None, limit=1)
    if not page.items:
        raise UsageError(
            Words(f"没有编号为 {event_id.hex()} 的事件。", f"There is no event {event_id.hex()}."),
            hint=Words("`shouwang search --json` 会给出编号。", "`shouwang search --json` gives ids."),
        )
    return page.items[0]
