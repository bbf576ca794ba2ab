"""Filters and correlations: the documents that speak of rules, read when all rules are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from detection.ruleset import Correlation, Rule
from detection.sigma.chains import Chains
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from detection.sigma.metadata import Metadata, logsource, metadata
from detection.sigma.reading import Reader
from detection.sigma.shelf import Shelf
from detection.sigma.tree import Node, conjunction
from shouwang.words import Words

_FILTER_KEYS = frozenset({"condition", "rules"})


class Joiner:
    """Applies the documents that ``shelf`` kept for later to its rules."""

    def __init__(self, shelf: Shelf, reader: Reader) -> None:
        self._shelf = shelf
        self._reader = reader
        self.filters = 0
        self.correlations: list[Correlation] = []
        """What a correlation reads stands before it."""

    def run(self) -> None:
        filters = [document for document in self._shelf.later if "filter" in document.data]
        for document in filters:
            self._guard(document, self._filter)
        correlations = [document for document in self._shelf.later if "filter" not in document.data]
        chains = Chains(correlations, rule=self._found, ecs=self._ecs, claim=self._claim)
        for document in correlations:
            self._guard(document, chains.read)
        self.correlations = chains.read_so_far

    def _guard(self, document: Document, read: Callable[[Document], object]) -> None:
        try:
            read(document)
        except RuleFault as fault:
            self._shelf.refused.append(document.refusal(fault.reason, fault.where))
        except RecursionError:
            self._shelf.refused.append(document.refusal(Words("嵌套过深", "is nested too deeply")))

    # ---------------------------------------------------------------------------------------- filters

    def _filter(self, document: Document) -> None:
        metadata(document.data)
        source = logsource(document.data)
        section = document.data["filter"]
        if not isinstance(section, dict):
            raise RuleFault(Words("filter 应为映射", "filter must be a map"), "filter")
        targets = [rule for rule in self._targets(document, section) if source.covers(rule.logsource)]
        if not targets:
            raise RuleFault(
                Words("过滤文档不适用于任何已加载的规则", "the filter applies to no rule that is loaded"),
                "filter",
                "rules",
            )
        filtered: dict[str, Rule] = {}
        for rule in targets:
            try:
                node = self._filter_node(section, rule)
            except RuleFault as fault:
                raise fault.under("filter") from None
            filtered[rule.id] = replace(rule, condition=conjunction((rule.condition, node)))
        self._shelf.rules.update(filtered)
        self.filters += 1

    def _filter_node(self, section: Mapping[object, object], rule: Rule) -> Node:
        marks = self._shelf.marks[rule.id]
        return self._reader.condition(section, _FILTER_KEYS, rule.logsource, marks)[1]

    def _targets(self, document: Document, section: Mapping[object, object]) -> Iterable[Rule]:
        written = section.get("rules")
        if written == "any":
            return list(self._shelf.rules.values())
        listed = written if isinstance(written, list) else [written]
        references = [each for each in listed if isinstance(each, str)]
        if not references or len(references) != len(listed):
            raise RuleFault(
                Words(
                    "rules 应为 any、规则的编号或名称，或其列表",
                    "rules must be any, a rule's id or name, or a list of them",
                ),
                "filter",
                "rules",
            )
        found = {}
        for reference in references:
            try:
                found[reference] = self._rule(reference)
            except RuleFault as fault:
                reason = Words(f"filter：{fault.reason.zh}", f"filter: {fault.reason.en}")
                self._shelf.refused.append(document.refusal(reason, ("filter", "rules")))
        return list({rule.id: rule for rule in found.values()}.values())

    def _rule(self, reference: str) -> Rule:
        """By id or name. Raises ``RuleFault``."""
        found = self._found(reference)
        if found is None:
            raise RuleFault(Words(f"规则 {reference!r} 未加载", f"the rule {reference!r} is not loaded"), "rules")
        return found

    def _found(self, reference: str) -> Rule | None:
        shelf = self._shelf
        return shelf.rules.get(shelf.by_name.get(reference, reference.lower()))

    # ----------------------------------------------------------------------------------- correlations

    def _claim(self, meta: Metadata, document: Document) -> None:
        self._shelf.claim(meta.id, meta.name, document.path, document.line)

    def _ecs(self, rule: Rule, field: str) -> str:
        return self._reader.ecs(rule.logsource, self._shelf.marks[rule.id], field)
