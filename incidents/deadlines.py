"""The legal clock of an incident: if it must be reported, to whom and until when. Pure.

It runs from 发现/获知 (``found_at_us``) whatever is done later, and it never says that nothing is due: that is a
person's decision (国家网络安全事件报告管理办法, article 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from incidents.criteria import ReportingMeasures
from shouwang.errors import UsageError
from shouwang.words import Words


@dataclass(frozen=True, slots=True)
class LegalClock:
    operator: Words
    report_to: tuple[Words, ...]
    document: Words
    clause: Words
    sure: bool
    limit_minutes: int
    latest_us: int
    remaining_s: int
    """Until ``latest_us``, rounded down; negative when it has passed."""
    decided: bool | None = None
    """Whether a named person has decided that it must be reported; ``None``: nobody has."""


def clock(operator: str, found_at_us: int, now_us: int, measures: ReportingMeasures) -> LegalClock:
    """Raises ``UsageError`` for a kind of operator that the measures do not have."""
    deadline = measures.deadlines.get(operator)
    if deadline is None:
        kinds = ", ".join(measures.deadlines)
        raise UsageError(
            Words(f"没有运营者类别 {operator!r}。", f"{operator!r} is no kind of operator."),
            hint=Words(f"可选：{kinds}。", f"One of: {kinds}."),
        )
    latest_us = found_at_us + deadline.max_minutes * 60_000_000
    return LegalClock(
        operator=deadline.name,
        report_to=deadline.to,
        document=measures.document.title,
        clause=deadline.clause,
        sure=deadline.sure,
        limit_minutes=deadline.max_minutes,
        latest_us=latest_us,
        remaining_s=(latest_us - now_us) // 1_000_000,
    )
