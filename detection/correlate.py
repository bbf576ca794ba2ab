"""Match -> what correlations make of it, on event time, per group. Pure. See docs/adr/0003.

The outcome depends on the matches alone, never on how they were cut into batches or on restarts between them, and,
within the lateness, not on their order: what ``changes`` gives after any ``feed``, handed to a new ``Correlator``, and
the rest of the stream give the same hits. Every match needs its event's own id: an event counts once in a group however
often it is handed in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, TypeAlias

from detection.correlation.compaction import CROWD
from detection.correlation.damage import Cause, Damage
from detection.correlation.outcome import End, Outcome
from detection.correlation.rows import Changes, Held
from detection.correlation.state import GROUP_EVENTS, CorrelationState
from detection.correlation.watchtime import WatchTime
from detection.correlation.windows import Whole
from detection.hits import Hit, Loss
from shouwang.model import IMPORTED, Match, Value

if TYPE_CHECKING:
    from detection.ruleset import Correlation

log = logging.getLogger(__name__)

LATENESS_US = 3_600_000_000
MAX_ENTRIES = 50_000
"""Events one correlation remembers over all groups; beyond, the group touched longest ago is let go and counted."""
MAX_IN_ALL = 150_000
"""Events all correlations remember together; beyond, the fullest one lets go."""


@dataclass(frozen=True, slots=True)
class Limits:
    lateness_us: int = LATENESS_US
    entries: int = MAX_ENTRIES
    in_all: int = MAX_IN_ALL
    crowd: int = CROWD
    """Events of one group from which on it is looked what can be left out."""
    group: int = GROUP_EVENTS
    """Events one group remembers."""


Holding: TypeAlias = Callable[[str], Held | None]
"""Id of a correlation -> what is kept of it."""


def nothing_held(name: str) -> Held | None:
    return None


class Correlator:
    """All loaded correlations over one stream of matches."""

    def __init__(
        self,
        correlations: Iterable[Correlation],
        held: Holding = nothing_held,
        *,
        clock_us: int = 0,
        away: Iterable[tuple[int, int]] = (),
        limits: Limits | None = None,
    ) -> None:
        """``held`` and ``clock_us`` say what ``changes`` gave; ``away``: when nothing was watched (``WatchTime``)."""
        self.limits = limits or Limits()
        self.watch = WatchTime(away)
        self.clock_us = clock_us
        """The newest receipt seen, by the watch's time: what is remembered is forgotten by this clock."""
        self.states = _states(inputs_first(correlations), self.limits)
        self._losses: list[Loss] = []
        for state in self.states.values():
            state.memory.losses = self._losses
        self.changed: frozenset[str] = frozenset()
        """Ids of those whose rule is not the one that ``held`` was kept of."""
        self._restore(held)
        self._entries = sum(state.entries for state in self.states.values())
        self._wholes = [state for state in self.states.values() if isinstance(state.window, Whole)]
        self._readers: dict[str, list[CorrelationState]] = {}
        for state in self.states.values():
            for rule in state.rules:
                self._readers.setdefault(rule, []).append(state)
        self.silenced = frozenset(
            rule for state in self.states.values() if not state.correlation.generate for rule in state.rules
        )
        """Rules and correlations that raise no alerts of their own: a correlation speaks for them and does not say
        ``generate``."""

    def _restore(self, held: Holding) -> None:
        changed = set()
        for name, state in self.states.items():
            kept = held(name)
            if kept is not None and not state.restore(kept.counters, kept.rows):
                changed.add(name)
        self.changed = frozenset(changed)

    def feed(self, match: Match, at_us: int | None = None) -> list[Hit]:
        """``at_us``: when it counts as come, where that is not its receipt."""
        if at_us is None:
            at_us = self.watch.at(match.received_us)
        self.clock_us = max(self.clock_us, at_us)
        hits = self._judge(self.clock_us)
        readers = self._readers.get(match.rule_id)
        if readers:
            late = self.clock_us - self.watch.at(match.time_us) > self.limits.lateness_us
            late = late and not match.source.startswith(IMPORTED)
            for state in readers:
                if late:
                    state.memory.harm(Cause.LATE, Damage(1, match.time_us, match.time_us))
                self._take(state, self._feed(state, match, at_us), hits)
            if self._entries > self.limits.in_all:
                self._make_room()
        return hits

    def _feed(self, state: CorrelationState, match: Match, at_us: int, *, again: bool = False) -> Outcome:
        before = state.entries
        try:
            outcome = state.feed(match, at_us, again=again)
        except Exception:  # one correlation's fault on one match never stops the stream; the ledger has it
            log.exception("A correlation failed on a match: %s", state.correlation.id)
            state.memory.harm(Cause.FAULT, Damage(1, match.time_us, match.time_us))
            return Outcome()
        state.memory.make_room(self.clock_us, self.limits.entries)
        self._entries += state.entries - before
        return outcome

    def tick(self, now_us: int) -> list[Hit]:
        """Judge the whole windows that are over by this receipt time, though nothing more arrives."""
        return self._judge(max(self.clock_us, self.watch.at(now_us)))

    def flush(self) -> list[Hit]:
        """At the end of a file: judge what is still open."""
        return self._judge(None)

    def _judge(self, until_us: int | None) -> list[Hit]:
        """In order of the times at which they are due, over all correlations."""
        hits: list[Hit] = []
        while self._wholes:
            state = min(self._wholes, key=_next_due)
            due_us = state.next_due_us
            if due_us is None or (until_us is not None and due_us > until_us):
                break
            before = state.entries
            outcome = state.judge_next()
            self._entries += state.entries - before
            self._take(state, outcome, hits)
        return hits

    def _take(self, state: CorrelationState, outcome: Outcome, hits: list[Hit]) -> None:
        name = state.correlation.id
        if name not in self.silenced:
            hits += outcome.hits
        for end in outcome.ends:
            match = _as_match(state, end)
            for reader in self._readers.get(name, ()):
                self._take(reader, self._feed(reader, match, end.at_us, again=end.again), hits)

    def _make_room(self) -> None:
        """What is stale and what no answer depends on goes first, everywhere; then what was touched longest ago where
        most is remembered."""
        for state in self.states.values():
            state.memory.make_room(self.clock_us, self.limits.entries)
            state.memory.sweep(self.limits.entries)
        self._entries = sum(state.entries for state in self.states.values())
        if self._entries > self.limits.in_all:
            fullest = max(self.states.values(), key=lambda state: state.entries)
            before = fullest.entries
            fullest.memory.make_room(self.clock_us, before - (self._entries - self.limits.in_all))
            self._entries += fullest.entries - before

    def losses(self) -> list[Loss]:
        """Of groups of which something was let go for want of room since this was last asked."""
        found = [loss for loss in self._losses if loss.rule_id not in self.silenced]
        self._losses.clear()
        return found

    def damages(self) -> dict[str, dict[Cause, Damage]]:
        """What could not be evaluated as it came, of each correlation, since this was last asked."""
        found = {name: state.memory.damages for name, state in self.states.items() if state.memory.damages}
        for name in found:
            self.states[name].memory.damages = {}
        return found

    def has_changed(self) -> bool:
        """Whether there is anything new for ``changes`` to say."""
        return any(state.memory.has_changed() for state in self.states.values())

    def changes(self) -> dict[str, Changes]:
        """What to keep of each correlation beside what was kept before, and ``clock_us``."""
        found = {name: state.memory.changes() for name, state in self.states.items()}
        return {name: each for name, each in found.items() if each.written or each.gone or each.counters}


def _next_due(state: CorrelationState) -> float:
    return inf if state.next_due_us is None else state.next_due_us


def _states(correlations: Iterable[Correlation], limits: Limits) -> dict[str, CorrelationState]:
    """Inputs first. Who reads a correlation that waits for its windows waits for that too."""
    ordered = list(correlations)
    read = {rule for correlation in ordered for rule in correlation.rules}
    delays: dict[str, int] = {}
    states: dict[str, CorrelationState] = {}
    for each in ordered:
        own_us = max([limits.lateness_us, *(delays[rule] for rule in each.rules if rule in delays)])
        state = CorrelationState(
            each,
            lateness_us=own_us,
            is_read=each.id in read,
            sources=[states[rule] for rule in each.rules if rule in states],
            crowd=limits.crowd,
            group_events=limits.group,
        )
        states[each.id] = state
        delays[each.id] = own_us + (state.remembers_us if isinstance(state.window, Whole) else 0)
    return states


def inputs_first(correlations: Iterable[Correlation]) -> list[Correlation]:
    """What a correlation reads stands before it."""
    by_id = {each.id: each for each in correlations}
    ordered: dict[str, Correlation] = {}

    def place(each: Correlation) -> None:
        for rule in each.rules:
            if rule in by_id and rule not in ordered:
                place(by_id[rule])
        ordered.setdefault(each.id, each)

    for each in by_id.values():
        place(each)
    return list(ordered.values())


def _as_match(state: CorrelationState, end: End) -> Match:
    """A correlation's outcome for those that read it: the event with which it fired, and its group's values."""
    c, member = state.correlation, end.member
    fields: dict[str, Value] = {name: list(values) for name, values in member.entities.items()}
    fields |= {name: value for name, value in zip(c.group_by, end.key, strict=True) if name in c.aliases}
    return Match(
        rule_id=c.id,
        title=c.title,
        severity=c.severity,
        event_id=member.event_id,
        time_us=member.time_us,
        received_us=member.received_us,
        source="",
        fields=fields,
        tags=c.tags,
    )
