"""Matches -> correlations -> alerts -> incidents. One step is one transaction of the state store.

Kill it anywhere: the position in the matches, what correlations remember, alerts, incidents and their audit entries are
written together, so the step that was cut off is done again from the same state and gives the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from detection.alerting import hit_of
from detection.correlate import LATENESS_US, MAX_ENTRIES, Correlator, Limits
from detection.correlation.recount import Found
from detection.hits import Hit, Loss
from detection.mending import Activity
from detection.noise.inhibit import Inhibit
from detection.repeated import unfolded
from detection.ruleset import Correlation
from detection.suppress import Seen
from incidents.criteria import Plans
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.clock import Clock
from shouwang.errors import StoreError
from shouwang.eventstore.base import EventStore, Position
from shouwang.flows.alerting.coverage import Coverage, covered
from shouwang.flows.alerting.remembering import POSITION, Remembering
from shouwang.flows.alerting.writing import Done, Spoken, Writing
from shouwang.model import Alert, Match
from shouwang.statestore.gaps import GapReason
from shouwang.statestore.store import StateStore, Transaction
from shouwang.words import Words

log = logging.getLogger(__name__)

POLL_S = 0.25
PAUSE_S = 1.0
"""After a store was away or refused."""
PAGE = 1000
SEEN = "alerting/seen"
ALIVE = "alerting/alive"
"""Name in the memory table: when alerting last said that it runs."""
BEAT_US = 15_000_000
AWAY_US = 60_000_000
"""A silence of this length is an absence; so long, too, sources are given to catch up after it."""
SETTLE_US = 60_000_000
"""What was received this long ago is stored: only then a window may end for want of matches."""


class Alerting:
    """Used by one thread; ``notify`` may be called by any."""

    def __init__(
        self,
        events: EventStore,
        state: StateStore,
        clock: Clock,
        *,
        correlations: Sequence[Correlation],
        assets: AssetRegister,
        site: Site,
        plans: Plans,
        titles: Mapping[str, Words] | None = None,
        inhibits: Sequence[Inhibit] = (),
        drill: bool = False,
        page: int = PAGE,
        lateness_us: int = LATENESS_US,
        entries: int = MAX_ENTRIES,
    ) -> None:
        """``titles``: rule id -> title in both languages; a rule that is not there keeps what its hits say."""
        self._events = events
        self._state = state
        self._clock = clock
        self._limits = Limits(lateness_us, entries)
        self._remembering = Remembering(state, events, correlations, self._limits)
        self._next: tuple[Sequence[Correlation], Mapping[str, Words], Sequence[Inhibit]] | None = None
        """What takes the place of correlations, titles and inhibitions before the next matches are handled."""
        self._titles = titles or {}
        self._writing = Writing(events, clock, assets=assets, site=site, plans=plans, inhibits=inhibits, drill=drill)
        self._page = page
        self._began_us = 0
        """When ``run`` began; 0: not yet."""
        self._beat_us = 0
        self._placed = False
        """Whether the kept position was found to be one of this event store."""
        self._wake = threading.Event()

    def notify(self) -> None:
        """There may be new matches: do not wait for the next look."""
        self._wake.set()

    def take(
        self, correlations: Sequence[Correlation], titles: Mapping[str, Words], inhibits: Sequence[Inhibit]
    ) -> None:
        """Judge by these from now on; all that is stored later is judged by them. Any thread may call.

        What unchanged correlations remember stays; a changed one reads again what it needs (``Remembering``).
        """
        self._next = (correlations, titles, inhibits)
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until stopped. A store that is away is waited for; any other error is the caller's."""
        if not self._began_us:
            self._began_us = self._clock.now_us()
            self._note_absence()
        while not stop.is_set():
            self._wake.clear()
            try:
                done = self.step()
                self._beat(idle=not done.matches)
            except StoreError as away:
                log.warning("alerting waits for a store: %s", away)
                stop.wait(PAUSE_S)
                continue
            if done.matches < self._page and not self._remembering.behind():
                self._wake.wait(POLL_S)

    def _note_absence(self) -> None:
        """Since alerting last ran; nothing was received meanwhile, so no time has passed for correlations."""
        alive = self._state.memory.get(ALIVE)
        if alive is not None and self._began_us - int(alive) > AWAY_US:
            with self._state.work() as tx:
                tx.gaps.add("", GapReason.AWAY, int(alive), self._began_us)
            self._remembering.reload()

    def _beat(self, *, idle: bool) -> None:
        now_us = self._clock.now_us()
        if now_us - self._beat_us < BEAT_US:
            return
        with self._state.work() as tx:
            tx.memory.put(ALIVE, b"%d" % now_us)
            if idle and now_us - self._began_us > AWAY_US:
                tx.gaps.fill("", now_us)
        self._beat_us = now_us

    def coverage(self) -> list[Coverage]:
        """What each correlation has evaluated, and what it could not."""
        return covered(self._state, self._remembering.correlations)

    def step(self) -> Done:
        """Handle the next page of matches, or what became due while none came."""
        token = self._state.memory.get(POSITION)
        after = Position(token.decode()) if token else None
        page = self._events.tail("matches", after, self._page)
        self._change()
        if len(page.items) < self._page and self._remembering.behind():
            self._catch_up()
        if after is not None and not self._placed:
            if not page.items and (end := self._lost(after)):
                return self._resume_at(end, after)
            self._placed = True
        try:
            return self._handle(page.items, page.next if page.next != after else None)
        except BaseException:  # whatever it was, goes on up; the correlator is ahead of what was kept
            self._remembering.reload()
            raise

    def _change(self) -> None:
        """After the matches were read: those by newer rules were stored after ``take``."""
        following = self._next
        if following is None:
            return
        correlations, self._titles, self._writing.inhibits = following
        self._remembering = Remembering(self._state, self._events, correlations, self._limits)
        if self._next is following:
            self._next = None

    def _lost(self, after: Position) -> Position | None:
        """The end, where nothing follows the position and yet it is not the end: another, or an older, event store is
        there now. What comes after the end was asked for is behind it."""
        end = self._events.end("matches")
        return end if end != after and not self._events.tail("matches", after, 1).items else None

    def _resume_at(self, end: Position, after: Position) -> Done:
        log.warning("alerting stood at %s, which this event store does not know; it goes on at its end, %s", after, end)
        with self._state.work() as tx:
            tx.memory.put(POSITION, end.token.encode())
        return Done()

    def _handle(self, matches: Sequence[Match], reached: Position | None) -> Done:
        correlator = self._remembering.live(self._clock.now_us())
        seen = Seen(self._state.memory.get(SEEN))
        if matches:
            hits = [hit for match in matches for hit in self._hits(match, correlator, seen)]
        else:
            hits = correlator.tick(self._clock.now_us() - SETTLE_US)
        hits = self._heard(hits)
        if not matches and not hits and not correlator.has_changed():
            return Done()
        with self._state.work() as tx:
            done = self._alerts(tx, hits, correlator.losses())
            self._remembering.keep(tx, correlator, _received(matches, self._clock.now_us()))
            if matches:
                tx.memory.put(SEEN, seen.kept())
            if reached is not None:
                tx.memory.put(POSITION, reached.token.encode())
        return replace(done, matches=len(matches))

    def mend(
        self,
        found: Sequence[Found],
        before: Mapping[str, Alert],
        exact: Callable[[Activity], bool],
        ended: Callable[[Transaction], None],
    ) -> Done:
        """See ``Writing.mend``. Any thread may call. ``ended`` is part of the transaction."""
        with self._state.work() as tx:
            done = self._writing.mend(tx, self._rules(), found, before, exact)
            ended(tx)
        return done

    def _rules(self) -> Spoken:
        return Spoken(self._titles, self._remembering.correlations)

    def _alerts(self, tx: Transaction, hits: Sequence[Hit], losses: Sequence[Loss]) -> Done:
        return self._writing.write(tx, self._rules(), hits, losses)

    def _catch_up(self) -> None:
        """One page of what correlations that stand behind have not seen."""
        filling = self._remembering.filling()
        if filling is None:
            return
        page = self._events.tail("matches", filling.after, self._page)
        try:
            hits = filling.hits(each for match in page.items for each in unfolded(match))
            with self._state.work() as tx:
                self._alerts(tx, hits, filling.correlator.losses())
                now_us = self._clock.now_us()
                self._remembering.advance(tx, filling, page.next, _received(page.items, now_us), now_us)
        except BaseException:  # whatever it was, goes on up; what fills is ahead of what was kept
            self._remembering.reload()
            raise

    def _hits(self, match: Match, correlator: Correlator, seen: Seen) -> list[Hit]:
        if seen.is_repeat(match.rule_id, match.event_id):
            return []
        hits: list[Hit] = []
        for each in unfolded(match):
            own = [] if each.rule_id in self._remembering.silenced else [hit_of(each)]
            hits += [*own, *correlator.feed(each)]
        return hits

    def _heard(self, hits: Sequence[Hit]) -> list[Hit]:
        """Without those for which a correlation speaks that still stands behind."""
        return [hit for hit in hits if hit.rule_id not in self._remembering.silenced]


def _received(matches: Sequence[Match], now_us: int) -> tuple[int, int]:
    """From when to when they came; now where there are none."""
    times = [match.received_us for match in matches] or [now_us]
    return min(times), max(times)
