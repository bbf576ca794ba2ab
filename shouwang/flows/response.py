"""What people do about incidents, bound to this site's clock, plans and register."""

from __future__ import annotations

from incidents import service
from incidents.criteria import Plans
from incidents.report.build import Setting
from incidents.report.paper import Rendered, report
from incidents.report.timeline import says
from incidents.views import Site, alert_json, incident_json
from shouwang.assets import AssetRegister
from shouwang.audit import Entry
from shouwang.clock import Clock
from shouwang.eventstore.base import EventStore
from shouwang.model import Alert, Disposition, Grade, GradeFacts, Incident, Value
from shouwang.statestore.store import StateStore, Tables

Json = dict[str, Value]


class Response:
    """Each act is checked, done and audited in one transaction; ``role`` goes into the audit entry."""

    def __init__(
        self,
        store: StateStore,
        events: EventStore,
        clock: Clock,
        *,
        site: Site,
        plans: Plans,
        assets: AssetRegister,
    ) -> None:
        self._store = store
        self._events = events
        self._clock = clock
        self._site = site
        self._plans = plans
        self._assets = assets

    def claim(self, actor: str, role: str, incident_id: str) -> Incident:
        return service.claim(self._store.acting_as(role), self._clock, actor, incident_id)

    def triage(self, actor: str, role: str, incident_id: str, disposition: Disposition, reason: str) -> Incident:
        store = self._store.acting_as(role)
        return service.triage(store, self._clock, actor, incident_id, disposition=disposition, reason=reason)

    def grade(
        self, actor: str, role: str, incident_id: str, *, facts: GradeFacts, grade: Grade | None, reason: str
    ) -> Incident:
        return service.grade(
            self._store.acting_as(role),
            self._clock,
            actor,
            incident_id,
            plans=self._plans,
            importance=facts.importance,
            loss=facts.loss,
            social=facts.social,
            grade=grade,
            reason=reason,
        )

    def close(self, actor: str, role: str, incident_id: str, reason: str) -> Incident:
        return service.close(self._store.acting_as(role), self._clock, actor, incident_id, reason=reason)

    def found(self, tables: Tables, incident_id: str) -> Incident:
        """Raises ``UsageError`` when there is none."""
        return service.found(tables, incident_id)

    def report(self, incident_id: str, form: str, lang: str) -> Rendered:
        setting = Setting(self._site, self._plans, self._assets, self._clock.now_us(), lang)
        return report(self._store, self._events, incident_id, format=form, setting=setting)

    def incident_json(self, incident: Incident, lang: str) -> Json:
        now_us = self._clock.now_us()
        return incident_json(
            incident, site=self._site, now_us=now_us, plans=self._plans, assets=self._assets, lang=lang
        )

    def alert_json(self, alert: Alert, lang: str) -> Json:
        return alert_json(alert, self._site.zone, lang)

    def says(self, entry: Entry, lang: str) -> str:
        """What was done, as the papers word it."""
        return says(entry, lang)
