"""Which rules and correlations have evaluated what, and what they could not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shouwang.api.context import Args, Context, Json
from shouwang.gapwords import hint, why
from shouwang.model import Finding, Level
from shouwang.statestore.gaps import LASTING, Gap, Hindrance
from shouwang.wiring import Services
from shouwang.words import Words, many

DAY_US: Final = 86_400_000_000
MOST_NAMED: Final = 5
ALL: Final = Words("全部关联规则", "All correlations")


class GapsArgs(Args):
    since: str = "7d"
    """Gaps that reach into this time are listed."""


def gaps(context: Context, args: GapsArgs) -> Json:
    services, since_us = context.services, context.since_us(args.since)
    found = services.state.gaps.list(since_us)
    covered = services.alerting.coverage()
    said = {name: title.of(context.lang) for name, title in services.ruleset.titles().items()}
    return {
        "green": not any(_open(gap) and _counts(services, gap) for gap in found)
        and all(each.along for each in covered),
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
        "fills": gap.fills,
        "count": gap.count,
        "happened": [context.time(gap.first_us), context.time(gap.last_us)] if gap.last_us else None,
        "tries": gap.tries,
        "next": context.optional_time(gap.next_us if _open(gap) and gap.fills else 0),
        "why": "" if gap.filled_us else why(gap).of(context.lang),
        "hint": "" if gap.filled_us else hint(gap).of(context.lang),
    }


def _open(gap: Gap) -> bool:
    return not gap.filled_us


def _counts(services: Services, gap: Gap) -> bool:
    """What is not loaded any more evaluates nothing, and lacks nothing."""
    return not gap.name or gap.name in services.ruleset.titles()


def open_gaps(services: Services) -> list[Gap]:
    """Of rules and correlations in force. What can never be filled is told for a week."""
    since_us = services.clock.now_us() - 7 * DAY_US
    titles = services.ruleset.titles()
    return [
        gap
        for gap in services.state.gaps.open()
        if (not gap.name or gap.name in titles) and (gap.why not in LASTING or gap.to_us >= since_us)
    ]


def findings(services: Services) -> Iterable[Finding]:
    found = open_gaps(services)
    filling = sum(gap.fills and gap.why is not Hindrance.WAITS for gap in found)
    if filling:
        yield Finding(
            Level.DEGRADED,
            Words(
                f"规则有 {filling} 段时间尚待补评。",
                f"Rules have still to evaluate {many(filling, 'stretch', 'stretches')} again.",
            ),
            Words(
                "会自动补齐；详情：`shouwang rules gaps`。", "That goes by itself; `shouwang rules gaps` lists them."
            ),
        )
    titles = services.ruleset.titles()
    lost = [gap for gap in found if not gap.fills]
    for gap in lost[:MOST_NAMED]:
        title = titles.get(gap.name, ALL)
        yield Finding(
            Level.DEGRADED,
            Words(
                f"“{title.zh}”有一段时间未能评估（{gap.count} 条）：{why(gap).zh}。",
                f'"{title.en}" could not evaluate a stretch ({many(gap.count, "event")}): {why(gap).en}.',
            ),
            Words(
                f"{hint(gap).zh}详情：`shouwang rules gaps`。",
                f"{hint(gap).en} `shouwang rules gaps` lists it.".strip(),
            ),
        )
    if len(lost) > MOST_NAMED:
        more = len(lost) - MOST_NAMED
        yield Finding(
            Level.DEGRADED,
            Words(f"另有 {more} 段未能评估。", f"{many(more, 'further stretch', 'further stretches')} not evaluated."),
            Words("详情：`shouwang rules gaps`。", "`shouwang rules gaps` lists them."),
        )
