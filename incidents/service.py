"""What people do to incidents. Each act is one transaction with its audit entry; a refusal leaves neither.

``actor`` is the name the peer credential gave; roles are checked before (``shouwang.access``).
"""

from __future__ import annotations

from dataclasses import replace

from incidents import lifecycle
from incidents.criteria import Plans
from incidents.grading import grade as propose
from incidents.views import facts_json
from shouwang.clock import Clock
from shouwang.errors import UsageError
from shouwang.model import AlertState, Disposition, Grade, GradeFacts, Importance, Incident, Loss, SocialEffect
from shouwang.statestore.store import StateStore, Tables, Transaction
from shouwang.words import Words


def claim(store: StateStore, clock: Clock, actor: str, incident_id: str) -> Incident:
    """Take it on, or over from whoever had it."""
    with store.act(actor=actor, act="incidents.claim", target=incident_id, at_us=clock.now_us()) as tx:
        before = found(tx, incident_id)
        after = lifecycle.claimed(before, actor)
        if before.owner:
            tx.detail["from"] = before.owner
        return _kept(tx, before, after)


def triage(
    store: StateStore, clock: Clock, actor: str, incident_id: str, *, disposition: Disposition, reason: str
) -> Incident:
    with store.act(actor=actor, act="incidents.triage", target=incident_id, at_us=clock.now_us()) as tx:
        before = found(tx, incident_id)
        after = lifecycle.triaged(before, disposition, reason)
        if before.disposition:
            tx.detail["before"] = before.disposition.value
        tx.detail |= {"disposition": disposition.value, "reason": after.disposition_reason}
        return _kept(tx, before, after)


def grade(
    store: StateStore,
    clock: Clock,
    actor: str,
    incident_id: str,
    *,
    plans: Plans,
    importance: Importance | None = None,
    loss: Loss | None = None,
    social: SocialEffect | None = None,
    grade: Grade | None = None,
    reason: str = "",
) -> Incident:
    """State facts, which make the proposal anew, and with ``grade`` confirm or override it. Facts not given stay."""
    if importance is None and loss is None and social is None and grade is None:
        raise UsageError(
            Words("没有可据以定级的内容。", "Nothing to grade by."),
            hint=Words(
                "请用 --importance、--loss 或 --social 陈述事实，或用 --grade 确认级别。",
                "State --importance, --loss or --social, or confirm with --grade.",
            ),
        )
    now_us = clock.now_us()
    with store.act(actor=actor, act="incidents.grade", target=incident_id, at_us=now_us) as tx:
        before = found(tx, incident_id)
        held = before.grading.facts
        facts = GradeFacts(
            importance or held.importance,
            loss or held.loss,
            social or held.social,
            importance_looked_up=held.importance_looked_up and importance is None,
        )
        after = lifecycle.proposed(before, propose(facts, plans))
        tx.detail |= {"facts": facts_json(facts), "proposed": after.grading.grade.name}
        if grade is not None:
            after = lifecycle.confirmed(after, grade, by=actor, at_us=now_us, reason=reason)
            tx.detail |= {"confirmed": grade.name, "overrides": grade is not after.grading.grade}
        if reason.strip():
            tx.detail["reason"] = lifecycle.storable(reason)
        if before.grade is not after.grade:
            tx.detail["before"] = before.grade.name
        return _kept(tx, before, after)


def close(store: StateStore, clock: Clock, actor: str, incident_id: str, *, reason: str) -> Incident:
    """Close it and its alerts."""
    now_us = clock.now_us()
    with store.act(actor=actor, act="incidents.close", target=incident_id, at_us=now_us) as tx:
        before = found(tx, incident_id)
        after = lifecycle.closed(before, reason=reason, at_us=now_us)
        disposition = after.disposition.value if after.disposition else None
        tx.detail |= {"reason": after.close_reason, "disposition": disposition, "grade": after.grade.name}
        for alert_id in after.alert_ids:
            alert = tx.alerts.get(alert_id)
            if alert is not None:
                tx.alerts.put(replace(alert, state=AlertState.CLOSED))
        return _kept(tx, before, after)


def found(tables: Tables, incident_id: str) -> Incident:
    """Raises ``UsageError`` when there is none."""
    incident = tables.incidents.get(incident_id)
    if incident is None:
        raise no_incident(incident_id)
    return incident


def no_incident(incident_id: str) -> UsageError:
    return UsageError(
        Words(f"没有事件 {incident_id!r}。", f"There is no incident {incident_id!r}."),
        hint=Words("可查看：shouwang incidents list", "See: shouwang incidents list"),
    )


def _kept(tx: Transaction, before: Incident, after: Incident) -> Incident:
    tx.incidents.put(after)
    if before.state is not after.state:
        tx.detail["state"] = f"{before.state.value} -> {after.state.value}"
    return after
