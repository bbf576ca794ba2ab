"""The grading documents as data, and their reader. A threshold is changed here, in the TOML, never in code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from incidents.criteria import (
    VERIFIED,
    Cell,
    Criterion,
    Deadline,
    Document,
    Matrix,
    NationalPlan,
    Plans,
    ReportingMeasures,
    Rubric,
    Threshold,
)
from shouwang.model import Grade, Importance, Loss, SocialEffect
from shouwang.words import Words

Table = Mapping[str, Any]


@lru_cache(maxsize=1)
def load() -> Plans:
    """The documents that come with this version."""
    return Plans(
        national=_national(_table("national-2017.toml")),
        matrix=_matrix(_table("gbz20986-2007.toml")),
        measures=_measures(_table("reporting-2025.toml")),
    )


def _table(name: str) -> Table:
    return tomllib.loads((files(__name__) / name).read_text("utf-8"))


def _text(said: Table, name: str = "text") -> Words:
    return Words(said[name], said[f"{name}_en"])


def _document(said: Table) -> Document:
    return Document(said["id"], _text(said, "title"), said["number"])


def _sure(said: Table) -> bool:
    return bool(said["status"] == VERIFIED)


def _criterion(said: Table) -> Criterion:
    importance, loss = said.get("importance_at_least"), said.get("loss")
    return Criterion(
        key=said["key"],
        clause=_text(said, "clause"),
        grade=Grade[said["grade"]],
        sure=_sure(said),
        text=_text(said),
        importance_at_least=Importance[importance.upper()] if importance else None,
        loss=Loss[loss.upper()] if loss else None,
        not_asked=said.get("not_asked", False),
    )


def _national(said: Table) -> NationalPlan:
    return NationalPlan(
        _document(said["document"]), tuple(map(_criterion, said["criterion"])), _criterion(said["residual"])
    )


def _matrix(said: Table) -> Matrix:
    matrix, social = said["matrix"], said["social"]
    cells = {
        (importance, loss): Cell(Grade[cell["grade"]], _sure(cell), cell.get("starred", False))
        for importance in Importance
        for loss in Loss
        for cell in [matrix[importance.name.lower()][loss.name.lower()]]
    }
    return Matrix(
        document=_document(said["document"]),
        rubric=Rubric(matrix["key"], _text(matrix, "clause"), _text(matrix)),
        cells=cells,
        social=Rubric(social["key"], _text(social, "clause"), _text(social)),
        social_sure=_sure(social),
        social_grades={effect: Grade[social["grades"][effect.name.lower()]] for effect in SocialEffect},
        social_definitions={effect: social["definitions"][effect.name.lower()] for effect in SocialEffect},
    )


def _deadline(said: Table) -> Deadline:
    to = tuple(Words(zh, en) for zh, en in zip(said["to"], said["to_en"], strict=True))
    return Deadline(said["operator"], _text(said, "name"), to, said["max_minutes"], _text(said, "clause"), _sure(said))


def _threshold(said: Table) -> Threshold:
    values = {Grade[name]: (level["value"], _sure(level)) for name, level in said["grades"].items()}
    return Threshold(said["key"], _text(said), _text(said, "unit"), values)


def _measures(said: Table) -> ReportingMeasures:
    return ReportingMeasures(
        document=_document(said["document"]),
        report_from=Grade[said["document"]["report_from"]],
        hotline=said["document"]["hotline"],
        deadlines={one["operator"]: _deadline(one) for one in said["deadline"]},
        thresholds=tuple(map(_threshold, said["threshold"])),
    )
