"""Where time comes from. Everything that asks for the time is handed a Clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_us(self) -> int:
        """UTC microseconds since 1970."""
        ...


class SystemClock:
    def now_us(self) -> int:
        return time.time_ns() // 1000


class ResumedClock:
    """Goes on from a moment, at the pace of the machine: the clock of a drill's home after its replay."""

    def __init__(self, start_us: int) -> None:
        self._start_us = start_us
        self._began_ns = time.monotonic_ns()

    def now_us(self) -> int:
        return self._start_us + (time.monotonic_ns() - self._began_ns) // 1000


class ManualClock:
    """A clock that a test, or a drill's replay, sets by hand."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        return self._now_us

    def set(self, now_us: int) -> None:
        self._now_us = now_us

    def advance(self, seconds: float) -> None:
        self._now_us += round(seconds * 1_000_000)
