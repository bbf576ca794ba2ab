"""One correlation and what it remembers. Pure. See docs/adr/0003.

Rows are what is kept over a restart: one for each remembered event, and one line of counters.
"""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from detection.correlation.compaction import CROWD, compact
from detection.correlation.entries import Entry, GroupKey
from detection.correlation.floods import Flood, remembered
from detection.correlation.groups import Group
from detection.correlation.outcome import End, Outcome
from detection.correlation.readings import fingerprint_of, items_of, keys_of, window_of
from detection.correlation.rows import Book, Changes, Counters, Line, Row, line_of
from detection.correlation.telling import hit_of, loss_of
from detection.correlation.windows import AHEAD_US, Ordered, Sliding, Stretch, Whole
from detection.hits import Hit, Loss, member_of
from shouwang.model import Match

if TYPE_CHECKING:
    from detection.ruleset import Correlation

GROUP_EVENTS = 10_000
"""Events one group remembers, at most; what could be left out without harm is not among them."""


class CorrelationState:
    def __init__(
        self, correlation: Correlation, *, lateness_us: int, is_read: bool = False, crowd: int = CROWD
    ) -> None:
        """``is_read``: whether another correlation reads its outcome."""
        self.correlation = correlation
        self.lateness_us = lateness_us
        self.is_read = is_read
        self.inputs: tuple[str, ...] = ()
        """Fingerprints of the correlations it reads."""
        self.sources: tuple[CorrelationState, ...] = ()
        """Those themselves."""
        self.lost_until_us = 0
        """Until then, by the watch's time, something may be missing that was let go for want of room."""
        self.losses: list[Loss] = []
        """For ``Correlator.losses`` to take."""
        self._crowd = crowd
        self._newest = crowd * 3 // 4 if len(correlation.rules) == 1 else 2 * crowd
        """Of the events that came last so many stay: the same one may come again, for another rule."""
        self._swept = 0
        """Which events had come when it was last looked in all groups what can be left out."""
        self.rules = {rule: 1 << place for place, rule in enumerate(correlation.rules)}
        self.window: Sliding | Ordered | Whole = window_of(correlation, lateness_us)
        self.remembers_us = self.window.timespan_us + lateness_us + AHEAD_US
        self.groups: OrderedDict[GroupKey, Group] = OrderedDict()
        """The one touched longest ago first."""
        self.counters = Counters()
        self.entries = 0
        self._dues: list[tuple[int, GroupKey]] = []
        self._book = Book()

    @cached_property
    def fingerprint(self) -> str:
        """Of what decides the meaning of the remembered events; a changed rule starts afresh."""
        return fingerprint_of(self.correlation, self.inputs)

    # ------------------------------------------------------------------------------------- events come

    def feed(self, match: Match, at_us: int) -> Outcome:
        """``at_us``: when it came, by the watch's time."""
        outcome = Outcome()
        keys = keys_of(self.correlation, match)
        if not keys:
            self.counters.ungrouped += 1
            return outcome
        items = items_of(self.correlation, match)
        if items is None:
            self.counters.unread += 1
            return outcome
        member, rule = member_of(match), self.rules[match.rule_id]
        for key in keys:
            entry = Entry(match.time_us, match.event_id, at_us, member)
            entry.key, entry.rules, entry.items = key, rule, items
            self._add(key, entry, outcome)
        return outcome

    def _add(self, key: GroupKey, entry: Entry, outcome: Outcome) -> None:
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(key, ordered=isinstance(self.window, Ordered))
            group.lossy = entry.at_us <= self.lost_until_us
        held = group.find(entry.time_us, entry.event_id)
        if held is None:
            entry.lossy = group.lossy
            newest = group.add(entry)
            self.groups.move_to_end(key)
            self._note_new(entry)
        elif self._absorb(group, held, entry):
            entry, newest = held, False
        else:
            return
        if isinstance(self.window, Whole):
            self._wait(group, self.window, entry, outcome)
            return
        stretches = self.window.stretches(group, entry, newest=newest)
        if stretches:
            self._fulfilled(group, stretches, entry.at_us, outcome)
        self._trim(group, entry.at_us)

    def _absorb(self, group: Group, held: Entry, entry: Entry) -> bool:
        """The same event by another rule: whether that adds anything."""
        rules = entry.rules & ~held.rules
        if not held.absorb(entry):
            return False
        group.note(held.time_us, rules)
        group.trailing = None
        self._book.touch(held)
        return True

    def _note_new(self, entry: Entry) -> None:
        entry.number = self._book.number()
        self._book.touch(entry)
        self.entries += 1

    # ---------------------------------------------------------------------------------- what it comes to

    def _fulfilled(self, group: Group, stretches: Sequence[Stretch], at_us: int, outcome: Outcome) -> None:
        counted = group.take_fresh((stretch.start_us, stretch.end_us) for stretch in stretches)
        if counted:
            outcome.hits.append(self._hit(group, counted, stretches[-1], at_us))
        if self.is_read:
            for stretch in stretches:
                for entry in group.within(stretch.end_us, stretch.end_us):
                    if stretch.ends_with(entry):
                        self._end(entry, at_us, outcome)
        for entry in counted:
            self._book.touch(entry)
            if not self.is_read:
                entry.member = None

    def _end(self, entry: Entry, at_us: int, outcome: Outcome) -> None:
        if entry.ended or entry.member is None:
            return
        entry.ended = True
        self._book.touch(entry)
        outcome.ends.append(End(entry.key, entry.member, at_us))

    def _hit(self, group: Group, counted: Sequence[Entry], stretch: Stretch, at_us: int) -> Hit:
        whole = isinstance(self.window, Whole)
        own = group.lossy and (whole or at_us <= self.lost_until_us)
        at_least = own or any(at_us <= each.lost_until_us for each in self.sources)
        return hit_of(self.correlation, group, counted, stretch, at_least=at_least)

    # ------------------------------------------------------------------------------------ whole windows

    @property
    def next_due_us(self) -> int | None:
        """By the watch's time; at the earliest."""
        return self._dues[0][0] if self._dues else None

    def _wait(self, group: Group, whole: Whole, entry: Entry, outcome: Outcome) -> None:
        if group.entries[0] is entry:
            heappush(self._dues, (whole.due_us(group), group.key))
        while len(group) > GROUP_EVENTS:
            size = whole.size(group)
            self._lose(group, size, entry.at_us)
            self._judge(group, whole, size, entry.at_us, outcome)

    def judge_next(self) -> Outcome:
        """Judge the window that is due first."""
        outcome = Outcome()
        due_us, key = heappop(self._dues)
        group, whole = self.groups.get(key), self.window
        if group is not None and isinstance(whole, Whole) and whole.due_us(group) == due_us:
            self._judge(group, whole, whole.size(group), due_us, outcome)
        return outcome

    def _judge(self, group: Group, whole: Whole, size: int, at_us: int, outcome: Outcome) -> None:
        window = group.entries[:size]
        stretch = whole.judge(window)
        if stretch is not None:
            outcome.hits.append(self._hit(group, window, stretch, at_us))
            last = window[-1]
            if self.is_read and last.member is not None:
                outcome.ends.append(End(group.key, last.member, at_us))
        self._let_go(group, group.drop_first(size))
        if len(group):
            heappush(self._dues, (whole.due_us(group), group.key))

    # ------------------------------------------------------------------------------------------- memory

    def _trim(self, group: Group, at_us: int) -> None:
        before_us = at_us - self.remembers_us
        while group.arrivals and group.arrivals[0].at_us < before_us:
            self._let_go(group, [group.forget_oldest()])
        if group.floods:
            self._let_go(group, group.floods_before(before_us))
        if len(group) <= max(self._crowd, group.roomy):
            return
        self._compact(group)
        if len(group) > GROUP_EVENTS:
            self._shorten(group, len(group) - GROUP_EVENTS * 9 // 10, at_us)

    def _shorten(self, group: Group, number: int, at_us: int) -> None:
        """Let go of so many of its events, not the newest."""
        self._lose(group, number, at_us)
        for _ in range(min(number, len(group.arrivals) - 1)):
            self._let_go(group, [group.forget_oldest()])

    def _lose(self, group: Group, number: int, at_us: int) -> None:
        """So many of its events are about to be let go for want of room."""
        self.counters.evicted += number
        self.losses.append(loss_of(self.correlation, group))
        self.lost_until_us = max(self.lost_until_us, at_us + self.remembers_us)
        group.lossy = True
        if group.arrivals:
            group.arrivals[-1].lossy = True
            self._book.touch(group.arrivals[-1])

    def _compact(self, group: Group) -> None:
        if not isinstance(self.window, Sliding) or self.inputs:  # an input may name the same event again, much later
            return
        out = compact(group, self.window, self._book.following - self._newest)
        for flood in out.risen:
            numbered = replace(flood, number=self._book.number())
            group.floods[group.floods.index(flood)] = numbered
            self._book.touch(numbered)
            self.entries += 1
        self._let_go(group, [*out.entries, *out.floods])
        group.roomy = max(len(group) + self._crowd, 2 * len(group))

    def make_room(self, clock_us: int, limit: int) -> None:
        """Let go of groups of which nothing can count any more; beyond the limit of what no answer depends on, and only
        then of the groups touched longest ago."""
        sliding = not isinstance(self.window, Whole)
        while self.groups:
            group = next(iter(self.groups.values()))
            stale = sliding and group.came_us() < clock_us - self.remembers_us
            if not stale and (self.entries <= limit or self.sweep(limit)):
                return
            if not stale and sliding and len(self.groups) == 1:
                self._shorten(group, self.entries - limit, clock_us)
                return
            if not stale:
                self._lose(group, len(group), clock_us)
            floods, group.floods = group.floods, []
            self._let_go(group, [*group.drop_first(len(group)), *floods])

    def sweep(self, limit: int) -> bool:
        """Leave out what can go of all groups; whether that was enough. Once for so many events that it costs little
        for each."""
        if self._book.following - self._swept > limit // 8:
            for group in list(self.groups.values()) if isinstance(self.window, Sliding) else ():
                self._compact(group)
            self._swept = self._book.following
        return self.entries <= limit

    def _let_go(self, group: Group, gone: Iterable[Entry | Flood]) -> None:
        for entry in gone:
            self.entries -= 1
            self._book.strike(entry.number)
        if not len(group):
            self.groups.pop(group.key, None)

    # -------------------------------------------------------------------------------- over a restart

    def has_changed(self) -> bool:
        """Since ``changes`` was last asked."""
        return self._book.has_changed(self._line())

    def changes(self) -> Changes:
        return self._book.changes(self._line())

    def _line(self) -> bytes:
        return Line(self.fingerprint, self.counters, self.lost_until_us, self._book.following).written()

    def restore(self, line: bytes, rows: Iterable[Row]) -> bool:
        """Go on from what ``changes`` gave. ``False``: it is that of a rule that has changed since."""
        kept = line_of(line)
        if kept is None or kept.fingerprint != self.fingerprint:
            self._book.afresh = True
            return False
        self.counters, self.lost_until_us = kept.counters, kept.lost_until_us
        self._book.restored(line, kept.following)
        held = [remembered(number, body) for number, body in rows]
        for each in sorted(held, key=lambda one: one.newest if isinstance(one, Flood) else one.number):
            group = self.groups.get(each.key)
            if group is None:
                group = self.groups[each.key] = Group(each.key, ordered=isinstance(self.window, Ordered))
            self.groups.move_to_end(each.key)
            group.lossy |= each.lossy
            if isinstance(each, Flood):
                insort(group.floods, each, key=lambda flood: flood.start_us)
            else:
                group.add(each)
            self.entries += 1
        if isinstance(self.window, Whole):
            for group in self.groups.values():
                heappush(self._dues, (self.window.due_us(group), group.key))
        return True
