"""Rule files -> all that is wrong with them. Joins what rules ask for with what parsers give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors import vocabulary
from detection.authoring.advice import advice
from detection.authoring.lint import Linter
from detection.authoring.lint_fields import MapField
from detection.authoring.problems import Problem, Weight
from detection.rules import OWN_RULES, load
from detection.ruleset import Rule, RuleSet
from detection.sigma import documents
from detection.sigma.documents import Document
from detection.sigma.fieldnames import FieldNames, built_in
from detection.sigma.metadata import logsource
from detection.sigma.rulefiles import rule_files
from shouwang.words import Words

__all__ = ["Checked", "Problem", "Weight", "check", "own_rules", "rules_of"]

_OF_REFUSAL: Final = "refused"


@dataclass(frozen=True, slots=True)
class Checked:
    files: int
    ruleset: RuleSet
    problems: tuple[Problem, ...]
    """In order of place."""


def check(
    paths: Sequence[Path],
    *,
    own: bool = False,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    pipelines: Sequence[Path] = (),
    cache: Path | None = None,
) -> Checked:
    """``pipelines``: pySigma's, applied before ours; fields are then looked at as they read in the end."""
    ruleset = load(paths, placeholders=placeholders, pipelines=pipelines, cache=cache)
    files = rule_files(paths)
    problems = [_refusal(each.path, each.line, each.reason) for each in ruleset.refused]
    lint = _Lint(ruleset, Linter(vocabulary, own=own, mapped=bool(pipelines)), built_in())
    for file in files:
        for document in documents.read(Path(file.path)):
            if isinstance(document, Document):
                problems += lint.document(document)
    problems += _twins(ruleset)
    return Checked(len(files), ruleset, tuple(sorted(problems, key=lambda p: (str(p.path), p.line, -p.weight))))


class _Lint:
    def __init__(self, ruleset: RuleSet, linter: Linter, names: FieldNames) -> None:
        self._linter = linter
        self._names = names
        self._rules = {(rule.path, rule.line): rule for rule in ruleset.rules}
        self._correlations = {(each.path, each.line): each for each in ruleset.correlations}
        self._refused = {(each.path, each.line) for each in ruleset.refused}

    def document(self, document: Document) -> Iterator[Problem]:
        """Nothing of a document that is refused: that is said already."""
        place = (document.path, document.line)
        correlation = self._correlations.get(place)
        if correlation is not None:
            yield from self._linter.correlation(correlation, document)
        rule = self._rules.get(place)
        if rule is not None:
            yield from self._linter.rule(rule, document, self._mapping(document.data.get("detection"), rule))
        if "filter" in document.data and not any(path == document.path for path, _ in self._refused):
            source = logsource(document.data)
            yield from self._linter.filter(document, source, lambda field: self._names.ecs(source, frozenset(), field))

    def _mapping(self, detection: object, rule: Rule) -> MapField:
        marks = self._names.marks(detection)
        return lambda field: self._names.ecs(rule.logsource, marks, field)


def _refusal(path: Path, line: int, reason: Words) -> Problem:
    return Problem(
        path,
        line,
        Weight.ERROR,
        _OF_REFUSAL,
        Words(f"不会加载：{reason.zh}", f"is not loaded: {reason.en}"),
        advice(reason),
    )


def _twins(ruleset: RuleSet) -> Iterator[Problem]:
    """Rules that say the same of the same events."""
    seen: dict[object, Rule] = {}
    for rule in ruleset.rules:
        said = (rule.logsource, rule.condition)
        first = seen.setdefault(said, rule)
        if first is not rule:
            place = f"{first.path}:{first.line}"
            what = Words(f"与 {place} 的条件完全相同", f"asks for the same as {place}")
            yield Problem(rule.path, rule.line, Weight.NOTE, "twin", what, Words("请删除其一", "remove one of them"))


def own_rules() -> Path:
    """The folder of the rules that come with the product."""
    return OWN_RULES


def rules_of(paths: Sequence[Path], cache: Path | None, pipelines: Sequence[Path] = ()) -> RuleSet:
    return load(paths, pipelines=pipelines, cache=cache)
