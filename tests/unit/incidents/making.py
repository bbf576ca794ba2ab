"""Incidents and alerts for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from incidents.grading import grade
from incidents.plans import load as plans
from shouwang.model import Alert, AlertState, GradeFacts, Incident, IncidentState, Severity
from shouwang.statestore.store import StateStore
from shouwang.words import Words, words

FOUND = 1_795_564_800_000_000
"""2026-11-25 08:00:00 +08:00."""


def an_alert(
    id: str = "A-1",
    *,
    severity: Severity = Severity.HIGH,
    first_us: int = FOUND,
    entities: Mapping[str, str] | None = None,
    **more: str,
) -> Alert:
    """``source_ip="..."`` is the entity ``source.ip``; commas part values."""
    said = {**(entities or {}), **more}
    return Alert(
        id=id,
        key=f"key-{id}",
        rule_id="5f0f0a2e-0000-4000-8000-000000000001",
        title=words("Many failed logins"),
        severity=severity,
        count=12,
        first_us=first_us,
        last_us=first_us + 11_000_000,
        received_us=first_us + 11_000_000,
        entities={name.replace("_", "."): tuple(value.split(",")) for name, value in said.items()},
        event_ids=(b"\0" * 15 + b"\1",),
        tags=("attack.t1110",),
        state=AlertState.OPEN,
        incident_id="",
        asset_id="",
    )


def an_incident(id: str = "INC-20261125-0001", facts: GradeFacts | None = None) -> Incident:
    return Incident(
        id=id,
        title=Words("多次登录失败: 203.0.113.9 -> gate-01", "Many failed logins: 203.0.113.9 -> gate-01"),
        key="source.ip=203.0.113.9",
        state=IncidentState.OPEN,
        found_at_us=FOUND,
        grading=grade(facts or GradeFacts(), plans()),
        alert_ids=("A-1",),
    )


def a_store(tmp_path: Path, *incidents: Incident) -> StateStore:
    store = StateStore(tmp_path / "state.db")
    with store.work() as tx:
        for incident in incidents:
            tx.incidents.put(incident)
            for alert_id in incident.alert_ids:
                tx.alerts.put(replace(an_alert(alert_id, source_ip="203.0.113.9"), incident_id=incident.id))
    return store
