"""The remembered events of one group: in order of time, in order of arrival, and those not handed over yet. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Sequence

from detection.correlation.entries import Entry, GroupKey, by_order, by_time
from detection.correlation.floods import Flood
from detection.correlation.measures import Measure, bits


class Trailing:
    """The measure of the stretch that ends with the newest event, kept while events come in order."""

    __slots__ = ("measure", "size")

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.size = 0
        """Events in it, counted from the newest."""


class Group:
    __slots__ = ("arrivals", "entries", "floods", "fresh", "key", "lossy", "roomy", "times", "trailing")

    def __init__(self, key: GroupKey, *, ordered: bool = False) -> None:
        self.key = key
        self.entries: list[Entry] = []
        """In order of time and id."""
        self.fresh: list[Entry] = []
        """Of these, the ones not handed over, in the same order."""
        self.arrivals: deque[Entry] = deque()
        self.floods: list[Flood] = []
        """Apart from each other, in order of time."""
        self.trailing: Trailing | None = None
        self.times: dict[int, list[int]] | None = {} if ordered else None
        """Rule's number -> times of its events, sorted."""
        self.lossy = False
        """Events of it may have been let go for want of room."""
        self.roomy = 0
        """The size from which on it is worth to look what can be left out."""

    def __len__(self) -> int:
        return len(self.entries) + len(self.floods)

    def find(self, time_us: int, event_id: bytes) -> Entry | None:
        if not self.entries or self.entries[-1].time_us < time_us:
            return None
        at = bisect_left(self.entries, (time_us, event_id), key=by_order)
        if at < len(self.entries) and self.entries[at].event_id == event_id and self.entries[at].time_us == time_us:
            return self.entries[at]
        return None

    def add(self, entry: Entry) -> bool:
        """Whether it is the newest in time. It must be new."""
        newest = not self.entries or self.entries[-1].order < entry.order
        if newest:
            self.entries.append(entry)
        else:
            insort(self.entries, entry, key=by_order)
        if not entry.counted:
            if not self.fresh or self.fresh[-1].order < entry.order:
                self.fresh.append(entry)
            else:
                insort(self.fresh, entry, key=by_order)
        self.arrivals.append(entry)
        self.note(entry.time_us, entry.rules)
        return newest

    def note(self, time_us: int, rules: int) -> None:
        """That these rules matched at this time."""
        if self.times is not None:
            for bit in bits(rules):
                insort(self.times.setdefault(bit, []), time_us)

    def _unnote(self, entry: Entry) -> None:
        if self.times is not None:
            for bit in bits(entry.rules):
                times = self.times[bit]
                del times[bisect_left(times, entry.time_us)]

    def take_fresh(self, stretches: Iterable[tuple[int, int]]) -> list[Entry]:
        """Those within any of the stretches (both ends included), from now on handed over."""
        taken: list[Entry] = []
        for start_us, end_us in stretches:
            low = bisect_left(self.fresh, start_us, key=by_time)
            high = bisect_right(self.fresh, end_us, key=by_time)
            taken += self.fresh[low:high]
            del self.fresh[low:high]
        for entry in taken:
            entry.counted = True
        return sorted(taken, key=by_order)

    def within(self, start_us: int, end_us: int) -> Sequence[Entry]:
        low = bisect_left(self.entries, start_us, key=by_time)
        return self.entries[low : bisect_right(self.entries, end_us, key=by_time)]

    def remove(self, gone: Sequence[Entry]) -> None:
        """Entries of the group, in whatever order; ``arrivals`` is the caller's when only its front goes."""
        for entry in gone:
            at = bisect_left(self.entries, entry.order, key=by_order)
            del self.entries[at]
            if self.trailing is not None and at >= len(self.entries) + 1 - self.trailing.size:
                self.trailing = None
            if not entry.counted:
                del self.fresh[bisect_left(self.fresh, entry.order, key=by_order)]
            self._unnote(entry)

    def forget_oldest(self) -> Entry:
        """The one that came longest ago."""
        gone = self.arrivals.popleft()
        self.remove([gone])
        return gone

    def leave_out(self, gone: Sequence[Entry], floods: list[Flood]) -> None:
        """These entries, all handed over; ``floods`` stand for them and take the place of those before."""
        if gone:
            left = set(map(id, gone))
            self.entries = [entry for entry in self.entries if id(entry) not in left]
            self.arrivals = deque(entry for entry in self.arrivals if id(entry) not in left)
            self.trailing = None
            for entry in gone:
                self._unnote(entry)
        self.floods = floods

    def floods_before(self, at_us: int) -> list[Flood]:
        """Forget the floods of which nothing came since; gives them."""
        gone = [flood for flood in self.floods if flood.at_us < at_us]
        if gone:
            self.floods = [flood for flood in self.floods if flood.at_us >= at_us]
        return gone

    def came_us(self) -> int:
        """When the last event that is remembered came, by the watch's time."""
        return max([*(entry.at_us for entry in list(self.arrivals)[-1:]), *(flood.at_us for flood in self.floods)])

    def drop_first(self, number: int) -> list[Entry]:
        """In order of time."""
        gone = self.entries[:number]
        held = set(map(id, gone))
        self.arrivals = deque(entry for entry in self.arrivals if id(entry) not in held)
        self.remove(gone)
        return gone
