"""Audit entries -> what was done, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import orjson

from incidents.report.labels import LABELS
from incidents.report.model import TimelineLine
from incidents.report.visible import visible
from incidents.words import FACTS, degree, grade_word, read_degree, read_grade
from shouwang.audit import Entry
from shouwang.bilingual import in_language
from shouwang.errors import UsageError
from shouwang.model import Importance, Loss, SocialEffect, Value

KINDS: dict[str, type[Importance] | type[Loss] | type[SocialEffect]] = {
    "importance": Importance,
    "loss": Loss,
    "social": SocialEffect,
}


def timeline(
    entries: Iterable[Entry], *, lang: str, time: Callable[[int], str], exact: bool
) -> tuple[TimelineLine, ...]:
    """``exact``: the system under its own name, for programs."""
    system = "system" if exact else LABELS[lang]["system"]
    return tuple(
        TimelineLine(
            at=time(entry.at_us),
            actor=system if entry.actor == "system" else visible(entry.actor),
            act=visible(entry.act),
            says=says(entry, lang),
        )
        for entry in entries
    )


def says(entry: Entry, lang: str) -> str:
    words, detail = LABELS[lang], _detail(entry.detail, lang)
    match entry.act:
        case "incidents.open" | "incidents.join" | "incidents.regrade":
            said = {"alert": detail.get("alert", ""), "rule": detail.get("rule", "")}
            return words[f"act {entry.act.removeprefix('incidents.')}"].format(
                grade=_grade(detail.get("grade", ""), lang), **said
            )
        case "incidents.claim":
            return words["act take over"].format_map(detail) if detail.get("from") else words["act claim"]
        case "incidents.triage":
            disposition = words.get(f"disposition {detail.get('disposition')}", "")
            return words["act triage"].format(disposition=disposition, reason=detail.get("reason", ""))
        case "incidents.grade":
            return _graded(entry, lang)
        case "incidents.close":
            return words["act close"].format(reason=detail.get("reason", ""))
        case _:
            return visible(f"{entry.act} {entry.detail}")


def _graded(entry: Entry, lang: str) -> str:
    words, detail = LABELS[lang], _detail(entry.detail, lang)
    proposed = _grade(detail.get("proposed", ""), lang)
    if not detail.get("confirmed"):
        return words["act facts"].format(facts=_facts(entry.detail, lang), proposed=proposed)
    grade = _grade(detail["confirmed"], lang)
    if detail.get("overrides") == "True":
        return words["act override"].format(grade=grade, proposed=proposed, reason=detail.get("reason", ""))
    return words["act confirm"].format(grade=grade)


def _detail(text: str, lang: str) -> Mapping[str, str]:
    """The top fields as text fit to be shown."""
    said = in_language(_object(text), lang)
    return {name: visible(str(value)) for name, value in said.items() if value is not None}


def _object(text: str) -> dict[str, Value]:
    try:
        said: Value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _facts(text: str, lang: str) -> str:
    facts = _object(text).get("facts")
    stated = facts.items() if isinstance(facts, dict) else ()
    words = LABELS[lang]
    said = [
        words["fact"].format(fact=FACTS[lang][name], degree=degree(read_degree(KINDS[name], value), lang))  # type: ignore[type-var]  # KINDS names the enum of each fact
        for name, value in stated
        if name in KINDS and isinstance(value, str)
    ]
    return words["list"].join(said) or words["none"]


def _grade(name: str, lang: str) -> str:
    try:
        return grade_word(read_grade(name), lang)
    except UsageError:
        return name
