"""When the disk will be full. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shouwang.eventstore.base import DayLedger

LOOKED_AT_DAYS: Final = 7
FARTHEST_DAYS: Final = 3660


@dataclass(frozen=True, slots=True)
class Growth:
    bytes_a_day: int
    """At the pace of the last seven whole days that received anything; 0: not known yet."""
    days_left: int | None
    """Until the disk is full; ``None``: it suffices until as many days go as come, or nothing is known yet."""

    def full_on(self, today: date) -> date | None:
        if self.days_left is None or self.days_left > FARTHEST_DAYS:
            return None
        return today + timedelta(days=self.days_left)


def growth(ledger: Collection[DayLedger], taken_bytes: int, free_bytes: int, keep_days: int) -> Growth:
    """``taken_bytes``: what the events of the ledger's days take on the disk now."""
    by_day: dict[date, int] = {}
    for row in ledger:
        by_day[row.day] = by_day.get(row.day, 0) + row.bytes
    whole = sorted(by_day)[-LOOKED_AT_DAYS - 1 : -1]
    kept = sum(by_day.values())
    if not whole or not kept:
        return Growth(0, None)
    bytes_a_day = int(taken_bytes / kept * sum(by_day[day] for day in whole) / len(whole))
    if not bytes_a_day:
        return Growth(0, None)
    days_left = max(free_bytes, 0) // bytes_a_day
    until_level = keep_days + 1 - (max(by_day) - min(by_day)).days
    return Growth(bytes_a_day, None if days_left >= until_level else days_left)
