"""What a grading document says, as data: read from ``incidents/plans``, judged by ``incidents.grading``. Pure nouns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shouwang.model import Grade, Importance, Loss, Reason, SocialEffect
from shouwang.words import Words

VERIFIED = "verified"


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: Words
    number: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of the national plan's 1.4."""

    key: str
    clause: Words
    grade: Grade
    sure: bool
    """Whether the clause's text was read in print."""
    text: Words
    importance_at_least: Importance | None = None
    loss: Loss | None = None
    not_asked: bool = False
    """It turns on facts that this version does not ask for: a person must look at it."""


@dataclass(frozen=True, slots=True)
class Cell:
    grade: Grade
    sure: bool
    starred: bool = False
    """Not listed by name in the document; it falls to this grade by the residual rule."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """The head of a table: key, clause, what it is about."""

    key: str
    clause: Words
    text: Words


@dataclass(frozen=True, slots=True)
class NationalPlan:
    document: Document
    criteria: tuple[Criterion, ...]
    residual: Criterion


@dataclass(frozen=True, slots=True)
class Matrix:
    document: Document
    rubric: Rubric
    cells: Mapping[tuple[Importance, Loss], Cell]
    social: Rubric
    social_sure: bool
    social_grades: Mapping[SocialEffect, Grade]
    social_definitions: Mapping[SocialEffect, str]


@dataclass(frozen=True, slots=True)
class Deadline:
    """Of one kind of operator, if the incident must be reported."""

    operator: str
    name: Words
    to: tuple[Words, ...]
    max_minutes: int
    clause: Words
    sure: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number of the annex: from ``value`` on, the number included, the grade."""

    key: str
    text: Words
    unit: Words
    values: Mapping[Grade, tuple[int, bool]]
    """Grade -> (value, sure)."""


@dataclass(frozen=True, slots=True)
class ReportingMeasures:
    document: Document
    report_from: Grade
    hotline: str
    deadlines: Mapping[str, Deadline]
    """By kind of operator: ``cii``, ``central_state_organ``, ``other``."""
    thresholds: tuple[Threshold, ...]


@dataclass(frozen=True, slots=True)
class Plans:
    national: NationalPlan
    matrix: Matrix
    measures: ReportingMeasures

    def cited(self, reason: Reason, lang: str) -> Reason:
        """With document and clause as they are called in ``lang``; what is in none of the documents stays as it is."""
        titles = {one.title.zh: one.title for one in (self.national.document, self.matrix.document)}
        criteria = (*self.national.criteria, self.national.residual)
        known = (*(one.clause for one in criteria), self.matrix.rubric.clause, self.matrix.social.clause)
        clauses = {one.zh: one for one in known}
        title, clause = titles.get(reason.document), clauses.get(reason.clause)
        return replace(
            reason,
            document=title.of(lang) if title else reason.document,
            clause=clause.of(lang) if clause else reason.clause,
        )
