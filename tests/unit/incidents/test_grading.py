from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.deadlines import clock
from incidents.grading import grade
from incidents.plans import load as plans
from incidents.words import degree, read_degree, read_grade
from shouwang.errors import UsageError
from shouwang.model import Fact, Grade, GradeFacts, Importance, Loss, Reason, SocialEffect

facts = st.builds(
    GradeFacts,
    importance=st.none() | st.sampled_from(Importance),
    loss=st.none() | st.sampled_from(Loss),
    social=st.none() | st.sampled_from(SocialEffect),
)


def reason(stated: GradeFacts, criterion: str) -> Reason:
    return next(one for one in grade(stated, plans()).reasons if one.criterion == criterion)


MATRIX = {
    Importance.ESPECIALLY_IMPORTANT: ("I", "II", "III", "IV"),
    Importance.IMPORTANT: ("II", "III", "IV", "IV"),
    Importance.ORDINARY: ("III", "IV", "IV", "IV"),
}


@pytest.mark.parametrize(("importance", "loss"), list(itertools.product(Importance, Loss)))
def test_the_matrix_is_that_of_gbz_20986_chapter_5(importance: Importance, loss: Loss) -> None:
    found = reason(GradeFacts(importance, loss), "gbz20986.matrix")
    assert found.grade is Grade[MATRIX[importance][4 - loss]]
    assert found.document.startswith("GB/Z 20986-2007")


def test_the_starred_cell_is_marked_and_not_sure_and_all_others_are() -> None:
    for importance, loss in itertools.product(Importance, Loss):
        found = reason(GradeFacts(importance, loss), "gbz20986.matrix")
        starred = (importance, loss) == (Importance.IMPORTANT, Loss.MINOR)
        assert (not found.sure, "*" in found.value) == (starred, starred)


@pytest.mark.parametrize(("social", "expected"), list(zip(SocialEffect, ("IV", "III", "II", "I"), strict=True)))
def test_social_effect_alone_gives_its_grade(social: SocialEffect, expected: str) -> None:
    assert grade(GradeFacts(social=social), plans()).grade is Grade[expected]


@pytest.mark.parametrize(("loss", "expected"), list(zip(Loss, ("IV", "III", "II", "I"), strict=True)))
def test_an_important_system_is_graded_by_the_plan_where_it_is_graver(loss: Loss, expected: str) -> None:
    assert grade(GradeFacts(Importance.IMPORTANT, loss), plans()).grade is Grade[expected]


def test_what_comes_from_memory_is_not_sure() -> None:
    verified = {"plan.1.4.i.a", "plan.1.4.ii.a", "gbz20986.matrix"}
    unsure = {"plan.1.4.iii.a", "plan.1.4.iv", "gbz20986.social"}
    found = {one.criterion: one.sure for one in grade(GradeFacts(), plans()).reasons}
    assert {key for key in verified if found[key]} == verified
    assert {key for key in unsure if not found[key]} == unsure


def test_nothing_stated_is_iv_by_the_residual_rule_and_says_what_would_raise_it() -> None:
    result = grade(GradeFacts(), plans())
    assert result.grade is Grade.IV
    assert [one.criterion for one in result.reasons if one.grade] == ["plan.1.4.iv"]
    assert "尚未陈述任何事实" in reason(GradeFacts(), "plan.1.4.iv").value
    assert reason(GradeFacts(), "raise.social").value == "若核实社会影响为较大, 则升为 III较大"
    assert "raise.importance+loss" in {one.criterion for one in result.reasons}


def known(stated: GradeFacts) -> dict[str, Fact]:
    """How each criterion's facts are known."""
    return {one.criterion: one.fact for one in grade(stated, plans()).reasons}


def test_each_reason_says_who_gave_its_facts() -> None:
    registered = GradeFacts(Importance.IMPORTANT, importance_looked_up=True)
    half = known(registered)
    assert half["gbz20986.matrix"] is half["plan.1.4.i.a"] is half["plan.1.4.iv"] is Fact.NOT_STATED
    assert half["gbz20986.social"] is Fact.NOT_STATED
    assert half["plan.1.4.i.b"] is Fact.NOT_ASKED
    assert half["raise.loss"] is Fact.SUPPOSED
    whole = known(replace(registered, loss=Loss.MINOR, social=SocialEffect.GENERAL))
    assert whole["gbz20986.matrix"] is whole["plan.1.4.i.a"] is whole["plan.1.4.iv"] is Fact.LOOKED_UP
    assert whole["gbz20986.social"] is Fact.STATED
    by_a_person = known(GradeFacts(Importance.IMPORTANT, Loss.MINOR, SocialEffect.GENERAL))
    assert {by_a_person[key] for key in ("gbz20986.matrix", "plan.1.4.i.a", "plan.1.4.iv")} == {Fact.STATED}


@given(facts)
def test_no_grade_rests_on_a_fact_that_nobody_gave(stated: GradeFacts) -> None:
    for one in grade(stated, plans()).reasons:
        if one.grade is not None and one.criterion != "plan.1.4.iv":
            assert one.fact in {Fact.STATED, Fact.LOOKED_UP}


def test_criteria_that_turn_on_facts_not_asked_for_are_listed_for_a_person() -> None:
    for letter in "bc":
        found = reason(GradeFacts(Importance.IMPORTANT, Loss.SERIOUS), f"plan.1.4.i.{letter}")
        assert found.grade is None
        assert "人工判断" in found.value


@given(facts)
def test_the_gravest_reason_wins_and_every_criterion_is_listed(stated: GradeFacts) -> None:
    result = grade(stated, plans())
    met = [one.grade for one in result.reasons if one.grade is not None]
    assert result.grade is max(met)
    listed = [one.criterion for one in result.reasons if not one.criterion.startswith("raise.")]
    assert listed == [*(c.key for c in plans().national.criteria), "gbz20986.matrix", "gbz20986.social", "plan.1.4.iv"]
    assert all(one.document and one.clause and one.value for one in result.reasons)


@given(facts, facts)
def test_graver_facts_never_give_a_lesser_grade(one: GradeFacts, other: GradeFacts) -> None:
    pairs = [(one.importance, other.importance), (one.loss, other.loss), (one.social, other.social)]
    if all(b is not None and b >= (a or 0) if a is not None else True for a, b in pairs):
        assert grade(other, plans()).grade >= grade(one, plans()).grade


@given(facts)
def test_what_would_raise_it_does_raise_it(stated: GradeFacts) -> None:
    result = grade(stated, plans())
    raises = [one for one in result.reasons if one.criterion.startswith("raise.")]
    if result.grade is Grade.I:
        assert not raises
    for one in raises:
        assert one.grade is None
        assert read_grade(one.value.rpartition("升为 ")[2]) > result.grade


@given(facts)
def test_the_language_changes_words_only(stated: GradeFacts) -> None:
    zh, en = grade(stated, plans(), "zh"), grade(stated, plans(), "en")
    assert zh.grade is en.grade
    strip = [[(r.criterion, r.clause, r.grade, r.sure) for r in g.reasons] for g in (zh, en)]
    assert strip[0] == strip[1]
    assert all(r.value.isascii() for r in en.reasons)


@pytest.mark.parametrize(("operator", "hours"), [("cii", 1), ("central_state_organ", 2), ("other", 4)])
def test_the_clock_runs_from_found_by_kind_of_operator_and_decides_nothing(operator: str, hours: int) -> None:
    found, now = 1_000_000_000_000_000, 1_000_000_000_000_000 + 55 * 60_000_000
    legal = clock(operator, found, now, plans().measures)
    assert legal.latest_us == found + hours * 3_600_000_000
    assert legal.remaining_s == hours * 3600 - 55 * 60
    assert legal.decided is None
    assert clock(operator, found, legal.latest_us + 1, plans().measures).remaining_s == -1


def test_an_unknown_kind_of_operator_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="cii, central_state_organ, other"):
        clock("bank", 0, 0, plans().measures)


def test_the_numbers_are_those_of_the_2025_measures_and_not_of_the_draft() -> None:
    found = {one.key: {g.name: v for g, (v, _) in one.values.items()} for one in plans().measures.thresholds}
    assert found["cii_whole_outage"] == {"III": 10, "II": 60, "I": 360}
    assert found["population_share"] == {"III": 30, "II": 50, "I": 50}
    assert found["personal_information_persons"] == {"III": 1_000_000, "II": 10_000_000, "I": 100_000_000}
    assert found["direct_loss_cny"] == {"III": 5_000_000, "II": 20_000_000, "I": 100_000_000}
    sure = {one.key: one.values[Grade.III][1] for one in plans().measures.thresholds}
    assert not sure["daily_life_persons"]
    assert sure["direct_loss_cny"]


def test_degrees_and_grades_are_read_in_both_languages_and_refused_with_the_choices() -> None:
    assert read_degree(Importance, "especially-important") is read_degree(Importance, "特别重要")
    assert read_degree(Loss, "SERIOUS") is Loss.SERIOUS
    assert read_grade("较大") is read_grade("iii") is read_grade("III较大") is Grade.III
    with pytest.raises(UsageError, match=r"minor \(较小\)"):
        read_degree(Loss, "huge")
    with pytest.raises(UsageError, match="II"):
        read_grade("V")
    assert degree(None, "zh") == "未陈述"
