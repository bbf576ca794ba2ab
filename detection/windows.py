"""When do events of one group fulfil a count condition? On event time; pure. See docs/adr/0003.

``Sliding`` serves conditions without an upper bound: an event counts as soon as it lies in any stretch of at most the
timespan that holds enough events. ``Whole`` serves the others (lt, lte, eq, neq, ranges), which only a finished window
can answer: a window opens with the first event not yet in one, lasts the timespan, and is judged when it is over.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detection.hits import Member

LATE_EVENTS = 128
"""Within one group, an event may arrive this many places out of its order in time and still be counted exactly."""
LATENESS_US = 3_600_000_000
"""An event is remembered for the timespan and this long after its receipt, so late ones find it."""
GRACE_US = 60_000_000
"""How long after its timespan (in receipt time) a whole window waits for stragglers."""
WHOLE_EVENTS = 10_000
"""A whole window with more events is judged at once."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Every (operator, count) must hold; two make a range."""

    terms: tuple[tuple[str, int], ...]

    def holds(self, count: int) -> bool:
        return all(_holds(op, count, bound) for op, bound in self.terms)

    @property
    def enough(self) -> int | None:
        """The count from which on it always holds; ``None`` when more events can make it false again."""
        if not self.terms or any(op not in ("gte", "gt") for op, _ in self.terms):
            return None
        return max(1, *(bound + (op == "gt") for op, bound in self.terms))


def _holds(op: str, count: int, bound: int) -> bool:
    match op:
        case "gte":
            return count >= bound
        case "gt":
            return count > bound
        case "lte":
            return count <= bound
        case "lt":
            return count < bound
        case "eq":
            return count == bound
        case "neq":
            return count != bound
        case _:
            raise ValueError(f"no such operator in a correlation condition: {op!r}")


class Entry:
    """One remembered event. ``member`` is dropped once it was handed over: time and id then suffice."""

    __slots__ = ("event_id", "member", "received_us", "time_us")

    def __init__(self, time_us: int, event_id: bytes, received_us: int, member: Member | None) -> None:
        self.time_us = time_us
        self.event_id = event_id
        self.received_us = received_us
        self.member = member

    @property
    def order(self) -> tuple[int, bytes]:
        return self.time_us, self.event_id


class Group:
    """The remembered events of one group key, in order of time and in order of arrival."""

    __slots__ = ("by_arrival", "by_time")

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self.by_arrival: deque[Entry] = deque(entries)
        self.by_time: list[Entry] = sorted(entries, key=_order)

    def __len__(self) -> int:
        return len(self.by_time)

    def add(self, member: Member) -> int | None:
        """Where it stands in time; ``None`` when this event is already here (a repeat, or another rule's)."""
        entry = Entry(member.time_us, member.event_id, member.received_us, member)
        at = bisect_left(self.by_time, entry.order, key=_order)
        if at < len(self.by_time) and self.by_time[at].order == entry.order:
            return None
        insort(self.by_time, entry, key=_order)
        self.by_arrival.append(entry)
        return at

    def forget_oldest(self) -> None:
        gone = self.by_arrival.popleft()
        del self.by_time[bisect_left(self.by_time, gone.order, key=_order)]

    def forget(self, *, keep: int, received_before_us: int) -> None:
        """Let go of what was received longest ago: beyond ``keep`` events, or before the given receipt time."""
        while self.by_arrival and (len(self) > keep or self.by_arrival[0].received_us < received_before_us):
            self.forget_oldest()

    def drop_first(self, number: int) -> None:
        gone = {id(entry) for entry in self.by_time[:number]}
        del self.by_time[:number]
        self.by_arrival = deque(entry for entry in self.by_arrival if id(entry) not in gone)


def _order(entry: Entry) -> tuple[int, bytes]:
    return entry.order


@dataclass(frozen=True, slots=True)
class Sliding:
    timespan_us: int
    enough: int

    @property
    def remembers(self) -> int:
        """Events a group keeps, so that ``LATE_EVENTS`` is kept to."""
        return self.enough + 2 * LATE_EVENTS

    @property
    def remembers_us(self) -> int:
        return self.timespan_us + LATENESS_US

    def newly_counted(self, group: Group, at: int) -> list[Member]:
        """The events that count because of the one at ``at``, in order of time; it among them, or none."""
        events = group.by_time
        need = self.enough
        counted: list[Member] = []
        done = 0
        for start in range(max(0, at - need + 1), min(at, len(events) - need) + 1):
            end = start + need
            if events[end - 1].time_us - events[start].time_us > self.timespan_us:
                continue
            for entry in events[max(start, done) : end]:
                if entry.member is not None:
                    counted.append(entry.member)
                    entry.member = None
            done = end
        return counted


@dataclass(frozen=True, slots=True)
class Whole:
    timespan_us: int
    condition: Condition

    def due_us(self, group: Group) -> int:
        """The receipt time at which the group's first window is judged at the latest."""
        return group.by_arrival[0].received_us + self.timespan_us + GRACE_US

    def _size(self, group: Group) -> int:
        end_us = group.by_time[0].time_us + self.timespan_us
        return bisect_left(group.by_time, (end_us + 1, b""), key=_order)

    def judge(self, group: Group, clock_us: int | None) -> list[list[Member]]:
        """The windows that are over and fulfil the condition; judged windows are forgotten.

        ``clock_us`` is the receipt clock; ``None``: the stream is at its end, every window is over.
        """
        fulfilled: list[list[Member]] = []
        while group.by_time:
            size = self._size(group)
            over = (
                clock_us is None
                or len(group) - size > LATE_EVENTS
                or size > WHOLE_EVENTS
                or clock_us >= self.due_us(group)
            )
            if not over:
                break
            if self.condition.holds(size):
                fulfilled.append([entry.member for entry in group.by_time[:size] if entry.member is not None])
            group.drop_first(size)
        return fulfilled


def window_for(timespan_us: int, condition: Condition) -> Sliding | Whole:
    enough = condition.enough
    return Whole(timespan_us, condition) if enough is None else Sliding(timespan_us, enough)


EntryJson = tuple[int, str, int, Mapping[str, Sequence[str]] | None]


def entry_json(entry: Entry) -> EntryJson:
    entities = None if entry.member is None else entry.member.entities
    return entry.time_us, entry.event_id.hex(), entry.received_us, entities


def entry_of(said: EntryJson) -> Entry:
    time_us, event_id, received_us, entities = said
    raw_id = bytes.fromhex(event_id)
    if entities is None:
        return Entry(time_us, raw_id, received_us, None)
    held = {name: tuple(values) for name, values in entities.items()}
    return Entry(time_us, raw_id, received_us, Member(raw_id, time_us, received_us, held))
