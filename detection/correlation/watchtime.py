"""A clock that stands still while nobody watches. Pure.

What was written during an outage is read after it. Measured by the wall it would be late, and what it belongs to would
be forgotten; measured by the watch's time it is neither.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class WatchTime:
    def __init__(self, away: Iterable[tuple[int, int]] = ()) -> None:
        """``away``: stretches (from, to) of wall time in microseconds, apart from each other and in order."""
        self._starts: list[int] = []
        self._before: list[tuple[int, int]] = []
        """For each stretch: its end, and how long all before it were."""
        total = 0
        for start, end in away:
            self._starts.append(start)
            self._before.append((end, total))
            total += end - start

    def at(self, wall_us: int) -> int:
        place = bisect_right(self._starts, wall_us) - 1
        if place < 0:
            return wall_us
        end, before = self._before[place]
        return wall_us - before - (min(wall_us, end) - self._starts[place])
