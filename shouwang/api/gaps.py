"""Which correlations have evaluated what, and what they could not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shouwang.api.context import Args, Context, Json
from shouwang.model import Finding, Level
from shouwang.statestore.gaps import FILLS, Gap
from shouwang.wiring import Services
from shouwang.words import Words, many

DAY_US: Final = 86_400_000_000


class GapsArgs(Args):
    since: str = "7d"
    """Gaps that reach into this time are listed."""


def gaps(context: Context, args: GapsArgs) -> Json:
    services, since_us = context.services, context.since_us(args.since)
    found = services.state.gaps.list(since_us)
    covered = services.alerting.coverage()
    said = {name: title.of(context.lang) for name, title in services.ruleset.titles().items()}
    return {
        "green": not any(map(_open, found)) and all(each.along for each in covered),
        "since": context.time(since_us),
        "correlations": [
            {
                "id": each.id,
                "title": said.get(each.id, ""),
                "along": each.along,
                "remembered": each.remembered,
                "late": each.counters.late,
                "evicted": each.counters.evicted,
                "ungrouped": each.counters.ungrouped,
                "unread": each.counters.unread,
                "faults": each.counters.faults,
            }
            for each in covered
        ],
        "gaps": [_gap(context, gap, said) for gap in found],
    }


def _gap(context: Context, gap: Gap, said: dict[str, str]) -> Json:
    return {
        "correlation": gap.name or None,
        "title": said.get(gap.name, ""),
        "reason": gap.reason.value,
        "from": context.time(gap.from_us),
        "to": context.time(gap.to_us),
        "filled": context.optional_time(gap.filled_us),
        "fills": gap.reason in FILLS,
        "count": gap.count,
    }


def _open(gap: Gap) -> bool:
    return not gap.filled_us


def findings(services: Services) -> Iterable[Finding]:
    """Gaps of the last day that are not filled."""
    found = [gap for gap in services.state.gaps.list(services.clock.now_us() - DAY_US) if _open(gap)]
    filling = sum(gap.reason in FILLS for gap in found)
    lost = len(found) - filling
    hint = Words("详情：`shouwang rules gaps`。", "`shouwang rules gaps` lists them.")
    if filling:
        yield Finding(
            Level.DEGRADED,
            Words(
                f"关联分析有 {filling} 段尚未补评。",
                f"Correlations are still reading {many(filling, 'stretch', 'stretches')} again.",
            ),
            hint,
        )
    if lost:
        yield Finding(
            Level.DEGRADED,
            Words(
                f"过去一天关联分析有 {lost} 段未能完整评估（迟到、内存不足或出错）。",
                f"In the last day correlations could not wholly evaluate {many(lost, 'stretch', 'stretches')}"
                " (late, no room, a fault).",
            ),
            hint,
        )
