"""Stored matches of a stretch of time, in the order of their events -> what correlations should have said of it. Pure.

In that order nothing is late, and an event need be remembered for one timespan only: what live evaluation had no room
for has room here. What it comes to is held against the alerts there are by ``detection.mending``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from detection.alerting import Origin, grown, opened
from detection.correlate import Correlator, Limits, inputs_first
from detection.correlation.entries import GroupKey
from detection.correlation.readings import keys_of, window_of
from detection.correlation.windows import AHEAD_US, Whole
from detection.hits import Hit, Member
from detection.repeated import unfolded
from detection.ruleset import Correlation
from detection.suppress import Stretches
from shouwang.model import Alert, Match
from shouwang.words import words

ALWAYS: Final = -(1 << 62)
"""All that ever happened is known."""
ROOMY: Final = Limits(lateness_us=0, entries=200_000, in_all=400_000, group=100_000)
SUBJECTS: Final = 50
"""Different entities of one alert's events that are told; of more, the rest as one."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is evaluated again."""

    correlations: tuple[Correlation, ...]
    """Those that are held against alerts, and what they read."""
    told: frozenset[str]
    """Ids of the first."""

    @property
    def reach_us(self) -> int:
        """How far apart an event and another may be on which it depends whether it counts."""
        return sum(each.timespan_s for each in self.correlations) * 1_000_000

    def settles_us(self, lateness_us: int) -> int:
        """After something went wrong, by the watch's time: nothing that it concerns may still be counted live."""
        return sum(2 * (each.timespan_s * 1_000_000 + lateness_us + AHEAD_US) for each in self.correlations)

    @property
    def windows(self) -> bool:
        """Whether finished windows are among them."""
        return any(isinstance(window_of(each, 0), Whole) for each in self.correlations)


def scope_of(correlations: Sequence[Correlation], name: str) -> Scope:
    """Of what is wrong with one: those that read it, also by way of others, and all that these read."""
    ordered = inputs_first(correlations)
    told = {name}
    for each in ordered:
        if told.intersection(each.rules):
            told.add(each.id)
    needed = set(told)
    for each in reversed(ordered):
        if each.id in needed:
            needed.update(each.rules)
    return Scope(tuple(each for each in ordered if each.id in needed), frozenset(told))


@dataclass(frozen=True, slots=True)
class Found:
    """An alert as it should be, and of whom its events tell."""

    alert: Alert
    timespan_us: int
    subjects: tuple[Mapping[str, tuple[str, ...]], ...]


class Recount:
    def __init__(
        self, scope: Scope, *, horizon_us: int, from_us: int, about: tuple[int, int], limits: Limits = ROOMY
    ) -> None:
        """``horizon_us``: windows that ended later may not have been judged live. ``from_us``: of what happened before
        nothing is known. ``about``: the times of which something is wrong."""
        self._correlator = Correlator(scope.correlations, limits=limits)
        self._scope = scope
        self._horizon_us = horizon_us if scope.windows else 1 << 62
        self._starts = [
            _Starts(each, from_us=from_us, about=about)
            for each in scope.correlations
            if isinstance(window_of(each, 0), Whole)
        ]
        chained = any({each.id for each in scope.correlations}.intersection(each.rules) for each in scope.correlations)
        self.blind = bool(self._starts) and chained and from_us > ALWAYS
        """Of some windows it is not known where they began."""
        self._silenced = frozenset(r for each in scope.correlations if not each.generate for r in each.rules)
        self._stretches = Stretches(lambda _name: None)
        self._found: dict[str, Found] = {}

    def take(self, match: Match) -> None:
        """In order of the events' times."""
        for each in unfolded(match):
            for starts in self._starts:
                if each.rule_id in starts.correlation.rules:
                    starts.see(each)
            for hit in self._correlator.feed(each, at_us=each.time_us):
                self._count(hit)

    def end(self) -> list[Found]:
        for hit in self._correlator.flush():
            self._count(hit)
        self.blind |= any(starts.blind for starts in self._starts)
        return list(self._found.values())

    @property
    def evicted(self) -> int:
        return sum(state.counters.evicted for state in self._correlator.states.values())

    @property
    def faults(self) -> int:
        return sum(state.counters.faults for state in self._correlator.states.values())

    def _count(self, hit: Hit) -> None:
        if hit.rule_id not in self._scope.told or hit.rule_id in self._silenced:
            return
        if hit.members[-1].time_us > self._horizon_us or not all(starts.knows(hit) for starts in self._starts):
            return
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self._stretches.place(hit, member, lambda _key: False), []).append(member)
        for key, members in by_key.items():
            held = self._found.get(key)
            alert = opened(hit, members, Origin("", key, words(hit.title))) if held is None else held.alert
            alert = alert if held is None else grown(alert, hit, members)
            self._found[key] = Found(alert, hit.timespan_us, _with(held.subjects if held else (), members))


def _with(
    subjects: tuple[Mapping[str, tuple[str, ...]], ...], members: Iterable[Member]
) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    known = list(subjects)
    for member in members:
        if len(known) < SUBJECTS and member.entities not in known:
            known.append(member.entities)
    return tuple(known)


class _Starts:
    """Where the windows of each group begin. Behind a pause of more than the timespan one begins for certain."""

    def __init__(self, correlation: Correlation, *, from_us: int, about: tuple[int, int]) -> None:
        self.correlation = correlation
        self._from_us = from_us
        self._about = about
        self._newest: dict[GroupKey, int] = {}
        self._known: dict[tuple[str, ...], int] = {}
        """Group as a hit names it -> from when on it is known."""
        self.blind = False

    def see(self, match: Match) -> None:
        for key in keys_of(self.correlation, match):
            pause_us = match.time_us - self._newest.get(key, self._from_us)
            named = tuple(f"{name}={value}" for name, value in zip(self.correlation.group_by, key, strict=True))
            if named not in self._known and pause_us > self.correlation.timespan_s * 1_000_000:
                self._known[named] = match.time_us
            if named not in self._known and self._about[0] <= match.time_us <= self._about[1]:
                self.blind = True
            self._newest[key] = match.time_us

    def knows(self, hit: Hit) -> bool:
        if hit.rule_id != self.correlation.id:
            return True
        since_us = self._known.get(hit.group)
        return since_us is not None and hit.members[0].time_us >= since_us
