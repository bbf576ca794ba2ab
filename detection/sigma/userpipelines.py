"""The site's own pySigma pipelines, applied to each rule before ours name its fields.

A rule goes through pySigma's objects and comes back: what its pipelines change is changed, what they do not touch keeps
its own words, so nothing of what pySigma itself refuses is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigma.conditions import ConditionAND, ConditionOR
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaLogSource, SigmaRule
from sigma.types import SigmaType

from detection.compile import Compiler, condition_lines, search_identifiers
from detection.ruleset import Refusal
from detection.sigma import conditions, documents, sigmavalues
from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import Key, Placeholders, read_key
from detection.sigma.pysigmawords import told
from detection.sigma.tree import NOTHING, And, Node, Not, Or, conjunction, disjunction
from shouwang.model import Logsource
from shouwang.words import Words

_GIVEN = Words(
    "取值来自 [rules.placeholders] 或管道的 vars", "values come from [rules.placeholders] or the pipeline's vars"
)
_OUTSIDE = {
    "query_expression_placeholders": Words("它查询其他系统的表", "it asks another system's tables"),
    "field_name_transform": Words(
        "其函数是 Python，文件中无法写出；请写 field_name_mapping",
        "its function is Python, which a file cannot hold; write a field_name_mapping",
    ),
    "file_placeholders": _GIVEN,
    "http_placeholders": _GIVEN,
    "command_placeholders": _GIVEN,
}
"""Transformations that cannot be applied here, and why."""
_NO_MAP = Words("应为含 transformations 的映射", "a map with transformations was expected")
_OF_QUERIES = ("postprocessing", "finalizers", "allowed_backends")
"""Parts of a pipeline about a query's text; there is none here."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule's detection after the pipelines."""

    logsource: Logsource
    named: Mapping[str, SigmaDetection]
    conditions: tuple[str, ...]


class _Left:
    """Stands among a detection item's modifiers: its key, the modifiers still to apply, and its values as written."""

    def __init__(self, key: Key, modifiers: tuple[str, ...], plain: Mapping[int, object]) -> None:
        self.key = key
        self.modifiers = modifiers
        self.plain = plain


class UserPipelines:
    def __init__(self, pipelines: Sequence[ProcessingPipeline], placeholders: Placeholders) -> None:
        ordered = sorted(pipelines, key=lambda pipeline: pipeline.priority)
        self._pipeline = sum(ordered, ProcessingPipeline())
        for name, values in placeholders.items():
            self._pipeline.vars.setdefault(name, list(values))

    def apply(self, section: Mapping[object, object], reserved: frozenset[str], source: Logsource) -> Applied:
        """Raises ``RuleFault``; a pipeline's own refusal is its reason."""
        detections = {}
        for name, item in search_identifiers(section, reserved):
            try:
                detections[name] = _detection(item)
            except RuleFault as fault:
                raise fault.under(name) from None
        rule = SigmaRule(
            title="A rule",
            logsource=SigmaLogSource(source.category, source.product, source.service),
            detection=SigmaDetections(detections, list(condition_lines(section))),
        )
        try:
            self._pipeline.apply(rule)
        except SigmaError as error:
            raise RuleFault(
                Words(f"管道拒绝此规则：{told(error).zh}", f"a pipeline refuses it: {told(error).en}")
            ) from None
        except Exception as error:  # noqa: BLE001  # a transformation raises whatever its parameters lead to
            raise RuleFault(
                Words(
                    f"管道处理此规则时出错：{type(error).__name__}: {error}",
                    f"a pipeline fails on it: {type(error).__name__}: {error}",
                )
            ) from None
        changed = rule.logsource
        return Applied(
            Logsource(changed.product, changed.category, changed.service),
            rule.detection.detections,
            tuple(condition.condition for condition in rule.detection.parsed_condition),
        )

    def fields(self, field: str, source: Logsource) -> tuple[str, ...]:
        """The names that the pipelines give a field, in correlations of such rules."""
        if not any(source):
            return (field,)
        section: dict[object, object] = {"asked": {field: "x"}, "condition": "asked"}
        named = self.apply(section, frozenset({"condition"}), source).named["asked"]
        return tuple(dict.fromkeys(each.field for each in _items(named) if each.field)) or (field,)


def read_pipelines(paths: Sequence[Path], placeholders: Placeholders) -> tuple[UserPipelines, tuple[Refusal, ...]]:
    """All that can be applied; a file of which a part cannot be is refused whole."""
    found, refused = [], []
    for path in paths:
        document = next(documents.read(path, _NO_MAP), None)
        if document is None:
            document = Refusal(path, 1, Words("文件为空", "it is empty"))
        if isinstance(document, documents.Document):
            try:
                found.append(_read(document.data))
            except RuleFault as fault:
                document = document.refusal(fault.reason, fault.where)
        if isinstance(document, Refusal):
            why = document.reason
            refused.append(document._replace(reason=Words(f"管道：{why.zh}", f"pipeline: {why.en}")))
    return UserPipelines(found, placeholders), tuple(refused)


def _read(data: Mapping[str, object]) -> ProcessingPipeline:
    steps = data.get("transformations", [])
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise RuleFault(
            Words("transformations 应为映射的列表", "transformations must be a list of maps"), "transformations"
        )
    for where, kind in _kinds(steps, ("transformations",)):
        if kind in _OUTSIDE:
            raise RuleFault(
                Words(
                    f"不能应用转换 {kind}：{_OUTSIDE[kind].zh}",
                    f"the transformation {kind} cannot be applied: {_OUTSIDE[kind].en}",
                ),
                *where,
            )
    try:
        return ProcessingPipeline.from_dict({key: value for key, value in data.items() if key not in _OF_QUERIES})
    except SigmaError as error:
        raise RuleFault(told(error), "transformations") from None
    except Exception as error:  # noqa: BLE001  # see apply
        raise RuleFault(
            Words(f"管道有误：{type(error).__name__}: {error}", f"is wrong: {type(error).__name__}: {error}")
        ) from None


def _kinds(steps: list[dict[str, Any]], within: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where each transformation stands, and its type; nested ones too."""
    for number, step in enumerate(steps):
        yield (*within, number, "type"), str(step.get("type"))
        inner = step.get("items")
        if isinstance(inner, list):
            yield from _kinds([each for each in inner if isinstance(each, dict)], (*within, number, "items"))


# ------------------------------------------------------------------------------------ rules -> pySigma


def _detection(item: object) -> SigmaDetection:
    if isinstance(item, dict):
        if not item:
            raise RuleFault(Words("映射为空", "the map is empty"))
        items = [_item(read_key("" if key is None else str(key)), value) for key, value in item.items()]
        return SigmaDetection(list(items), item_linking=ConditionAND)
    if isinstance(item, list) and not item:
        raise RuleFault(Words("列表为空", "the list is empty"))
    parts = item if isinstance(item, list) else [item]
    made = [_detection(each) if isinstance(each, dict) else _item(read_key(""), each) for each in parts]
    return SigmaDetection(list(made), item_linking=ConditionOR)


def _item(key: Key, value: object) -> SigmaDetectionItem:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise RuleFault(Words("值的列表为空", "the list of values is empty"))
    shown = [sigmavalues.shown(key, each) for each in values]
    made = [each for each, _ in shown]
    untouched = {id(each): plain for each, plain in zip(made, values, strict=True)}
    left = _Left(key, shown[0][1], {} if key.has("fieldref") else untouched)  # pySigma renames references in place
    linking: Any = ConditionAND if key.every else ConditionOR
    return SigmaDetectionItem(key.field or None, [left], made, value_linking=linking, auto_modifiers=False)  # type: ignore[list-item]  # carried through, see _Left


# ------------------------------------------------------------------------------------ pySigma -> rules


def compiled(applied: Applied, compiler: Compiler) -> Node:
    """Raises ``RuleFault``, also when the pipelines left nothing to search for."""
    named = {}
    for name, detection in applied.named.items():
        try:
            named[name] = _node(detection, compiler)
        except RuleFault as fault:
            raise fault.under(name) from None
    try:
        asked = disjunction(tuple(conditions.parse(line, named) for line in applied.conditions))
    except RuleFault as fault:
        raise fault.under("condition") from None
    whole = _pruned(asked)
    if whole is None:
        raise RuleFault(Words("经管道处理后没有任何检索项", "the pipelines leave nothing to search for"))
    return whole


def _node(detection: SigmaDetection, compiler: Compiler) -> Node:
    parts = tuple(
        _node(each, compiler) if isinstance(each, SigmaDetection) else _item_node(each, compiler)
        for each in detection.detection_items
    )
    if not parts:
        return NOTHING
    return disjunction(parts) if detection.item_linking is ConditionOR else conjunction(parts)


def _item_node(item: SigmaDetectionItem, compiler: Compiler) -> Node:
    carried: Sequence[object] = item.modifiers
    left = next((each for each in carried if isinstance(each, _Left)), None)
    parts = tuple(_value_node(item.field or "", value, left, compiler) for value in item.value)
    if not parts:
        raise RuleFault(Words("经管道处理后有字段没有值", "the pipelines leave a field without a value"))
    node = conjunction(parts) if item.value_linking is ConditionAND else disjunction(parts)
    return Not(node) if item.negated or (left is not None and left.key.negated) else node


def _value_node(field: str, value: SigmaType, left: _Left | None, compiler: Compiler) -> Node:
    if left is not None and id(value) in left.plain:
        return compiler.tests(replace(left.key, field=field), left.plain[id(value)])
    rest = () if left is None else left.modifiers
    expands = "expand" in rest
    return disjunction(
        tuple(
            compiler.tests(read_key("|".join((field, *more, *(m for m in rest if m not in more)))), plain)
            for more, plain in sigmavalues.written(value, expands=expands)
        )
    )


def _pruned(node: Node) -> Node | None:
    """Without what a pipeline dropped: an item that is gone asks for nothing."""
    if node == NOTHING:
        return None
    match node:
        case Not(part):
            inner = _pruned(part)
            return None if inner is None else Not(inner)
        case And(parts) | Or(parts):
            kept = tuple(each for part in parts if (each := _pruned(part)) is not None)
            if not kept:
                return None
            return conjunction(kept) if isinstance(node, And) else disjunction(kept)
        case _:
            return node


def _items(detection: SigmaDetection) -> Iterator[SigmaDetectionItem]:
    for each in detection.detection_items:
        if isinstance(each, SigmaDetection):
            yield from _items(each)
        else:
            yield each
