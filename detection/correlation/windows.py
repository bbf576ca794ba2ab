"""Which stretches of a group fulfil a condition? On event time; pure. See docs/adr/0003.

``Sliding`` serves conditions that more events cannot make false again: the stretch that ends with an event and is as
long as the timespan is looked at for each event. ``Ordered`` does so for rules in an order. ``Whole`` serves the
others, which only a finished window can answer: one opens with the first event not yet in one, lasts the timespan, and
is judged when nothing that comes in time can change it any more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from detection.correlation.entries import Entry, by_time
from detection.correlation.floods import touching
from detection.correlation.groups import Group, Trailing
from detection.correlation.measures import Measure, Steps
from detection.sigma.numerals import Exact

AHEAD_US = 300_000_000
"""A live event may be dated this long after its receipt (``collectors.origin`` sees to it)."""

NewMeasure = Callable[[], Measure]


@dataclass(frozen=True, slots=True)
class Condition:
    """Every (operator, bound) must hold; two make a range."""

    terms: tuple[tuple[str, Exact], ...]

    def holds(self, value: Exact | None) -> bool:
        return value is not None and all(_holds(op, value, bound) for op, bound in self.terms)

    @property
    def only_from_below(self) -> bool:
        """A greater value never makes it false."""
        return all(op in ("gte", "gt") for op, _ in self.terms)


def _holds(op: str, value: Exact, bound: Exact) -> bool:
    match op:
        case "gte":
            return value >= bound
        case "gt":
            return value > bound
        case "lte":
            return value <= bound
        case "lt":
            return value < bound
        case "eq":
            return value == bound
        case "neq":
            return value != bound
        case _:
            raise ValueError(f"no such operator in a correlation condition: {op!r}")


class Stretch(NamedTuple):
    """That fulfils the condition; both ends included."""

    start_us: int
    end_us: int
    value: Exact | None = None
    """What was held against the condition; of whole windows only."""
    last: int = -1
    """The rule with which it ends; -1: any."""

    def ends_with(self, entry: Entry) -> bool:
        return entry.time_us == self.end_us and (self.last < 0 or bool(entry.rules >> self.last & 1))


@dataclass(frozen=True, slots=True)
class Sliding:
    timespan_us: int
    condition: Condition
    measure: NewMeasure

    def stretches(self, group: Group, entry: Entry, *, newest: bool) -> list[Stretch]:
        """Those that hold ``entry``, which has just been added to the group or changed; of those that touch a flood
        one suffices."""
        found = self._newest(group, entry) if newest else self._among(group, entry.time_us)
        return self._flooded(group, entry.time_us) + found if group.floods else found

    def _flooded(self, group: Group, time_us: int) -> list[Stretch]:
        if touching(group.floods, time_us - self.timespan_us, time_us):
            return [self._stretch(time_us)]
        if touching(group.floods, time_us, time_us + self.timespan_us):
            return [self._stretch(time_us + self.timespan_us)]
        return []

    def _newest(self, group: Group, entry: Entry) -> list[Stretch]:
        trailing = group.trailing
        start_us = entry.time_us - self.timespan_us
        if trailing is None:
            trailing = group.trailing = Trailing(self.measure())
            for each in group.within(start_us, entry.time_us):
                trailing.measure.add(each)
                trailing.size += 1
        else:
            trailing.measure.add(entry)
            trailing.size += 1
            entries = group.entries
            while (oldest := entries[len(entries) - trailing.size]).time_us < start_us:
                trailing.measure.remove(oldest)
                trailing.size -= 1
        return [self._stretch(entry.time_us)] if self.condition.holds(trailing.measure.value()) else []

    def _among(self, group: Group, time_us: int) -> list[Stretch]:
        group.trailing = None
        around = group.within(time_us - self.timespan_us, time_us + self.timespan_us)
        measure, first, found = self.measure(), 0, []
        for place, each in enumerate(around):
            measure.add(each)
            if place + 1 < len(around) and around[place + 1].time_us == each.time_us:
                continue
            while around[first].time_us < each.time_us - self.timespan_us:
                measure.remove(around[first])
                first += 1
            if each.time_us >= time_us and self.condition.holds(measure.value()):
                found.append(self._stretch(each.time_us))
        return found

    def _stretch(self, end_us: int) -> Stretch:
        return Stretch(end_us - self.timespan_us, end_us)


@dataclass(frozen=True, slots=True)
class Ordered:
    """A stretch reaches from the first event of the way's first rule to an event of its last one."""

    timespan_us: int
    ways: tuple[Steps, ...]

    def stretches(self, group: Group, entry: Entry, *, newest: bool) -> list[Stretch]:
        """Of those that touch a flood one suffices: all in it counts."""
        times = group.times or {}
        found = []
        if touching(group.floods, entry.time_us, entry.time_us):
            found.append(Stretch(entry.time_us, entry.time_us))
        for way in self.ways:
            ends = times.get(way.rules[-1], [])
            low = bisect_left(ends, entry.time_us)
            for end_us in dict.fromkeys(ends[low : bisect_right(ends, entry.time_us + self.timespan_us)]):
                start_us = self._start(times, way, end_us)
                if start_us is not None and start_us <= entry.time_us:
                    found.append(Stretch(start_us, end_us, last=way.rules[-1]))
        return found

    def all_stretches(self, group: Group) -> Iterator[tuple[int, int]]:
        times = group.times or {}
        for way in self.ways:
            for end_us in dict.fromkeys(times.get(way.rules[-1], [])):
                start_us = self._start(times, way, end_us)
                if start_us is not None:
                    yield start_us, end_us

    def _start(self, times: dict[int, list[int]], way: Steps, end_us: int) -> int | None:
        """Going back from the end, each rule's last event before; events of one moment are in order."""
        at_us, earliest_us = end_us, end_us - self.timespan_us
        for rule in reversed(way.rules):
            before = times.get(rule, [])
            place = bisect_right(before, at_us) - 1
            if place < 0 or before[place] < earliest_us:
                return None
            at_us = before[place]
        first = times[way.rules[0]]
        return first[bisect_left(first, earliest_us)]


@dataclass(frozen=True, slots=True)
class Whole:
    timespan_us: int
    condition: Condition
    value: Callable[[Sequence[Entry]], Exact | None]
    lateness_us: int
    """How much later than it happened an event may come and be counted."""
    shows: bool = True
    """Whether the value means something to a person."""

    def due_us(self, group: Group) -> int:
        """The watch's time at which the group's first window can no longer change."""
        first = group.entries[0]
        received_us = first.member.received_us if first.member else first.time_us
        ahead_us = min(max(first.time_us - received_us, 0), AHEAD_US)
        return first.at_us + ahead_us + self.timespan_us + self.lateness_us + 1

    def size(self, group: Group) -> int:
        """How many events the group's first window has."""
        return bisect_right(group.entries, group.entries[0].time_us + self.timespan_us, key=by_time)

    def judge(self, window: Sequence[Entry]) -> Stretch | None:
        value = self.value(window)
        if not self.condition.holds(value):
            return None
        return Stretch(window[0].time_us, window[-1].time_us, value if self.shows else None)
