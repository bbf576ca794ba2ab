"""One correlation: what its events come to. What it remembers of them is in ``memory``. Pure. See docs/adr/0003."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from detection.correlation.compaction import CROWD
from detection.correlation.entries import Entry, GroupKey
from detection.correlation.groups import Group
from detection.correlation.memory import GroupMemory, Policy
from detection.correlation.outcome import End, Outcome
from detection.correlation.readings import fingerprint_of, items_of, keys_of, window_of
from detection.correlation.rows import Counters, Row
from detection.correlation.telling import hit_of, loss_of
from detection.correlation.windows import AHEAD_US, Ordered, Sliding, Stretch, Whole
from detection.hits import Hit, member_of
from shouwang.model import Match

if TYPE_CHECKING:
    from detection.ruleset import Correlation

GROUP_EVENTS = 10_000
"""See ``Policy.group_events``."""


class CorrelationState:
    def __init__(
        self,
        correlation: Correlation,
        *,
        lateness_us: int,
        is_read: bool = False,
        sources: Sequence[CorrelationState] = (),
        crowd: int = CROWD,
        group_events: int = GROUP_EVENTS,
    ) -> None:
        """``is_read``: whether another correlation reads its outcome. ``sources``: the correlations that it reads."""
        self.correlation = correlation
        self.lateness_us = lateness_us
        self.is_read = is_read
        self.sources = tuple(sources)
        self.inputs = tuple(source.fingerprint for source in sources)
        self.rules = {rule: 1 << place for place, rule in enumerate(correlation.rules)}
        self.window: Sliding | Ordered | Whole = window_of(correlation, lateness_us)
        self.remembers_us = self.window.timespan_us + lateness_us + AHEAD_US
        policy = Policy(
            self.window,
            self.remembers_us,
            crowd,
            group_events,
            newest=crowd * 3 // 4 if len(correlation.rules) == 1 else 2 * crowd,
            leaves_out=self._may_leave_out(),
        )
        self.memory = GroupMemory(policy, lambda: self.fingerprint, partial(loss_of, correlation))
        self._dues: list[tuple[int, GroupKey]] = []

    def _may_leave_out(self) -> bool:
        """Not where an event that was left out may be named again much later, by another of its inputs; nor where it
        must be known of each event in an order whether a stretch ends with it."""
        if self.inputs and len(self.rules) > 1:
            return False
        return not (self.is_read and isinstance(self.window, Ordered))

    @cached_property
    def fingerprint(self) -> str:
        """Of what decides the meaning of the remembered events; a changed rule starts afresh."""
        return fingerprint_of(self.correlation, self.inputs)

    @property
    def counters(self) -> Counters:
        return self.memory.counters

    @property
    def entries(self) -> int:
        """How many it remembers."""
        return self.memory.entries

    # ------------------------------------------------------------------------------------- events come

    def feed(self, match: Match, at_us: int, *, again: bool = False) -> Outcome:
        """``at_us``: when it came, by the watch's time. ``again``: the same event may come again, much later."""
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
            entry.again = again or len(keys) > 1
            self._add(key, entry, outcome)
        return outcome

    def _add(self, key: GroupKey, entry: Entry, outcome: Outcome) -> None:
        group = self.memory.group(key, entry.at_us)
        held = group.find(entry.time_us, entry.event_id)
        if held is None:
            newest = self.memory.add(group, entry)
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
        self.memory.trim(group, entry.at_us)

    def _absorb(self, group: Group, held: Entry, entry: Entry) -> bool:
        """The same event by another rule: whether that adds anything."""
        rules = entry.rules & ~held.rules
        if not held.absorb(entry):
            return False
        group.note(held.time_us, rules)
        group.trailing = None
        self.memory.touch(held)
        return True

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
            self.memory.touch(entry)
            if not self.is_read:
                entry.member = None

    def _end(self, entry: Entry, at_us: int, outcome: Outcome) -> None:
        if entry.ended or entry.member is None:
            return
        entry.ended = True
        self.memory.touch(entry)
        outcome.ends.append(End(entry.key, entry.member, at_us, entry.again))

    def _hit(self, group: Group, counted: Sequence[Entry], stretch: Stretch, at_us: int) -> Hit:
        whole = isinstance(self.window, Whole)
        own = group.lossy and (whole or at_us <= self.memory.lost_until_us)
        at_least = own or any(at_us <= each.memory.lost_until_us for each in self.sources)
        return hit_of(self.correlation, group, counted, stretch, at_least=at_least)

    # ------------------------------------------------------------------------------------ whole windows

    @property
    def next_due_us(self) -> int | None:
        """By the watch's time; at the earliest."""
        return self._dues[0][0] if self._dues else None

    def _wait(self, group: Group, whole: Whole, entry: Entry, outcome: Outcome) -> None:
        if group.entries[0] is entry:
            heappush(self._dues, (whole.due_us(group), group.key))
        while len(group) > self.memory.most_of_group:
            size = whole.size(group)
            self.memory.lose(group, size, entry.at_us)
            self._judge(group, whole, size, entry.at_us, outcome)

    def judge_next(self) -> Outcome:
        """Judge the window that is due first."""
        outcome = Outcome()
        due_us, key = heappop(self._dues)
        group, whole = self.memory.groups.get(key), self.window
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
                outcome.ends.append(End(group.key, last.member, at_us, last.again))
        self.memory.let_go(group, group.drop_first(size))
        if len(group):
            heappush(self._dues, (whole.due_us(group), group.key))

    def restore(self, line: bytes, rows: Iterable[Row]) -> bool:
        """Go on from what ``memory.changes`` gave. ``False``: it is that of a rule that has changed since."""
        if not self.memory.restore(line, rows):
            return False
        if isinstance(self.window, Whole):
            for group in self.memory.groups.values():
                heappush(self._dues, (self.window.due_us(group), group.key))
        return True
