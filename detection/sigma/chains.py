"""Correlation documents, each read after those that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from detection.ruleset import Correlation, Rule
from detection.sigma.correlations import correlation
from detection.sigma.documents import Document
from detection.sigma.faults import RuleFault
from detection.sigma.metadata import Metadata, metadata
from shouwang.words import Words


class Chains:
    def __init__(
        self,
        documents: Iterable[Document],
        *,
        rule: Callable[[str], Rule | None],
        ecs: Callable[[Rule, str], str],
        claim: Callable[[Metadata, Document], None],
    ) -> None:
        """``rule``: by id or name; ``ecs``: how a match of the rule names a field; ``claim`` takes id and name."""
        self._rule = rule
        self._ecs = ecs
        self._claim = claim
        self._documents: dict[str, Document] = {}
        for document in documents:
            for reference in (str(document.data.get("id", "")).lower(), document.data.get("name")):
                if isinstance(reference, str) and reference:
                    self._documents.setdefault(reference, document)
        self._outcomes: dict[int, Correlation | RuleFault] = {}
        self._open: list[Document] = []
        self._rules: dict[str, Rule | Correlation] = {}
        self.read_so_far: list[Correlation] = []
        """What a correlation reads stands before it."""

    def read(self, document: Document) -> Correlation:
        """Raises ``RuleFault``."""
        found = self._outcomes.get(id(document))
        if found is None:
            self._open.append(document)
            try:
                found = self._read(document)
            except RuleFault as fault:
                found = fault
            self._open.pop()
            self._outcomes[id(document)] = found
        if isinstance(found, RuleFault):
            raise found
        return found

    def _read(self, document: Document) -> Correlation:
        meta = metadata(document.data)
        found = correlation(document, meta, self)
        self._claim(meta, document)
        self._rules[found.id] = found
        self.read_so_far.append(found)
        return found

    def rule(self, reference: str) -> Rule | Correlation:
        """By id or name. Raises ``RuleFault``: not loaded, refused, or a correlation that is being read."""
        found = self._rule(reference)
        if found is not None:
            self._rules[found.id] = found
            return found
        document = self._documents.get(reference) or self._documents.get(reference.lower())
        if document is None:
            raise RuleFault(Words(f"规则 {reference!r} 未加载", f"the rule {reference!r} is not loaded"), "rules")
        if document in self._open:
            raise RuleFault(
                Words(
                    f"关联规则 {reference!r} 又引用本规则：互相引用成环",
                    f"the correlation {reference!r} reads this one: they read each other in a circle",
                ),
                "rules",
            )
        try:
            return self.read(document)
        except RuleFault:
            raise RuleFault(
                Words(f"关联规则 {reference!r} 已被拒绝", f"the correlation {reference!r} was refused"), "rules"
            ) from None

    def ecs(self, rule: Rule | Correlation, field: str) -> str:
        """How a match of this rule names the field; a correlation's match is the event with which it fired."""
        if isinstance(rule, Rule):
            return self._ecs(rule, field)
        if field in rule.aliases and field in rule.group_by:
            return field
        meanings = {self.ecs(self._rules[each], field) for each in rule.rules}
        if len(meanings) > 1:
            raise RuleFault(
                Words(
                    f"{field!r} 对 {rule.title!r} 的各规则是不同字段：请在那里用别名分组",
                    f"{field!r} means different fields to the rules of {rule.title!r}: group that one by an alias",
                )
            )
        return meanings.pop()
