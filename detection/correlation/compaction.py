"""Which events of a group can be forgotten without any answer changing. Pure. See docs/adr/0003.

A flood is a stretch of time in which whatever happens counts. What happened there was handed over; what of it no
stretch at the flood's edges can need is left out. So the memory of a group is bounded by what the condition asks for,
not by how many events come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from math import inf

from detection.correlation.entries import Entry, by_time
from detection.correlation.floods import Flood, joined
from detection.correlation.groups import Group
from detection.correlation.measures import Steps
from detection.correlation.windows import Ordered, Sliding

CROWD = 512
"""Groups of fewer events are let be, as long as there is room."""


@dataclass(slots=True)
class LeftOut:
    entries: list[Entry] = field(default_factory=list)
    floods: list[Flood] = field(default_factory=list)
    """That others take the place of."""
    risen: list[Flood] = field(default_factory=list)
    """Without a number yet."""


def compact(group: Group, window: Sliding | Ordered, keep_from: int) -> LeftOut:
    """Take out of the group what can go. Events of the number ``keep_from`` and later stay: the same one may come
    again, for another rule."""
    out = LeftOut()
    if len(group.entries) == len(group.fresh):
        return out
    kept: list[Flood] = []
    for start_us, end_us in _flooded(group, window):
        needless = [e for e in group.within(start_us, end_us) if e.counted and e.number < keep_from and not e.again]
        entries = needless if isinstance(window, Sliding) else _between(group, window, start_us, end_us, needless)
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


def _flooded(group: Group, window: Sliding | Ordered) -> list[tuple[int, int]]:
    if isinstance(window, Ordered):
        return joined([*window.all_stretches(group), *((flood.start_us, flood.end_us) for flood in group.floods)])
    return _all_fulfil(group, window)


# ------------------------------------------------------------------------------- stretches of one length


def _all_fulfil(group: Group, window: Sliding) -> list[tuple[int, int]]:
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


# ---------------------------------------------------------------------------------------- rules in an order


def _between(group: Group, window: Ordered, start_us: int, end_us: int, entries: list[Entry]) -> list[Entry]:
    """Of these events of a flood, those that no way needs.

    A way that comes from before the flood may end with the first events in it that make it whole: what is later than
    these it does not need. A way that goes on behind the flood may begin with the last events in it that lead to its
    last rule: what is earlier it does not need. Between the two edges all counts anyway.
    """
    needs = [_needs(group, way, start_us, end_us) for way in window.ways]
    return [entry for entry in entries if not any(_is_needed(entry, *each) for each in needs)]


def _needs(group: Group, way: Steps, start_us: int, end_us: int) -> tuple[int, int, float, float]:
    """The rules, as bits, of which events up to the first time are needed; those of which events from the second time
    on are needed; the two times."""
    times = group.times or {}
    until_us: float = start_us
    for rule in way.rules[1:]:
        until_us = _next_at(times.get(rule, []), until_us)
    since_us: float = end_us
    for rule in reversed(way.rules[:-1]):
        since_us = _last_at(times.get(rule, []), since_us)
    until_us = until_us if until_us <= end_us else inf
    since_us = since_us if since_us >= start_us else -inf
    return sum(1 << rule for rule in way.rules[1:]), sum(1 << rule for rule in way.rules[:-1]), until_us, since_us


def _is_needed(entry: Entry, ending: int, beginning: int, until_us: float, since_us: float) -> bool:
    if entry.rules & ending and entry.time_us <= until_us:
        return True
    return bool(entry.rules & beginning) and entry.time_us >= since_us


def _next_at(times: list[int], at_us: float) -> float:
    """The first of them that is not before."""
    place = bisect_left(times, at_us)
    return times[place] if place < len(times) else inf


def _last_at(times: list[int], at_us: float) -> float:
    place = bisect_right(times, at_us) - 1
    return times[place] if place >= 0 else -inf
