"""All groups of one correlation, in bounded room, and what is kept of them over a restart. Pure. See docs/adr/0003.

Rows are what is kept: one for each remembered event, and one line of counters.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from detection.correlation.compaction import compact
from detection.correlation.damage import Cause, Damage
from detection.correlation.entries import Entry, GroupKey
from detection.correlation.floods import Flood, remembered
from detection.correlation.groups import Group
from detection.correlation.rows import Book, Changes, Counters, Line, Row, line_of
from detection.correlation.windows import Ordered, Sliding, Whole
from detection.hits import Loss


@dataclass(frozen=True, slots=True)
class Policy:
    window: Sliding | Ordered | Whole
    remembers_us: int
    """How long after it came an event is remembered, by the watch's time."""
    crowd: int
    """Groups of fewer events are let be, as long as there is room."""
    group_events: int
    """Events one group remembers, at most; what could be left out without harm is not among them."""
    newest: int
    """Of the events that came last so many stay: the same one may come again, for another rule."""
    leaves_out: bool
    """Whether anything may be left out though nothing depends on it."""


class GroupMemory:
    def __init__(self, policy: Policy, fingerprint: Callable[[], str], loss_of: Callable[[Group], Loss]) -> None:
        """``fingerprint``: of what decides the meaning of the remembered events."""
        self._policy = policy
        self._fingerprint = fingerprint
        self._loss_of = loss_of
        self.groups: OrderedDict[GroupKey, Group] = OrderedDict()
        """The one touched longest ago first."""
        self.entries = 0
        self.counters = Counters()
        self.lost_until_us = 0
        """Until then, by the watch's time, something may be missing that was let go for want of room."""
        self.losses: list[Loss] = []
        """For ``Correlator.losses`` to take."""
        self.damages: dict[Cause, Damage] = {}
        """For ``Correlator.damages`` to take."""
        self._swept = 0
        """Which events had come when it was last looked in all groups what can be left out."""
        self._book = Book()

    @property
    def most_of_group(self) -> int:
        return self._policy.group_events

    # ------------------------------------------------------------------------------------- events come

    def group(self, key: GroupKey, at_us: int) -> Group:
        group = self.groups.get(key)
        if group is None:
            group = self._new(key)
            group.lossy = at_us <= self.lost_until_us
        return group

    def _new(self, key: GroupKey) -> Group:
        group = self.groups[key] = Group(key, ordered=isinstance(self._policy.window, Ordered))
        return group

    def add(self, group: Group, entry: Entry) -> bool:
        """Whether it is the newest in time. It must be new."""
        entry.lossy = group.lossy
        newest = group.add(entry)
        self.groups.move_to_end(group.key)
        entry.number = self._book.number()
        self._book.touch(entry)
        self.entries += 1
        return newest

    def touch(self, entry: Entry) -> None:
        """It has changed."""
        self._book.touch(entry)

    def harm(self, cause: Cause, damage: Damage) -> None:
        held = self.damages.setdefault(cause, Damage(0, damage.first_us, damage.last_us))
        held.join(damage)
        match cause:
            case Cause.LATE:
                self.counters.late += damage.count
            case Cause.EVICTED:
                self.counters.evicted += damage.count
            case Cause.FAULT:
                self.counters.faults += damage.count

    # -------------------------------------------------------------------------------------- events go

    def let_go(self, group: Group, gone: Iterable[Entry | Flood]) -> None:
        for entry in gone:
            self.entries -= 1
            self._book.strike(entry.number)
        if not len(group):
            self.groups.pop(group.key, None)

    def trim(self, group: Group, at_us: int) -> None:
        """Of a group that has grown: what is too old goes, and what no answer depends on once it is a crowd."""
        before_us = at_us - self._policy.remembers_us
        while group.arrivals and group.arrivals[0].at_us < before_us:
            self.let_go(group, [group.forget_oldest()])
        if group.floods:
            self.let_go(group, group.floods_before(before_us))
        if len(group) <= max(self._policy.crowd, group.roomy):
            return
        self._compact(group)
        most = self._policy.group_events
        if len(group) > most:
            self._shorten(group, len(group) - most * 9 // 10, at_us)

    def _shorten(self, group: Group, number: int, at_us: int) -> None:
        """Let go of so many of its events, not the newest."""
        self.lose(group, number, at_us)
        for _ in range(min(number, len(group.arrivals) - 1)):
            self.let_go(group, [group.forget_oldest()])

    def lose(self, group: Group, number: int, at_us: int) -> None:
        """So many of its events are about to be let go for want of room."""
        loss = self._loss_of(group)
        self.losses.append(loss)
        self.harm(Cause.EVICTED, Damage(number, loss.first_us, loss.last_us))
        self.lost_until_us = max(self.lost_until_us, at_us + self._policy.remembers_us)
        group.lossy = True
        if group.arrivals:
            group.arrivals[-1].lossy = True
            self._book.touch(group.arrivals[-1])

    def _compact(self, group: Group) -> None:
        window = self._policy.window
        if isinstance(window, Whole) or not self._policy.leaves_out:
            return
        out = compact(group, window, self._book.following - self._policy.newest)
        for flood in out.risen:
            numbered = replace(flood, number=self._book.number())
            group.floods[group.floods.index(flood)] = numbered
            self._book.touch(numbered)
            self.entries += 1
        self.let_go(group, [*out.entries, *out.floods])
        group.roomy = max(len(group) + self._policy.crowd, 2 * len(group))

    def make_room(self, clock_us: int, limit: int) -> None:
        """Let go of groups of which nothing can count any more; beyond the limit of what no answer depends on, and only
        then of the groups touched longest ago."""
        sliding = not isinstance(self._policy.window, Whole)
        while self.groups:
            group = next(iter(self.groups.values()))
            stale = sliding and group.came_us() < clock_us - self._policy.remembers_us
            if not stale and (self.entries <= limit or self.sweep(limit)):
                return
            if not stale and sliding and len(self.groups) == 1:
                self._shorten(group, self.entries - limit, clock_us)
                return
            if not stale:
                self.lose(group, len(group), clock_us)
            floods, group.floods = group.floods, []
            self.let_go(group, [*group.drop_first(len(group)), *floods])

    def sweep(self, limit: int) -> bool:
        """Leave out what can go of all groups; whether that was enough. Once for so many events that it costs little
        for each."""
        if self._book.following - self._swept > limit // 8:
            for group in list(self.groups.values()):
                self._compact(group)
            self._swept = self._book.following
        return self.entries <= limit

    # -------------------------------------------------------------------------------- over a restart

    def has_changed(self) -> bool:
        """Since ``changes`` was last asked."""
        return self._book.has_changed(self._line())

    def changes(self) -> Changes:
        return self._book.changes(self._line())

    def _line(self) -> bytes:
        return Line(self._fingerprint(), self.counters, self.lost_until_us, self._book.following).written()

    def restore(self, line: bytes, rows: Iterable[Row]) -> bool:
        """Go on from what ``changes`` gave. ``False``: it is that of a rule that has changed since."""
        kept = line_of(line)
        if kept is None or kept.fingerprint != self._fingerprint():
            self._book.afresh = True
            return False
        self.counters, self.lost_until_us = kept.counters, kept.lost_until_us
        self._book.restored(line, kept.following)
        held = [remembered(number, body) for number, body in rows]
        for each in sorted(held, key=lambda one: one.newest if isinstance(one, Flood) else one.number):
            group = self.groups.get(each.key) or self._new(each.key)
            self.groups.move_to_end(each.key)
            group.lossy |= each.lossy
            if isinstance(each, Flood):
                insort(group.floods, each, key=lambda flood: flood.start_us)
            else:
                group.add(each)
            self.entries += 1
        return True
