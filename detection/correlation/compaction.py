"""Which events of a group can be forgotten without any answer changing. Pure. See docs/adr/0003.

Where every stretch of one timespan that holds some moment fulfils the condition, that moment is in a flood: what
happened there was handed over and is left out. What stays is what lies at the edges of floods, and outside. So the
memory of a group is bounded by what the condition asks for, not by how many events come.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from detection.correlation.entries import Entry, by_time
from detection.correlation.floods import Flood, joined
from detection.correlation.groups import Group
from detection.correlation.windows import Sliding

CROWD = 512
"""Groups of fewer events are let be, as long as there is room."""


@dataclass(slots=True)
class LeftOut:
    entries: list[Entry] = field(default_factory=list)
    floods: list[Flood] = field(default_factory=list)
    """That others take the place of."""
    risen: list[Flood] = field(default_factory=list)
    """Without a number yet."""


def compact(group: Group, window: Sliding, keep_from: int) -> LeftOut:
    """Take out of the group what can go. Events of the number ``keep_from`` and later stay: the same one may come
    again, for another rule."""
    out = LeftOut()
    if len(group.entries) == len(group.fresh):
        return out
    kept: list[Flood] = []
    for start_us, end_us in _flooded(group, window):
        entries = [e for e in group.within(start_us, end_us) if e.counted and e.number < keep_from]
        floods = [f for f in group.floods if start_us <= f.start_us and f.end_us <= end_us]
        if len(entries) + len(floods) < 2:
            kept += floods
            continue
        first = floods[0] if floods else Flood(group.key, 0, 0, entries[0].at_us, entries[0].number)
        risen = Flood(group.key, start_us, end_us, first.at_us, first.newest).over(entries, floods)
        kept.append(risen)
        out.risen.append(risen)
        out.floods += floods
        out.entries += entries
    group.leave_out(out.entries, kept)
    return out


def _flooded(group: Group, window: Sliding) -> list[tuple[int, int]]:
    """Moments for which each stretch that holds them fulfils the condition."""
    span_us = window.timespan_us
    starts = joined([*_starts(group.entries, window), *((f.start_us - span_us, f.end_us) for f in group.floods)])
    return [(first + span_us, last) for first, last in starts if last - first >= span_us]


def _starts(entries: list[Entry], window: Sliding) -> list[tuple[int, int]]:
    """From when to when a stretch may begin that fulfils the condition by these events: for each event, the stretches
    that hold it and the fewest next ones that together suffice."""
    found: list[tuple[int, int]] = []
    measure, last = window.measure(), -1
    for place, entry in enumerate(entries):
        while last < place or not window.condition.holds(measure.value()):
            last += 1
            if last == len(entries):
                return found
            measure.add(entries[last])
        earliest_us = by_time(entries[last]) - window.timespan_us
        if earliest_us <= entry.time_us:
            found.append((earliest_us, entry.time_us))
        measure.remove(entry)
    return found
