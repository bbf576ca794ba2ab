"""What the machine itself owes the house."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

from shouwang.model import Finding, Level
from shouwang.words import Words

_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""


def findings(clock: int | None) -> Iterator[Finding]:
    """``clock``: what ``clock_state`` says."""
    if clock == _TIME_ERROR:
        yield Finding(
            Level.DEGRADED,
            Words("系统时钟未与时间源同步。", "The system clock is not synchronised."),
            Words(
                "请启用 chrony 或 systemd-timesyncd：事件的先后和法定时限都以它为准。",
                "Turn on chrony or systemd-timesyncd: the order of events and the legal deadlines go by it.",
            ),
        )


def clock_state() -> int | None:
    """The kernel's word on the clock, by adjtimex(2); ``None`` where there is no such call."""
    try:
        return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))  # modes 0: asks, changes nothing
    except (OSError, AttributeError, TypeError):
        return None
