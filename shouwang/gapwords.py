"""Why a gap of the ledger is still open, and what to do about it, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shouwang.statestore.gaps import Gap, GapReason, Hindrance
from shouwang.words import NOTHING, Words

_HUNT: Final = Words(
    "可用 `shouwang hunt 规则 --since …` 回查这段时间。", "`shouwang hunt RULE --since ...` looks at that time."
)

_WHY: Final[Mapping[Hindrance, tuple[Words, Words]]] = {
    Hindrance.NONE: (Words("尚未补评", "not yet evaluated again"), NOTHING),
    Hindrance.WAITS: (
        Words("已补评，待不再变化后复核", "evaluated; looked at once more when nothing can change"),
        NOTHING,
    ),
    Hindrance.ROOM: (
        Words("补评时也记不下，稍后再试", "too much even to evaluate it again; tried again later"),
        Words(
            "请收窄该规则：加过滤、缩短 timespan，或减少 group-by 的取值。",
            "Narrow the rule: a filter, a shorter timespan, fewer groups.",
        ),
    ),
    Hindrance.FAULT: (
        Words("规则再次出错", "it failed again"),
        Words(
            "请修改规则后执行 `shouwang rules reload`，守护进程日志列出了错误。",
            "Mend the rule, then `shouwang rules reload`; the daemon's log has the error.",
        ),
    ),
    Hindrance.GONE: (Words("所需日志已不在库中", "what it needs is not all stored any more"), NOTHING),
    Hindrance.FAR: (Words("时间过久（超过 7 天）", "too long ago (over 7 days)"), _HUNT),
    Hindrance.WINDOWS: (Words("无法确定时间窗的起点", "it is not known where its windows began"), _HUNT),
}


def why(gap: Gap) -> Words:
    if gap.reason is GapReason.FAULT and not gap.tries:
        return Words("规则在这些日志上出错，未能判断", "it failed on these events instead of answering")
    return _WHY[gap.why][0]


def hint(gap: Gap) -> Words:
    """What to do; empty: nothing, it is being seen to, or nothing helps."""
    return _WHY[gap.why][1]
