"""A maintenance window: planned work on a host or an asset, once or every week. Pure. See docs/adr/0010."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from detection.noise.matchers import Matchers
from shouwang.errors import UsageError
from shouwang.model import Severity
from shouwang.timespan import EPOCH
from shouwang.words import Words

NEVER_HELD: Final = Severity.HIGH
"""From this on a hit in a window is marked, not held: works are when intruders hope not to be noticed."""
NAMES: Final = ("asset", "host.name", "source.ip", "destination.ip")
"""What works are on."""
_WEEK: Final = timedelta(days=7)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    id: str
    """``M-`` and a number."""
    matchers: Matchers
    owner: str
    reason: str
    made_us: int
    from_us: int
    """Of the first, or only, one."""
    to_us: int
    weekly: bool = False
    """Again every week at the same time of the site's day."""
    until_us: int = 0
    """Of a weekly one: none begins from then on."""
    ended_us: int = 0
    ended_by: str = ""

    @property
    def over_us(self) -> int:
        """None is under way after that."""
        planned = self.until_us + (self.to_us - self.from_us) if self.weekly else self.to_us
        return min(self.ended_us, planned) if self.ended_us else planned

    def under_way(self, at_us: int, zone: tzinfo) -> tuple[int, int] | None:
        """``[from, to)`` of the one that this moment lies in."""
        return next((each for each in self._around(at_us, zone) if each[0] <= at_us < each[1]), None)

    def next(self, at_us: int, zone: tzinfo) -> tuple[int, int] | None:
        """The one under way, else the first to come."""
        return next((each for each in self._around(at_us, zone) if at_us < each[1]), None)

    def _around(self, at_us: int, zone: tzinfo) -> list[tuple[int, int]]:
        """Those near a moment, in order, cut where the window was ended."""
        if not self.weekly:
            return self._cut([(self.from_us, self.to_us)])
        number = max(0, (at_us - self.from_us) // (_WEEK // _MICROSECOND))
        numbers = [each for each in range(number - 1, number + 3) if each >= 0]
        begins = ((_shifted(self.from_us, each, zone), _shifted(self.to_us, each, zone)) for each in numbers)
        return self._cut([each for each in begins if each[0] < self.until_us])

    def _cut(self, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
        if not self.ended_us:
            return found
        return [(begin, min(end, self.ended_us)) for begin, end in found if begin < self.ended_us]


def _shifted(time_us: int, weeks: int, zone: tzinfo) -> int:
    """The same wall clock so many weeks later."""
    wall = (EPOCH + time_us * _MICROSECOND).astimezone(zone)
    moved = datetime.combine(wall.date() + weeks * _WEEK, wall.timetz())
    return (moved.astimezone(UTC) - EPOCH) // _MICROSECOND


def check(matchers: Matchers) -> None:
    """Raises ``UsageError``."""
    named = [name for name, _ in matchers.values if name not in NAMES]
    if named or not matchers.names_whom:
        raise UsageError(
            Words("维护窗口须指明资产、主机或网段。", "A maintenance window is about assets, hosts or networks."),
            hint=Words("例如 asset=gate，或 host.name=gate-01。", "For example asset=gate, host.name=gate-01."),
        )
