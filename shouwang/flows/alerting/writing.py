"""Hits -> alerts -> incidents, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from detection.correlation.recount import Found
from detection.hits import Hit, Loss
from detection.mending import Activity, activities
from detection.noise.inhibit import Inhibit
from detection.ruleset import Correlation
from incidents.criteria import Plans
from incidents.intake import IncidentDesk
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.clock import Clock
from shouwang.eventstore.base import EventStore
from shouwang.flows.alerting.holding import Holding
from shouwang.flows.alerting.step import STRETCH, Step, hit_of_missing
from shouwang.model import IMPORTED, Alert
from shouwang.query import Query
from shouwang.statestore.store import Transaction
from shouwang.words import Words


@dataclass(frozen=True, slots=True)
class Done:
    """What one step did."""

    matches: int = 0
    alerts: tuple[str, ...] = ()
    """Ids of the alerts that are new or grew."""
    incidents: tuple[str, ...] = ()
    """Ids of the incidents that were opened or joined."""


class Spoken(NamedTuple):
    """What rules in force say of themselves."""

    titles: Mapping[str, Words]
    correlations: Sequence[Correlation]


class Writing:
    def __init__(
        self,
        events: EventStore,
        clock: Clock,
        *,
        assets: AssetRegister,
        site: Site,
        plans: Plans,
        inhibits: Sequence[Inhibit],
        drill: bool,
    ) -> None:
        self._events = events
        self._clock = clock
        self._assets = assets
        self._site = site
        self._plans = plans
        self.inhibits = inhibits
        self._drill = drill

    def write(self, tx: Transaction, rules: Spoken, hits: Sequence[Hit], losses: Sequence[Loss]) -> Done:
        step = self._step(tx, rules, hits)
        for hit in hits:
            step.count(hit)
        step.lose(losses)
        return self._end(tx, step)

    def mend(
        self,
        tx: Transaction,
        rules: Spoken,
        found: Sequence[Found],
        before: Mapping[str, Alert],
        exact: Callable[[Activity], bool],
    ) -> Done:
        """Make alerts what they should be (``Step.mend``)."""
        since_us = min((each.alert.first_us for each in found), default=0)
        held = tx.alerts.of_rules({each.alert.rule_id for each in found}, since_us)
        step = self._step(tx, rules, [hit_of_missing(each, each.alert) for each in found])
        for activity in activities(found, held):
            step.mend(activity, before, exact=exact(activity))
        return self._end(tx, step)

    def _step(self, tx: Transaction, rules: Spoken, hits: Sequence[Hit]) -> Step:
        holding = Holding(
            tx,
            hits,
            inhibits=self.inhibits,
            correlations=rules.correlations,
            assets=self._assets,
            zone=self._site.zone,
        )
        return Step(tx, holding, self._clock.now_us(), rules.titles, self._drill)

    def _end(self, tx: Transaction, step: Step) -> Done:
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
        step.holding.keep()
        return Done(0, tuple(alert.id for alert in alerts), tuple(desk.incidents))

    def _is_imported(self, alert: Alert) -> bool:
        """As its first event says; ``False`` where that is not, or no longer, stored."""
        query = Query(ids=alert.event_ids[:1])
        found = self._events.read(query, newest_first=False, after=None, limit=1).items
        return any(event.source.startswith(IMPORTED) for event in found)
