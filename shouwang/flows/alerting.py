"""Matches -> correlations -> alerts -> incidents. One step is one transaction of the state store.

Kill it anywhere: the position in the matches, what correlations remember, alerts, incidents and their audit entries are
written together, so the step that was cut off is done again from the same state and gives the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detection.alerting import Origin, grown, hit_of, opened
from detection.correlate import CLOCK, Correlator
from detection.hits import Hit, Member
from detection.intel.naming import title as set_title
from detection.repeated import unfolded
from detection.ruleset import Correlation
from detection.suppress import Seen, Stretches
from incidents.criteria import Plans
from incidents.intake import IncidentDesk
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.clock import Clock
from shouwang.errors import StoreError
from shouwang.eventstore.base import EventStore, Position
from shouwang.model import IMPORTED, Alert, AlertState, Match
from shouwang.query import Query
from shouwang.statestore.store import StateStore, Transaction
from shouwang.words import Words, words

log = logging.getLogger(__name__)

POLL_S = 0.25
PAUSE_S = 1.0
"""After a store was away or refused."""
PAGE = 1000
POSITION = "alerting/position"
SEEN = "alerting/seen"
STRETCH = "alerting/stretch/"
CORRELATION = "correlation/"


@dataclass(frozen=True, slots=True)
class Done:
    """What one step did."""

    matches: int = 0
    alerts: tuple[str, ...] = ()
    """Ids of the alerts that are new or grew."""
    incidents: tuple[str, ...] = ()
    """Ids of the incidents that were opened or joined."""


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
        drill: bool = False,
        page: int = PAGE,
    ) -> None:
        """``titles``: rule id -> title in both languages; a rule that is not there keeps what its hits say."""
        self._events = events
        self._state = state
        self._clock = clock
        self._correlations = tuple(correlations)
        self._assets = assets
        self._site = site
        self._plans = plans
        self._titles = titles or {}
        self._drill = drill
        self._page = page
        self._correlator: Correlator | None = None
        self._placed = False
        """Whether the kept position was found to be one of this event store."""
        self._wake = threading.Event()

    def notify(self) -> None:
        """There may be new matches: do not wait for the next look."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Step until stopped. A store that is away is waited for; any other error is the caller's."""
        while not stop.is_set():
            self._wake.clear()
            try:
                done = self.step()
            except StoreError as away:
                log.warning("alerting waits for a store: %s", away)
                stop.wait(PAUSE_S)
                continue
            if done.matches < self._page:
                self._wake.wait(POLL_S)

    def step(self) -> Done:
        """Handle the next page of matches, or what became due while none came."""
        token = self._state.memory.get(POSITION)
        after = Position(token.decode()) if token else None
        page = self._events.tail("matches", after, self._page)
        if after is not None and not self._placed:
            if not page.items and self._is_lost(after):
                return self._resume_at_end(after)
            self._placed = True
        try:
            return self._handle(page.items, page.next if page.next != after else None)
        except BaseException:  # whatever it was, goes on up; the correlator is ahead of what was kept
            self._correlator = None
            raise

    def _is_lost(self, after: Position) -> bool:
        """Nothing follows the position, and yet it is not the end: another, or an older, event store is there now."""
        return self._events.end("matches") != after and not self._events.tail("matches", after, 1).items

    def _resume_at_end(self, after: Position) -> Done:
        end = self._events.end("matches")
        log.warning("alerting stood at %s, which this event store does not know; it goes on at its end, %s", after, end)
        with self._state.work() as tx:
            tx.memory.put(POSITION, end.token.encode())
        return Done()

    def _handle(self, matches: Sequence[Match], reached: Position | None) -> Done:
        correlator = self._loaded()
        if not matches and not (due := correlator.tick(self._clock.now_us())):
            return self._forgotten(correlator)
        seen = Seen(self._state.memory.get(SEEN))
        hits = [hit for match in matches for hit in self._hits(match, correlator, seen)] if matches else due
        with self._state.work() as tx:
            step = _Step(tx, self._clock.now_us(), self._titles, self._drill)
            for hit in hits:
                step.count(hit)
            desk = IncidentDesk(
                tx,
                assets=self._assets,
                site=self._site,
                plans=self._plans,
                now_us=step.now_us,
                drill=self._drill,
                is_imported=self._is_imported,
            )
            alerts = desk.take(step.touched())
            for alert in alerts:
                tx.alerts.put(alert)
            for name, part in step.stretches.changed().items():
                tx.memory.put(STRETCH + name, part)
            for name, part in correlator.changed().items():
                tx.memory.put(CORRELATION + name, part)
            if matches:
                tx.memory.put(SEEN, seen.kept())
            if reached is not None:
                tx.memory.put(POSITION, reached.token.encode())
        return Done(len(matches), tuple(alert.id for alert in alerts), tuple(desk.incidents))

    def _is_imported(self, alert: Alert) -> bool:
        """As its first event says; ``False`` where that is not, or no longer, stored."""
        query = Query(ids=alert.event_ids[:1])
        found = self._events.read(query, newest_first=False, after=None, limit=1).items
        return any(event.source.startswith(IMPORTED) for event in found)

    def _hits(self, match: Match, correlator: Correlator, seen: Seen) -> list[Hit]:
        if seen.is_repeat(match.rule_id, match.event_id):
            return []
        hits: list[Hit] = []
        for each in unfolded(match):
            own = [] if each.rule_id in correlator.silenced else [hit_of(each)]
            hits += [*own, *correlator.feed(each)]
        return hits

    def _forgotten(self, correlator: Correlator) -> Done:
        """Windows that ended without fulfilling anything leave the kept state too."""
        parts = correlator.changed()
        if parts:
            with self._state.work() as tx:
                for name, part in parts.items():
                    tx.memory.put(CORRELATION + name, part)
        return Done()

    def _loaded(self) -> Correlator:
        if self._correlator is None:
            names = [CLOCK, *(correlation.id for correlation in self._correlations)]
            found = {name: self._state.memory.get(CORRELATION + name) for name in names}
            held = {name: part for name, part in found.items() if part is not None}
            self._correlator = Correlator(self._correlations, held)
        return self._correlator


class _Step:
    """The alerts of one step, each read once and not yet written."""

    def __init__(self, tx: Transaction, now_us: int, titles: Mapping[str, Words], drill: bool) -> None:
        self._tx = tx
        self._titles = titles
        self._drill = drill
        self._alerts: dict[str, Alert] = {}
        self.now_us = now_us
        self.stretches = Stretches(lambda name: tx.memory.get(STRETCH + name))

    def touched(self) -> list[Alert]:
        return list(self._alerts.values())

    def count(self, hit: Hit) -> None:
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self.stretches.place(hit, member, self._is_closed), []).append(member)
        for key, members in by_key.items():
            held = self._alert(key)
            if held is not None:
                self._alerts[key] = grown(held, hit, members)
            else:
                title = self._titles.get(hit.rule_id) or set_title(hit.rule_id) or words(hit.title)
                self._alerts[key] = opened(hit, members, Origin(self._next_id(), key, title, self._drill))

    def _is_closed(self, key: str) -> bool:
        alert = self._alert(key)
        return alert is not None and alert.state is AlertState.CLOSED

    def _alert(self, key: str) -> Alert | None:
        return self._alerts.get(key) or self._tx.alerts.by_key(key)

    def _next_id(self) -> str:
        number = self._tx.numbers.next("alert")
        return f"D-A-{number}" if self._drill else f"A-{number}"
