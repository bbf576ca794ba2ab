"""A silence: who does not want to hear what, why, and until when. Pure.

What it holds is still counted and kept; it only makes no incident and rings no bell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detection.noise.matchers import Matchers
from shouwang.errors import UsageError
from shouwang.model import Severity
from shouwang.words import Words

DAY_US: Final = 86_400_000_000
REASON_CHARS: Final = 4
"""Fewer say nothing."""


@dataclass(frozen=True, slots=True)
class Silence:
    id: str
    """``S-`` and a number."""
    matchers: Matchers
    owner: str
    reason: str
    made_us: int
    from_us: int
    to_us: int
    """Its expiry; not in it."""
    ended_us: int = 0
    """When it was ended before that; 0: it was not."""
    ended_by: str = ""

    @property
    def over_us(self) -> int:
        return self.ended_us or self.to_us

    def holds_at(self, received_us: int) -> bool:
        """By the time of receipt, so that what is done again after a kill comes out the same."""
        return self.from_us <= received_us < self.over_us


@dataclass(frozen=True, slots=True)
class Limits:
    """What a role may."""

    days: int
    critical_needs_both: bool = True
    """What is critical is held only where a rule and whom it is about are both named."""


def check(matchers: Matchers, limits: Limits) -> None:
    """Raises ``UsageError`` for what nobody, or not this role, may silence."""
    if not matchers.names_whom and not matchers.of("rule") and not matchers.of("tag"):
        raise UsageError(
            Words("范围过宽：须指明规则、标签，或具体的主机、用户、地址、资产。", "This would silence too much."),
            hint=Words(
                "网段不得宽于 /16（IPv6 为 /48）。",
                "Name a rule, a tag, or a host, user, asset or network (/16 or narrower; IPv6 /48).",
            ),
        )
    if limits.critical_needs_both and matchers.gravest is Severity.CRITICAL and not _names_both(matchers):
        raise UsageError(
            Words("分析员的静默不得涵盖全部危急告警。", "An analyst's silence may not hold everything critical."),
            hint=Words(
                "请同时指明规则和对象，或加上 severity=high，或请管理员设置。",
                "Name a rule and whom it is about, or add severity=high, or ask an administrator.",
            ),
        )


def _names_both(matchers: Matchers) -> bool:
    return bool(matchers.of("rule")) and matchers.names_whom


def check_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_CHARS:
        raise UsageError(
            Words("须写明理由。", "A reason is needed."),
            hint=Words(
                f"至少 {REASON_CHARS} 个字，写给之后要看懂它的人：--reason",
                f"At least {REASON_CHARS} characters, for whoever has to understand it: --reason",
            ),
        )


def check_times(from_us: int, to_us: int, now_us: int, days: int) -> None:
    if to_us <= max(from_us, now_us):
        raise UsageError(
            Words("结束时间须晚于开始和现在。", "It must end after it begins, and after now."),
            hint=Words(
                "例如 --for 8h，或 --until 2026-11-24T18:00。", "For example --for 8h, --until 2026-11-24T18:00."
            ),
        )
    if to_us - from_us > days * DAY_US:
        raise UsageError(
            Words(f"你的角色最长可设 {days} 天。", f"Your role may set at most {days} days."),
            hint=Words(
                "长期的例外请写成过滤文档：docs/how-to/noise.md。",
                "What is to last is a filter document: docs/how-to/noise.md.",
            ),
        )
