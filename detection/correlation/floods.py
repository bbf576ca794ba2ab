"""Times at which whatever happens counts, so that what happened there need not be remembered. Pure. See docs/adr/0003.

Where stretches have one length: every one that touches a flood fulfils the condition, whatever else comes. So an event
in a flood counts at once and changes no other answer, and a stretch that touches none holds no event that was left out.
Of rules in an order: a flood is made of stretches that fulfil the condition, one after the other. What is left out of
it no stretch needs that reaches beyond it (``compaction``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from detection.correlation.entries import Entry, GroupKey, entry_of

PARTS = 6
"""Of a row, as against that of an event."""


@dataclass(frozen=True, slots=True)
class Flood:
    key: GroupKey
    start_us: int
    end_us: int
    """Included."""
    at_us: int
    """When the last event that it stands for came, by the watch's time."""
    newest: int
    """The greatest number of the rows that it stands for."""
    lossy: bool = False
    """Of ``Entry.lossy``."""
    number: int = 0
    """Of its own row."""

    def row(self) -> bytes:
        return orjson.dumps((self.key, self.start_us, self.end_us, self.at_us, self.newest, self.lossy))

    def over(self, left_out: Sequence[Entry], others: Sequence[Flood]) -> Flood:
        """Standing for these too."""
        at_us = max(self.at_us, *(e.at_us for e in left_out), *(f.at_us for f in others))
        newest = max(self.newest, *(e.number for e in left_out), *(f.newest for f in others))
        lossy = self.lossy or any(e.lossy for e in left_out) or any(f.lossy for f in others)
        return replace(self, at_us=at_us, newest=newest, lossy=lossy)


def remembered(number: int, body: bytes) -> Entry | Flood:
    row = orjson.loads(body)
    return _flood_of(number, row) if len(row) == PARTS else entry_of(number, row)


def _flood_of(number: int, row: Sequence[Any]) -> Flood:
    """Of a decoded row."""
    key, start_us, end_us, at_us, newest, lossy = row
    return Flood(tuple(key), start_us, end_us, at_us, newest, lossy, number)


def touching(floods: Sequence[Flood], start_us: int, end_us: int) -> bool:
    """Whether any of them lies at least partly in this stretch. They are apart from each other and in order."""
    place = bisect_left(floods, start_us, key=_end)
    return place < len(floods) and floods[place].start_us <= end_us


def joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of whole microseconds, those that overlap or meet made one; in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _end(flood: Flood) -> int:
    return flood.end_us
