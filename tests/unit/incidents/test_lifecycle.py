from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from incidents import service
from incidents.lifecycle import NotNow
from incidents.plans import load as plans
from shouwang.clock import ManualClock
from shouwang.errors import ShouwangError, UsageError
from shouwang.model import (
    AlertState,
    Disposition,
    Grade,
    GradeFacts,
    Importance,
    Incident,
    IncidentState,
    Loss,
    SocialEffect,
)
from shouwang.statestore.store import StateStore
from tests.unit.incidents.making import FOUND, a_store, an_incident

ID = "INC-20261125-0001"


class Desk:
    """One analyst at one store."""

    def __init__(self, store: StateStore) -> None:
        self.store = store
        self.clock = ManualClock(FOUND + 60_000_000)

    def claim(self, who: str = "wang") -> Incident:
        return service.claim(self.store, self.clock, who, ID)

    def triage(self, disposition: Disposition = Disposition.TRUE, reason: str = "seen in the log") -> Incident:
        return service.triage(self.store, self.clock, "wang", ID, disposition=disposition, reason=reason)

    def grade(self, grade: Grade | None = None, reason: str = "", loss: Loss | None = None) -> Incident:
        return service.grade(self.store, self.clock, "wang", ID, plans=plans(), grade=grade, reason=reason, loss=loss)

    def close(self, reason: str = "blocked") -> Incident:
        return service.close(self.store, self.clock, "wang", ID, reason=reason)

    def entries(self) -> list[tuple[str, str]]:
        return [(entry.actor, entry.act) for entry in reversed(self.store.trail.list()[1])]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with a_store(tmp_path, an_incident(facts=GradeFacts(Importance.IMPORTANT))) as store:
        yield Desk(store)


def test_the_whole_life_of_a_true_incident_leaves_one_entry_an_act(desk: Desk) -> None:
    assert desk.claim().state is IncidentState.CLAIMED
    assert desk.triage().state is IncidentState.TRIAGED
    assert desk.grade(loss=Loss.CONSIDERABLE).grading.grade is Grade.III
    assert desk.grade(grade=Grade.III).confirmation is not None
    closed = desk.close()
    assert (closed.state, closed.owner, closed.closed_at_us) == (IncidentState.CLOSED, "wang", FOUND + 60_000_000)
    acts = ["claim", "triage", "grade", "grade", "close"]
    assert desk.entries() == [("wang", f"incidents.{act}") for act in acts]
    assert desk.store.trail.verify() == (5, None)
    alert = desk.store.alerts.get("A-1")
    assert alert is not None
    assert alert.state is AlertState.CLOSED


def test_an_entry_says_before_and_after(desk: Desk) -> None:
    desk.claim()
    desk.triage(Disposition.FALSE_POSITIVE, "scanner")
    desk.triage(Disposition.TRUE, "no scanner of ours")
    _, entries = desk.store.trail.list(target=ID, limit=1)
    assert orjson.loads(entries[0].detail) == {
        "before": "false_positive",
        "disposition": "true",
        "reason": "no scanner of ours",
    }


def test_claiming_assigns_and_another_may_take_over(desk: Desk) -> None:
    assert desk.claim("wang").owner == "wang"
    with pytest.raises(NotNow, match="yours already"):
        desk.claim("wang")
    assert desk.claim("li").owner == "li"
    assert orjson.loads(desk.store.trail.list()[1][0].detail) == {"from": "wang"}


def test_taking_over_a_triaged_incident_keeps_it_triaged(desk: Desk) -> None:
    desk.claim()
    desk.triage()
    assert desk.claim("li").state is IncidentState.TRIAGED


@pytest.mark.parametrize(
    ("prepare", "act", "says"),
    [
        ("", "triage", "shouwang incidents claim INC-20261125-0001"),
        ("", "close", "shouwang incidents claim INC-20261125-0001"),
        ("claim", "close", "shouwang incidents triage INC-20261125-0001"),
        ("claim triage", "close", "shouwang incidents grade INC-20261125-0001 --grade IV"),
        ("claim triage confirm close", "claim", "is closed"),
        ("claim triage confirm close", "triage", "is closed"),
        ("claim triage confirm close", "confirm", "is closed"),
        ("claim triage confirm close", "close", "is closed"),
    ],
)
def test_what_is_not_allowed_says_what_to_do_and_leaves_no_trace(desk: Desk, prepare: str, act: str, says: str) -> None:
    acts: dict[str, Callable[[], Incident]] = {
        "claim": desk.claim,
        "triage": desk.triage,
        "confirm": lambda: desk.grade(grade=Grade.IV),
        "close": desk.close,
    }
    for name in prepare.split():
        acts[name]()
    before = (desk.store.incidents.get(ID), desk.entries())
    with pytest.raises(ShouwangError, match=says):
        acts[act]()
    assert (desk.store.incidents.get(ID), desk.entries()) == before


@pytest.mark.parametrize("disposition", [d for d in Disposition if d is not Disposition.TRUE])
def test_what_is_no_true_incident_closes_without_a_confirmed_grade(desk: Desk, disposition: Disposition) -> None:
    desk.claim()
    desk.triage(disposition)
    assert desk.close().state is IncidentState.CLOSED


def test_reasons_are_required(desk: Desk) -> None:
    desk.claim()
    with pytest.raises(UsageError, match="--reason"):
        desk.triage(reason="  ")
    desk.triage(Disposition.DUPLICATE)
    with pytest.raises(UsageError, match="--reason"):
        desk.close(reason="")


def test_a_reason_that_no_database_takes_is_written_out(desk: Desk) -> None:
    desk.claim()
    assert desk.triage(reason="\ud800 seen").disposition_reason == "\\ud800 seen"
    desk.grade(grade=Grade.II, reason="\udfff")


def test_an_override_needs_a_reason_and_is_marked(desk: Desk) -> None:
    with pytest.raises(UsageError, match="differs from the proposed IV"):
        desk.grade(grade=Grade.II)
    incident = desk.grade(grade=Grade.II, reason="the whole quarter is without heating")
    assert incident.confirmation is not None
    assert (incident.grade, incident.grading.grade, incident.confirmation.overrides) == (Grade.II, Grade.IV, True)


def test_a_graver_proposal_asks_for_a_new_confirmation_and_a_lesser_one_does_not(desk: Desk) -> None:
    desk.grade(grade=Grade.IV)
    raised = desk.grade(loss=Loss.SERIOUS)
    assert (raised.confirmation, raised.grade) == (None, Grade.II)
    desk.grade(grade=Grade.II)
    lowered = desk.grade(loss=Loss.MINOR)
    assert (lowered.grading.grade, lowered.grade) == (Grade.IV, Grade.II)


def test_an_importance_that_a_person_states_takes_the_place_of_the_registers(tmp_path: Path) -> None:
    looked_up = GradeFacts(Importance.IMPORTANT, importance_looked_up=True)
    with a_store(tmp_path, an_incident(facts=looked_up)) as store:
        clock = ManualClock(FOUND)
        kept = service.grade(store, clock, "wang", ID, plans=plans(), loss=Loss.MINOR)
        assert kept.grading.facts == replace(looked_up, loss=Loss.MINOR)
        said = service.grade(store, clock, "wang", ID, plans=plans(), importance=Importance.IMPORTANT)
        assert said.grading.facts == GradeFacts(Importance.IMPORTANT, Loss.MINOR)
        assert store.incidents.get(ID) == said


def test_facts_stated_earlier_stay(desk: Desk) -> None:
    desk.grade(loss=Loss.SERIOUS)
    incident = service.grade(desk.store, desk.clock, "wang", ID, plans=plans(), social=SocialEffect.GENERAL)
    assert incident.grading.facts == GradeFacts(Importance.IMPORTANT, Loss.SERIOUS, SocialEffect.GENERAL)


def test_grading_by_nothing_and_an_unknown_incident_are_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="--importance"):
        desk.grade()
    with pytest.raises(UsageError, match="no incident"):
        service.claim(desk.store, desk.clock, "wang", "INC-1")
    assert desk.entries() == []
