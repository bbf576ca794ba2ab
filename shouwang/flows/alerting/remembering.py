"""What correlations remember, in the state store; and those that stand behind the others catch up.

All correlations go along with the position in the matches. One that is new, changed, or was not loaded for a while
stands behind: it reads stored matches again from a position of its own until it has caught up. Meanwhile what it has
not seen is a gap in the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from detection.correlate import Correlator, Holding, Limits, inputs_first
from detection.correlation.replay import silenced
from detection.correlation.rows import Changes, Held, Row
from detection.hits import Hit
from detection.ruleset import Correlation
from shouwang.eventstore.base import EventStore, Position
from shouwang.model import Match
from shouwang.statestore.gaps import GapReason
from shouwang.statestore.store import StateStore, Transaction

POSITION: Final = "alerting/position"
CLOCK: Final = "correlation/clock"
SHADOW: Final = "shadow/"
"""Before the id of a correlation that is run again only because one that stands behind reads it."""
FARTHEST_US: Final = 7 * 86_400_000_000
"""What was received longer ago is not read again."""
_LEFT: Final = "left"
"""Of a correlation that is not loaded."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Where one stands, and why."""

    reason: str
    """A ``GapReason``, or that it left."""
    clock_us: int
    token: str

    def __str__(self) -> str:
        return f"{self.reason} {self.clock_us} {self.token}"

    @staticmethod
    def read(text: str) -> Behind:
        reason, clock_us, token = text.split(" ", 2)
        return Behind(reason, int(clock_us), token)


@dataclass(slots=True)
class Filling:
    """Correlations that stand at the same place, and what they read."""

    names: frozenset[str]
    correlator: Correlator
    reason: str
    after: Position | None
    heard: frozenset[str]
    """Those of ``names`` whose hits become alerts."""

    def hits(self, matches: Iterable[Match]) -> list[Hit]:
        """What a changed rule would have said before its change is not said again: events only join later ones."""
        found = [hit for match in matches for hit in self.correlator.feed(match)]
        return [hit for hit in found if hit.rule_id in self.heard]


class Remembering:
    def __init__(
        self, state: StateStore, events: EventStore, correlations: Sequence[Correlation], limits: Limits
    ) -> None:
        self.correlations = tuple(inputs_first(correlations))
        self.silenced = silenced(correlations)
        """Rules and correlations for which a correlation speaks, also one that stands behind."""
        self._state = state
        self._events = events
        self._limits = limits
        self._live: Correlator | None = None
        self._filling: Filling | None = None
        self._behind: dict[str, Behind] = {}
        self._planned = False

    def reload(self) -> None:
        """Memory is ahead of what was kept, or what was kept has changed."""
        self._live = self._filling = None

    def live(self, now_us: int) -> Correlator:
        """Those that go along."""
        if not self._planned:
            self._plan(now_us)
            self._planned = True
        if self._live is None:
            self._behind = self._standing_behind()
            along = [each for each in self.correlations if each.id not in self._behind]
            clock_us = int(self._state.memory.get(CLOCK) or b"0")
            self._live = self._correlator(along, self._held, clock_us)
        return self._live

    def behind(self) -> bool:
        return bool(self._behind)

    def _correlator(self, correlations: Sequence[Correlation], held: Holding, clock_us: int) -> Correlator:
        return Correlator(
            correlations,
            held,
            clock_us=clock_us,
            away=self._state.gaps.away(),
            limits=self._limits,
        )

    def _held(self, name: str) -> Held | None:
        return held_of(self._state, name)

    # ------------------------------------------------------------------------------- who stands behind

    def _standing_behind(self) -> dict[str, Behind]:
        found = {}
        for each in self.correlations:
            kept = self._state.correlations.get(each.id)
            if kept is not None and kept.behind:
                found[each.id] = Behind.read(kept.behind)
        return found

    def _plan(self, now_us: int) -> None:
        """Compare what is loaded with what was kept, once in a process."""
        token = self._state.memory.get(POSITION)
        if token is None:
            return
        clock_us = int(self._state.memory.get(CLOCK) or b"0")
        known = {name: self._state.correlations.get(name) for name in self._state.correlations.names()}
        changed = self._correlator(self.correlations, self._held, 0).changed
        loaded = {each.id for each in self.correlations}
        with self._state.work() as tx:
            for name, kept in known.items():
                if name not in loaded and kept is not None and not kept.behind:
                    tx.correlations.put(name, behind=str(Behind(_LEFT, clock_us, token.decode())))
            for each in self.correlations:
                kept = known.get(each.id)
                if kept is None or each.id in changed:
                    reason = GapReason.ADDED if kept is None else GapReason.CHANGED
                    self._again(tx, each, reason, now_us)
                elif kept.behind.startswith(_LEFT):
                    self._resume(tx, each, Behind.read(kept.behind), now_us)

    def _again(self, tx: Transaction, correlation: Correlation, reason: GapReason, now_us: int) -> None:
        from_us = now_us - min(correlation.timespan_s * 1_000_000, FARTHEST_US)
        behind = Behind(reason.value, 0, self._events.since("matches", from_us).token)
        tx.correlations.forget(correlation.id)
        tx.correlations.put(correlation.id, counters=b"", behind=str(behind))
        tx.gaps.add(correlation.id, reason, from_us, now_us)

    def _resume(self, tx: Transaction, correlation: Correlation, left: Behind, now_us: int) -> None:
        from_us = max(left.clock_us, now_us - FARTHEST_US)
        token = left.token if from_us == left.clock_us else self._events.since("matches", from_us).token
        behind = Behind(GapReason.RESUMED.value, left.clock_us, token)
        tx.correlations.put(correlation.id, behind=str(behind))
        tx.gaps.add(correlation.id, GapReason.RESUMED, from_us, now_us)

    # ------------------------------------------------------------------------------------- catching up

    def filling(self) -> Filling | None:
        """Those that stand farthest behind."""
        if self._filling is None and self._behind:
            first = next(iter(self._behind.values()))
            names = frozenset(name for name, behind in self._behind.items() if behind == first)
            read = self._inputs(names)
            correlator = self._correlator(
                [each for each in self.correlations if each.id in names | read],
                lambda name: self._held(name if name in names else SHADOW + name),
                first.clock_us,
            )
            heard = frozenset[str]() if first.reason == GapReason.CHANGED else names - self.silenced
            self._filling = Filling(names, correlator, first.reason, Position(first.token), heard)
        return self._filling

    def _inputs(self, names: frozenset[str]) -> frozenset[str]:
        by_id = {each.id: each for each in self.correlations}
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            for rule in by_id[waiting.pop()].rules:
                if rule in by_id and rule not in found:
                    found.add(rule)
                    waiting.append(rule)
        return frozenset(found - names)

    def advance(
        self, tx: Transaction, filling: Filling, reached: Position | None, received: tuple[int, int], now_us: int
    ) -> None:
        """Keep what was read; at the place where the others stand, go along with them."""
        for name, changes in filling.correlator.changes().items():
            _write(tx, name if name in filling.names else SHADOW + name, changes)
        _note(tx, filling.correlator, received, filling.names)
        token = "" if reached is None else reached.token
        done = token.encode() == tx.memory.get(POSITION) or reached == filling.after
        for name in filling.names:
            behind = Behind(filling.reason, filling.correlator.clock_us, token)
            tx.correlations.put(name, behind="" if done else str(behind))
            if done:
                tx.gaps.fill(name, now_us)
        filling.after = reached
        if done:
            for name in tx.correlations.names():
                if name.startswith(SHADOW):
                    tx.correlations.drop(name)
            self.reload()

    # ----------------------------------------------------------------------------------------- keeping

    def keep(self, tx: Transaction, correlator: Correlator, received: tuple[int, int]) -> None:
        """``received``: from when to when the matches came that were handled."""
        for name, changes in correlator.changes().items():
            _write(tx, name, changes)
        _note(tx, correlator, received, correlator.states.keys())
        tx.memory.put(CLOCK, b"%d" % correlator.clock_us)


def held_of(state: StateStore, name: str) -> Held | None:
    """What is kept of a correlation."""
    kept = state.correlations.get(name)
    if kept is None or not kept.counters:
        return None
    return Held(kept.counters, [Row(*each) for each in state.correlations.rows(name)])


def _note(tx: Transaction, correlator: Correlator, received: tuple[int, int], names: Collection[str]) -> None:
    """What these could not evaluate, into the ledger."""
    for name, damages in correlator.damages().items():
        for cause, damage in damages.items() if name in names else ():
            happened = damage.first_us, damage.last_us
            tx.gaps.extend(name, GapReason(cause.value), received, happened, damage.count)


def _write(tx: Transaction, name: str, changes: Changes) -> None:
    if changes.afresh:
        tx.correlations.forget(name)
    if changes.counters is not None:
        tx.correlations.put(name, counters=changes.counters)
    if changes.written or changes.gone:
        tx.correlations.write(name, changes.written, changes.gone)
