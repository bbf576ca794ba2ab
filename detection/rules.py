"""Rule files and folders -> rules, mapped to ECS; whatever cannot be used is refused, with its place and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from detection import documents
from detection.compile import compile_detection, compile_named
from detection.correlations import correlation
from detection.documents import Document
from detection.faults import RuleFault
from detection.fieldnames import FieldNames, Mark, built_in
from detection.metadata import UNRATED, logsource, metadata
from detection.ruleset import Correlation, Refusal, Rule, RuleSet
from detection.tree import Node, conjunction
from shouwang.model import Logsource

__all__ = ["OWN_RULES", "Correlation", "Refusal", "Rule", "RuleSet", "load"]

OWN_RULES = Path(__file__).parent / "rulesets"
"""The rules that come with the product."""
_FILTER_KEYS = frozenset({"condition", "rules"})


def load(
    paths: Sequence[Path],
    *,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    names: FieldNames | None = None,
) -> RuleSet:
    """Every rule, correlation and filter of these files and folders.

    Args:
        placeholders: values for ``%name%`` under the modifier ``expand``; a rule that needs others is refused.
        names: instead of the built-in pipelines.
    """
    loader = _Loader(names or built_in(), placeholders or {})
    seen: set[Path] = set()
    for path in paths:
        for file in documents.rule_files(path):
            if (real := file.resolve()) not in seen:
                seen.add(real)
                loader.read(file)
    return loader.finish()


class _Loader:
    """Rules first, as files come; filters and correlations when all rules are known."""

    def __init__(self, names: FieldNames, placeholders: Mapping[str, Sequence[str]]) -> None:
        self._names = names
        self._placeholders = placeholders
        self._rules: dict[str, Rule] = {}
        self._marks: dict[str, frozenset[Mark]] = {}
        self._by_name: dict[str, str] = {}
        self._later: list[Document] = []
        self._places: dict[str, Document] = {}
        """Every id given so far, correlations included."""
        self._refused: list[Refusal] = []
        self._filters = 0

    def read(self, path: Path) -> None:
        for document in documents.read(path):
            if isinstance(document, Refusal):
                self._refused.append(document)
            elif "correlation" in document.data or "filter" in document.data:
                self._later.append(document)
            else:
                self._guard(document, self._rule)

    def finish(self) -> RuleSet:
        filters = [document for document in self._later if "filter" in document.data]
        for document in filters:
            self._guard(document, self._filter)
        correlations: list[Correlation] = []
        for document in self._later:
            if "filter" not in document.data:
                self._guard(document, lambda each: correlations.append(self._correlation(each)))
        refused = sorted(self._refused, key=lambda refusal: (refusal.path, refusal.line))
        return RuleSet(tuple(self._rules.values()), tuple(correlations), tuple(refused), self._filters)

    def _guard(self, document: Document, read: Callable[[Document], None]) -> None:
        try:
            read(document)
        except RuleFault as fault:
            self._refused.append(document.refusal(fault.reason, fault.where))
        except RecursionError:
            self._refused.append(document.refusal("is nested too deeply"))

    # ------------------------------------------------------------------------------------------ rules

    def _rule(self, document: Document) -> None:
        data = document.data
        if "detection" not in data:
            raise RuleFault("is no rule: detection is missing")
        if "action" in data:
            raise RuleFault("action documents were removed from Sigma", "action")
        meta = metadata(data)
        source = logsource(data)
        marks = self._names.marks(data["detection"])
        try:
            condition = compile_detection(data["detection"], self._mapping(source, marks), self._placeholders)
        except RuleFault as fault:
            raise fault.under("detection") from None
        self._claim(meta.id, meta.name, document)
        self._marks[meta.id] = marks
        self._rules[meta.id] = Rule(
            id=meta.id,
            title=meta.title,
            name=meta.name,
            severity=UNRATED if meta.severity is None else meta.severity,
            logsource=source,
            tags=meta.tags,
            path=document.path,
            line=document.line,
            condition=condition,
            falsepositives=meta.falsepositives,
            description=meta.description,
            status=meta.status,
            extra=meta.extra,
        )

    def _mapping(self, source: Logsource, marks: frozenset[Mark]) -> Callable[[str], tuple[str, ...]]:
        return lambda field: self._names.ecs(source, marks, field)

    def _claim(self, identity: str, name: str, document: Document) -> None:
        """Ids and names are unique; the first file keeps them."""
        for key, value in (("id", identity), ("name", name)):
            earlier = self._places.get(value) if value else None
            if earlier is not None:
                raise RuleFault(f"{key} {value} is already that of {earlier.path}:{earlier.line}", key)
        for value in filter(None, (identity, name)):
            self._places[value] = document
        if name:
            self._by_name[name] = identity

    # ---------------------------------------------------------------------------------------- filters

    def _filter(self, document: Document) -> None:
        metadata(document.data)
        source = logsource(document.data)
        section = document.data["filter"]
        if not isinstance(section, dict):
            raise RuleFault("filter must be a map", "filter")
        targets = [rule for rule in self._targets(document, section) if source.covers(rule.logsource)]
        if not targets:
            raise RuleFault("the filter applies to no rule that is loaded", "filter", "rules")
        filtered: dict[str, Rule] = {}
        for rule in targets:
            try:
                node = self._filter_node(section, rule)
            except RuleFault as fault:
                raise fault.under("filter") from None
            filtered[rule.id] = replace(rule, condition=conjunction((rule.condition, node)))
        self._rules.update(filtered)
        self._filters += 1

    def _filter_node(self, section: Mapping[object, object], rule: Rule) -> Node:
        return compile_named(
            section, _FILTER_KEYS, self._mapping(rule.logsource, self._marks[rule.id]), self._placeholders
        )

    def _targets(self, document: Document, section: Mapping[object, object]) -> Iterable[Rule]:
        written = section.get("rules")
        if written == "any":
            return list(self._rules.values())
        listed = written if isinstance(written, list) else [written]
        references = [each for each in listed if isinstance(each, str)]
        if not references or len(references) != len(listed):
            raise RuleFault("rules must be any, a rule's id or name, or a list of them", "filter", "rules")
        found = {}
        for reference in references:
            try:
                found[reference] = self.rule(reference)
            except RuleFault as fault:
                self._refused.append(document.refusal(f"filter: {fault.reason}", ("filter", "rules")))
        return list({rule.id: rule for rule in found.values()}.values())

    # ----------------------------------------------------------------------------------- correlations

    def _correlation(self, document: Document) -> Correlation:
        meta = metadata(document.data)
        found = correlation(document, meta, self)
        self._claim(meta.id, meta.name, document)
        return found

    def rule(self, reference: str) -> Rule:
        """By id or name. Raises ``RuleFault``: not loaded, or itself a correlation."""
        found = self._rules.get(self._by_name.get(reference, reference.lower()))
        if found is not None:
            return found
        if any(reference in {each.data.get("name"), str(each.data.get("id"))} for each in self._later):
            raise RuleFault(f"{reference}: correlations of correlations are not supported yet", "rules")
        raise RuleFault(f"the rule {reference!r} is not loaded", "rules")

    def ecs(self, rule: Rule, field: str) -> str:
        """How a match of this rule names the field."""
        return self._names.ecs(rule.logsource, self._marks[rule.id], field)[0]
