"""Alerts arrive at the incidents' desk: each opens one, joins one, or stays alone. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from incidents import grouping, lifecycle
from incidents.criteria import Plans
from incidents.grading import grade
from incidents.grouping import Thread
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.bilingual import said
from shouwang.model import Alert, Asset, GradeFacts, Incident, IncidentState
from shouwang.statestore.store import Transaction

THREADS = "incidents/threads"
"""Name in the memory table of what grouping remembers."""


class IncidentDesk:
    """For one transaction; ``take`` once."""

    def __init__(
        self,
        tx: Transaction,
        *,
        assets: AssetRegister,
        site: Site,
        plans: Plans,
        now_us: int,
        drill: bool,
        is_imported: Callable[[Alert], bool],
    ) -> None:
        """``is_imported``: whether the alert's events were brought in from a file. Asked once an incident."""
        self._tx = tx
        self._assets = assets
        self._site = site
        self._plans = plans
        self._now_us = now_us
        self._drill = drill
        self._is_imported = is_imported
        self._threads = grouping.threads_from(tx.memory.get(THREADS))
        self.incidents: dict[str, None] = {}
        """Ids of the incidents opened or joined, in order."""

    def take(self, alerts: Iterable[Alert]) -> list[Alert]:
        """The alerts with their asset and incident; incidents, threads and audit entries are written."""
        taken = [self._take(alert) for alert in alerts]
        if taken:
            self._tx.memory.put(THREADS, grouping.threads_text(self._threads))
        return taken

    def _take(self, alert: Alert) -> Alert:
        asset = self._assets.get(alert.asset_id) if alert.asset_id else self._assets.about(alert.entities)
        if asset is not None:
            alert = replace(alert, asset_id=asset.id)
        if alert.suppression is not None:
            return alert
        if alert.incident_id:
            self._follow(alert)
            return alert
        incident = self._incident_to_join(alert)
        if incident is not None:
            return self._join(incident, alert, asset)
        return self._open(alert, asset) if grouping.opens(alert) else alert

    def _follow(self, alert: Alert) -> None:
        thread = self._threads.get(alert.incident_id)
        if thread is not None:
            self._remember(grouping.joined(thread, alert))
        incident = self._tx.incidents.get(alert.incident_id)
        if incident is not None and (wider := _touched(incident, alert)) != incident:
            self._tx.incidents.put(wider)

    def _remember(self, thread: Thread) -> None:
        self._threads.pop(thread.incident_id, None)
        self._threads[thread.incident_id] = thread

    def _incident_to_join(self, alert: Alert) -> Incident | None:
        while True:
            thread = grouping.incident_to_join(alert, list(self._threads.values()))
            if thread is None:
                return None
            incident = self._tx.incidents.get(thread.incident_id)
            if incident is not None and incident.state is not IncidentState.CLOSED:
                return incident
            del self._threads[thread.incident_id]

    def _join(self, incident: Incident, alert: Alert, asset: Asset | None) -> Alert:
        before = incident
        thread = grouping.joined(self._threads[incident.id], alert)
        incident = replace(incident, title=grouping.title(thread), alert_ids=(*incident.alert_ids, alert.id))
        incident = _touched(incident, alert)
        if asset is not None and asset.id not in incident.asset_ids:
            facts = incident.grading.facts
            incident = replace(incident, asset_ids=(*incident.asset_ids, asset.id))
            if facts.importance is None or asset.importance > facts.importance:
                facts = replace(facts, importance=asset.importance, importance_looked_up=True)
            incident = lifecycle.proposed(incident, grade(facts, self._plans))
        self._tx.incidents.put(incident)
        self._remember(thread)
        self._note("incidents.join", incident, alert)
        if incident.grade is not before.grade:
            self._note("incidents.regrade", incident, alert)
        return replace(alert, incident_id=incident.id)

    def _open(self, alert: Alert, asset: Asset | None) -> Alert:
        facts = GradeFacts(asset.importance, importance_looked_up=True) if asset else GradeFacts()
        thread = grouping.opened(self._next_id(alert.received_us), alert)
        incident = Incident(
            id=thread.incident_id,
            title=grouping.title(thread),
            key=grouping.key(alert),
            state=IncidentState.OPEN,
            found_at_us=alert.received_us,
            grading=grade(facts, self._plans),
            alert_ids=(alert.id,),
            asset_ids=(asset.id,) if asset else (),
            first_us=alert.first_us,
            last_us=alert.last_us,
            imported=self._is_imported(alert),
            drill=self._drill,
            maintenance=(alert.maintenance,) if alert.maintenance else (),
        )
        self._tx.incidents.put(incident)
        self._remember(thread)
        self._note("incidents.open", incident, alert)
        return replace(alert, incident_id=incident.id)

    def _note(self, act: str, incident: Incident, alert: Alert) -> None:
        self.incidents[incident.id] = None
        self._tx.audit(
            act=act,
            target=incident.id,
            at_us=self._now_us,
            detail={
                "title": said(incident.title),
                "alert": alert.id,
                "rule": said(alert.title),
                "severity": alert.severity.name.lower(),
                "grade": incident.grade.name,
            },
        )

    def _next_id(self, found_at_us: int) -> str:
        """Numbered within the site's day on which it was found."""
        day = datetime.fromtimestamp(found_at_us // 1_000_000, UTC).astimezone(self._site.zone).strftime("%Y%m%d")
        number = self._tx.numbers.next(f"incident/{day}")
        return f"{'D-' if self._drill else ''}INC-{day}-{number:04}"


def _touched(incident: Incident, alert: Alert) -> Incident:
    """With the times of this alert's events within its own, and the maintenance that it fell in."""
    first_us = min(incident.first_us or alert.first_us, alert.first_us)
    windows = dict.fromkeys((*incident.maintenance, *((alert.maintenance,) if alert.maintenance else ())))
    last_us = max(incident.last_us, alert.last_us)
    return replace(incident, first_us=first_us, last_us=last_us, maintenance=tuple(windows))
