"""What is probably not meant in a rule that loads: tags that are none, conditions without sense, unknown fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from detection.authoring.attack import fault_of
from detection.authoring.lint_fields import MapField, Section, Vocabulary
from detection.authoring.logic import Sense, sense
from detection.authoring.problems import At, Problem, Weight
from detection.ruleset import Correlation, Rule
from detection.sigma.documents import Document
from shouwang.model import Logsource
from shouwang.words import Words

_SENSES: Final[Mapping[Sense, tuple[str, Words, Words]]] = {
    Sense.NEVER: (
        "never",
        Words("此条件永远不会成立", "this condition can never hold"),
        Words("过滤条件排除了选择条件的全部内容", "what it excludes is all that it selects"),
    ),
    Sense.NEVER_ONE_VALUE: (
        "never",
        Words("此条件只有在某字段同时有多个值时才会成立", "this holds only where a field has several values at once"),
        Words("一个字段要同时等于两个值：应写成列表吗？", "one field is to be two things: is a list (or) meant?"),
    ),
    Sense.ALWAYS: (
        "always",
        Words("此条件永远成立：该来源的每个事件都会命中", "this condition always holds: each event matches"),
        Words("请检查 or 与 not", "look at its or and not"),
    ),
    Sense.WITHOUT_FIELDS: (
        "negative",
        Words("没有这些字段的事件也会命中", "an event that has none of these fields matches too"),
        Words("请加一项须成立的选择条件，如 event.action", "add something that must hold, for example event.action"),
    ),
}
_OWN: Final = Words("自有规则须有", "a rule of one's own should have it")


class Linter:
    def __init__(self, vocabulary: Vocabulary, *, own: bool = False, mapped: bool = False) -> None:
        """``own``: as strict as for the rules that come with the product. ``mapped``: other pipelines than ours have
        changed the rules, so that what a file writes is not what is asked for."""
        self._vocabulary = vocabulary
        self._mapped = mapped
        self._own = own

    def rule(self, rule: Rule, document: Document, mapping: MapField) -> Iterator[Problem]:
        at = At(document)
        yield from self._head(rule, at)
        section = Section(self._vocabulary, rule.logsource, at, mapping)
        yield from section.problems("detection", fields=not self._mapped)
        if self._mapped and self._vocabulary.is_read(rule.logsource):
            yield from section.of_condition(rule.condition)
        found = _SENSES.get(sense(rule.condition))
        if found is not None:
            code, what, do = found
            yield at(Weight.WARNING, code, what, do, "detection", "condition")

    def correlation(self, correlation: Correlation, document: Document) -> Iterator[Problem]:
        yield from self._head(correlation, At(document))

    def filter(self, document: Document, source: Logsource, mapping: MapField) -> Iterator[Problem]:
        section = Section(self._vocabulary, source, At(document), mapping)
        yield from section.problems("filter", fields=not self._mapped)

    def _head(self, rule: Rule | Correlation, at: At) -> Iterator[Problem]:
        data = at.document.data
        if not data.get("id"):
            what = Words("没有 id：改标题后就成了另一条规则", "has no id: with another title it is another rule")
            yield at(Weight.WARNING, "no-id", what, Words(f"请加 id: {rule.id}", f"add id: {rule.id}"))
        if not data.get("level"):
            given = rule.severity.name.lower()
            what = Words(f"没有 level，按 {given} 处理", f"has no level and is taken for {given}")
            yield at(Weight.WARNING, "no-level", what, Words("请写明 level", "say the level"))
        for number, tag in enumerate(rule.tags):
            what, do = fault_of(tag)
            if what:
                yield at(Weight.WARNING, "unknown-tag", what, do, "tags", number)
        if self._own:
            yield from self._own_head(rule, at)

    def _own_head(self, rule: Rule | Correlation, at: At) -> Iterator[Problem]:
        wanted = (
            ("title_zh", rule.title_zh),
            ("description", rule.description),
            ("falsepositives", rule.falsepositives),
            ("tests", rule.extra.get("tests") or rule.path.with_suffix(".test.yml").exists()),
        )
        for key, there in wanted:
            if not there:
                yield at(Weight.WARNING, f"no-{key}".replace("_", "-"), Words(f"没有 {key}", f"has no {key}"), _OWN)
