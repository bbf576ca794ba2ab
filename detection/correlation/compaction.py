"""Which events of a crowded group can be forgotten without any answer changing. Pure. See docs/adr/0003.

An event that was handed over can go when, among what is kept, enough events before it and enough after it fulfil the
condition by themselves, all within one timespan: every stretch with the event in it then holds one of the two, so it
fulfils the condition without the event too. A flood in one group takes little memory so, and is counted exactly.
"""

from __future__ import annotations

from collections import deque

from detection.correlation.entries import Entry
from detection.correlation.groups import Group
from detection.correlation.windows import Sliding

CROWD = 512
"""Groups of fewer events are let be."""
NEWEST = 128
"""The events that came last stay: the same one may come again, for another rule."""


def compact(group: Group, window: Sliding, crowd: int = CROWD) -> list[Entry]:
    """Leaves out what can go; gives it."""
    entries = group.entries
    enough_after = _ends_of_enough_after(entries, window)
    newest = set(map(id, list(group.arrivals)[-min(NEWEST, crowd // 4) :]))
    kept: list[Entry] = []
    gone: list[Entry] = []
    before: deque[Entry] = deque()
    measure = window.measure()
    for place, entry in enumerate(entries):
        end_us = enough_after[place]
        if (
            entry.counted
            and before
            and end_us is not None
            and window.condition.holds(measure.value())
            and end_us - before[0].time_us <= window.timespan_us
            and id(entry) not in newest
        ):
            gone.append(entry)
            continue
        kept.append(entry)
        before.append(entry)
        measure.add(entry)
        while len(before) > 1:
            measure.remove(before[0])
            if not window.condition.holds(measure.value()):
                measure.add(before[0])
                break
            before.popleft()
    group.keep_only(kept)
    group.roomy = max(crowd, 2 * len(kept))
    return gone


def _ends_of_enough_after(entries: list[Entry], window: Sliding) -> list[int | None]:
    """For each event, when the fewest next ones that fulfil the condition end."""
    ends: list[int | None] = [None] * len(entries)
    measure, last = window.measure(), len(entries) - 1
    for place in range(len(entries) - 2, -1, -1):
        measure.add(entries[place + 1])
        while last > place + 1:
            measure.remove(entries[last])
            if not window.condition.holds(measure.value()):
                measure.add(entries[last])
                break
            last -= 1
        if window.condition.holds(measure.value()):
            ends[place] = entries[last].time_us
    return ends
