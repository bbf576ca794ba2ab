"""Facts -> proposed grade, every criterion looked at with its clause. Pure; what the documents say is data (``plans``).

The national plan (1.4) and GB/Z 20986-2007 (chapter 5) are read side by side and the gravest wins. Nothing met means IV
by the plan's residual rule, and the reasons then say so and what would raise it. A person confirms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from incidents.criteria import Criterion, Matrix, NationalPlan, Plans
from incidents.words import FACTS, SAYINGS, Degree, degree, grade_word
from shouwang.model import Fact, Grade, GradeFacts, Grading, Importance, Loss, Reason, SocialEffect


def grade(facts: GradeFacts, plans: Plans, lang: str = "zh") -> Grading:
    """The proposal. ``lang`` is that of ``Reason.value``; nothing else depends on it."""
    reasons = [*_of_plan(facts, plans.national, lang), *_of_matrix(facts, plans.matrix, lang)]
    reasons.append(_residual(facts, plans.national, reasons, lang))
    gravest = max(reason.grade for reason in reasons if reason.grade is not None)
    reasons.extend(_what_would_raise(facts, plans, gravest, lang))
    return Grading(gravest, tuple(reasons), facts)


def in_language(grading: Grading, plans: Plans, lang: str) -> tuple[Reason, ...]:
    """The stored reasons, said in ``lang``. Those found by older plans, which would find otherwise today, stay."""
    today = grade(grading.facts, plans, lang).reasons
    same = [_found(reason) for reason in today] == [_found(reason) for reason in grading.reasons]
    return tuple(plans.cited(reason, lang) for reason in (today if same else grading.reasons))


def _found(reason: Reason) -> tuple[str, str, Grade | None]:
    return reason.criterion, reason.clause, reason.grade


def _of_plan(facts: GradeFacts, plan: NationalPlan, lang: str) -> Iterator[Reason]:
    for criterion in plan.criteria:
        found, value, fact = _look_at(criterion, facts, lang)
        yield Reason(criterion.key, value, plan.document.title.zh, criterion.clause.zh, found, criterion.sure, fact)


def _look_at(criterion: Criterion, facts: GradeFacts, lang: str) -> tuple[Grade | None, str, Fact]:
    says = SAYINGS[lang]
    if criterion.not_asked or criterion.importance_at_least is None or criterion.loss is None:
        return None, says["not asked"], Fact.NOT_ASKED
    if facts.importance is None or facts.loss is None:
        return None, _missing(facts, lang), Fact.NOT_STATED
    value = f"{degree(facts.importance, lang)} x {degree(facts.loss, lang)}"
    met = facts.importance >= criterion.importance_at_least and facts.loss == criterion.loss
    found = (criterion.grade, value) if met else (None, value + says["colon"] + says["not met"])
    return *found, _with_importance(facts)


def _with_importance(facts: GradeFacts) -> Fact:
    return Fact.LOOKED_UP if facts.importance_looked_up else Fact.STATED


def _missing(facts: GradeFacts, lang: str) -> str:
    says = SAYINGS[lang]
    names = [name for name, said in (("importance", facts.importance), ("loss", facts.loss)) if said is None]
    return says["nothing stated"] + says["colon"] + says["comma"].join(FACTS[lang][name] for name in names)


def _of_matrix(facts: GradeFacts, matrix: Matrix, lang: str) -> Iterator[Reason]:
    says, document = SAYINGS[lang], matrix.document.title.zh
    if facts.importance is None or facts.loss is None:
        missing, clause = _missing(facts, lang), matrix.rubric.clause.zh
        yield Reason(matrix.rubric.key, missing, document, clause, None, True, Fact.NOT_STATED)
    else:
        cell = matrix.cells[facts.importance, facts.loss]
        value = f"{degree(facts.importance, lang)} x {degree(facts.loss, lang)}"
        if cell.starred:
            value += says["starred"]
        clause, fact = matrix.rubric.clause.zh, _with_importance(facts)
        yield Reason(matrix.rubric.key, value, document, clause, cell.grade, cell.sure, fact)
    social = matrix.social
    if facts.social is None:
        missing = says["nothing stated"]
        yield Reason(social.key, missing, document, social.clause.zh, None, matrix.social_sure, Fact.NOT_STATED)
    else:
        found = matrix.social_grades[facts.social]
        value = degree(facts.social, lang)
        yield Reason(social.key, value, document, social.clause.zh, found, matrix.social_sure, Fact.STATED)


def _residual(facts: GradeFacts, plan: NationalPlan, reasons: list[Reason], lang: str) -> Reason:
    says, rule, fact = SAYINGS[lang], plan.residual, _with_importance(facts)
    graver = any(reason.grade is not None and reason.grade > rule.grade for reason in reasons)
    if not graver and None in (facts.importance, facts.loss, facts.social):
        fact = Fact.NOT_STATED
    if facts == GradeFacts():
        value = says["residual: nothing stated"]
    elif graver:
        value = says["residual: graver met"]
    elif fact is Fact.NOT_STATED:
        value = says["residual: incomplete"]
    else:
        value = says["residual: none met"]
    return Reason(rule.key, value, plan.document.title.zh, rule.clause.zh, rule.grade, rule.sure, fact)


def _what_would_raise(facts: GradeFacts, plans: Plans, now: Grade, lang: str) -> Iterator[Reason]:
    """Counter-evidence: for each fact the least graver degree that would raise the grade, and the clause that does."""
    for names, ladder in _ladders(facts):
        for graver in ladder:
            reached = _gravest(graver, plans, lang)
            if reached is None or reached.grade is None or reached.grade <= now:
                continue
            stated = SAYINGS[lang]["and"].join(_stated(graver, name, lang) for name in names)
            value = SAYINGS[lang]["would raise"].format(stated=stated, grade=grade_word(reached.grade, lang))
            key, clause = f"raise.{'+'.join(names)}", reached.clause
            yield Reason(key, value, reached.document, clause, None, reached.sure, Fact.SUPPOSED)
            break


def _ladders(facts: GradeFacts) -> Iterator[tuple[tuple[str, ...], list[GradeFacts]]]:
    """Facts to suppose, the least grave first: one fact alone, and both of the matrix when neither is known."""
    importances = [one for one in Importance if one > (facts.importance or 0)]
    losses = [one for one in Loss if one > (facts.loss or 0)]
    socials = [one for one in SocialEffect if one > (facts.social or 0)]
    yield ("importance",), [replace(facts, importance=one) for one in importances]
    yield ("loss",), [replace(facts, loss=one) for one in losses]
    if facts.importance is None and facts.loss is None:
        pairs = sorted(product(importances, losses), key=sum)
        yield ("importance", "loss"), [replace(facts, importance=one, loss=other) for one, other in pairs]
    yield ("social",), [replace(facts, social=one) for one in socials]


def _gravest(facts: GradeFacts, plans: Plans, lang: str) -> Reason | None:
    met = [r for r in (*_of_plan(facts, plans.national, lang), *_of_matrix(facts, plans.matrix, lang)) if r.grade]
    return max(met, key=lambda reason: reason.grade or 0, default=None)


def _stated(facts: GradeFacts, name: str, lang: str) -> str:
    held: dict[str, Degree | None] = {"importance": facts.importance, "loss": facts.loss, "social": facts.social}
    return SAYINGS[lang]["is"].format(fact=FACTS[lang][name], degree=degree(held[name], lang))
