"""What may be done to an incident, and what it is then. Pure: every refusal says what to do.

    open --claim--> claimed --triage--> triaged --close--> closed
                                  ^-- triage again --'

Claiming again takes it over. Grading is possible until it is closed. A true incident closes only with a grade that a
person confirmed. Nothing leads out of closed: new activity opens a new incident.
"""

from __future__ import annotations

from dataclasses import replace

from shouwang.errors import ShouwangError, UsageError
from shouwang.model import Confirmation, Disposition, Grade, Grading, Incident, IncidentState
from shouwang.words import Words


class NotNow(ShouwangError):
    """The incident is not in a state for this."""


def claimed(incident: Incident, by: str) -> Incident:
    _refuse_closed(incident)
    if incident.owner == by:
        raise NotNow(
            Words(f"{incident.id} 已由你负责。", f"{incident.id} is yours already."),
            hint=Words(
                f"下一步研判：shouwang incidents triage {incident.id}",
                f"Go on with: shouwang incidents triage {incident.id}",
            ),
        )
    state = IncidentState.CLAIMED if incident.state is IncidentState.OPEN else incident.state
    return replace(incident, state=state, owner=by)


def triaged(incident: Incident, disposition: Disposition, reason: str) -> Incident:
    _refuse_closed(incident)
    if incident.state is IncidentState.OPEN:
        raise NotNow(
            Words(f"{incident.id} 尚未认领。", f"{incident.id} is not claimed by anyone."),
            hint=Words(
                f"请先认领：shouwang incidents claim {incident.id}",
                f"Claim it first: shouwang incidents claim {incident.id}",
            ),
        )
    return replace(
        incident,
        state=IncidentState.TRIAGED,
        disposition=disposition,
        disposition_reason=_stated(
            reason,
            Words("研判须写明理由。", "Triage needs a reason."),
            Words(f"判为{disposition.words.zh}的依据", "why you hold it for " + disposition.value),
        ),
    )


def proposed(incident: Incident, grading: Grading) -> Incident:
    """New facts. A confirmed grade stays unless the proposal is now graver: then a person must confirm again."""
    _refuse_closed(incident)
    confirmation = incident.confirmation
    if confirmation is not None and grading.grade > confirmation.grade and grading.grade > incident.grading.grade:
        confirmation = None
    return replace(incident, grading=grading, confirmation=confirmation)


def confirmed(incident: Incident, grade: Grade, *, by: str, at_us: int, reason: str) -> Incident:
    """A person's word. What differs from the proposal needs a reason."""
    _refuse_closed(incident)
    overrides = grade is not incident.grading.grade
    if overrides and not reason.strip():
        raise UsageError(
            Words(
                f"{grade.name} {grade.zh}与系统建议的 {incident.grading.grade.name} {incident.grading.grade.zh}不同。",
                f"{grade.name} differs from the proposed {incident.grading.grade.name}.",
            ),
            hint=Words("请写明理由：--reason '...'", "Give the reason: --reason '...'"),
        )
    return replace(incident, confirmation=Confirmation(grade, by, at_us, storable(reason), overrides))


def closed(incident: Incident, *, reason: str, at_us: int) -> Incident:
    _refuse_closed(incident)
    if incident.state is not IncidentState.TRIAGED or incident.disposition is None:
        first = "claim" if incident.state is IncidentState.OPEN else "triage"
        raise NotNow(
            Words(
                f"{incident.id} 当前{incident.state.words.zh}，研判之后才能办结。",
                f"{incident.id} is {incident.state.value}; only a triaged incident can be closed.",
            ),
            hint=Words(
                f"下一步：shouwang incidents {first} {incident.id}", f"Next: shouwang incidents {first} {incident.id}"
            ),
        )
    if incident.disposition is Disposition.TRUE and incident.confirmation is None:
        proposed = incident.grading.grade
        command = f"shouwang incidents grade {incident.id} --grade {proposed.name}"
        raise NotNow(
            Words(
                f"{incident.id} 已研判为真实，级别尚未经人工确认（系统建议 {proposed.name} {proposed.zh}）。",
                f"{incident.id} is a true incident and nobody has confirmed its grade (proposed: {proposed.name}).",
            ),
            hint=Words(f"请确认级别：{command}", f"Confirm it: {command}"),
        )
    why = _stated(
        reason, Words("办结须写明处置情况。", "Closing needs a reason."), Words("做了哪些处置", "what was done")
    )
    return replace(incident, state=IncidentState.CLOSED, close_reason=why, closed_at_us=at_us)


def _refuse_closed(incident: Incident) -> None:
    if incident.state is IncidentState.CLOSED:
        raise NotNow(
            Words(f"{incident.id} 已办结。", f"{incident.id} is closed."),
            hint=Words(
                f"办结后不再改动，可查看：shouwang incidents show {incident.id}。新的活动会另立事件。",
                f"It stays as it is; see: shouwang incidents show {incident.id}. New activity opens a new incident.",
            ),
        )


def _stated(reason: str, refusal: Words, what: Words) -> str:
    if not reason.strip():
        raise UsageError(refusal, hint=Words(f"请写明{what.zh}：--reason '...'", f"Say {what.en}: --reason '...'"))
    return storable(reason)


def storable(text: str) -> str:
    """Without spaces around and without lone surrogates, which no database takes."""
    return text.strip().encode("utf-8", "backslashreplace").decode("utf-8")
