"""How long logs are kept, and which days may go. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

FLOOR_DAYS: Final = 184
"""Network logs are kept at least six months (网络安全法, 2017: art. 21): six months have at most 184 days."""

MOST_A_DAY: Final = 2
"""Days that go in one day. One falls due each day; a clock that leaps ahead must not empty the store at once."""

_LOOK_BACK: Final = timedelta(days=7)
_SEEN_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Days that a named person has ordered to be kept, whatever their age."""

    name: str
    first: date
    last: date
    """It too is held."""
    reason: str
    by: str
    made_us: int

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


def first_free(day: date, keep_days: int = FLOOR_DAYS) -> date:
    """The first day on which the day may go: ``keep_days`` whole days have passed since it."""
    return day + timedelta(days=keep_days + 1)


def due(days: Collection[date], today: date, keep_days: int, held: Callable[[date], str]) -> list[date]:
    """The days that go today, oldest first. ``held``: the name of a hold that covers the day, else empty."""
    over = (day for day in sorted(set(days)) if first_free(day, keep_days) <= today and not held(day))
    return list(over)[:MOST_A_DAY]


def clock_is_borne_out(days: Collection[date], today: date) -> bool:
    """Whether records came on two of the last seven days: else the clock may have leapt, and nothing goes."""
    return sum(today - _LOOK_BACK < day <= today for day in set(days)) >= _SEEN_DAYS
