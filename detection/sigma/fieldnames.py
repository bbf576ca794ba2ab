"""Sigma's field names -> ECS names, by the processing pipelines in ``pipelines/``.

The pipelines are pySigma's own form, so they can be read, checked and extended with its tools. Each is asked once
for a field of a logsource, with a rule that has nothing but that field; an event is never renamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaLogSource, SigmaRule
from sigma.types import SigmaNumber, SigmaString

from detection.sigma.content import Mark
from shouwang.model import Logsource

BUILT_IN = Path(__file__).parents[1] / "pipelines"


class FieldNames:
    """The mapping of one set of pipelines."""

    def __init__(self, folder: Path = BUILT_IN) -> None:
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))]
        pipelines = [ProcessingPipeline.from_yaml(text) for text in texts]
        self._pipeline = sum(sorted(pipelines, key=lambda p: p.priority), ProcessingPipeline())
        self._marks = frozenset(mark for text in texts for mark in _marks(yaml.load(text, yaml.CSafeLoader)))
        self._known: dict[tuple[Logsource, frozenset[Mark], str], tuple[str, ...]] = {}

    def marks(self, detection: object) -> frozenset[Mark]:
        """Which of the items that pipelines look for stand in a rule's detection section."""
        return self._marks.intersection(_items(detection)) if self._marks else frozenset()

    def ecs(self, logsource: Logsource, marks: frozenset[Mark], field: str) -> tuple[str, ...]:
        """The names under which an event may hold the field; usually one."""
        key = (logsource, marks, field)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._ask(logsource, marks, field)
        return known

    def _ask(self, logsource: Logsource, marks: frozenset[Mark], field: str) -> tuple[str, ...]:
        if not any(logsource):
            return (field,)
        items = {"asked": SigmaDetection([SigmaDetectionItem(field, [], [SigmaString("x")])])}
        for number, mark in enumerate(sorted(marks)):
            value = SigmaNumber(int(mark.value)) if mark.value.isdecimal() else SigmaString(mark.value)
            items[f"mark{number}"] = SigmaDetection([SigmaDetectionItem(mark.field, [], [value])])
        rule = SigmaRule(
            title="Field name",
            logsource=SigmaLogSource(logsource.category, logsource.product, logsource.service),
            detection=SigmaDetections(items, ["asked"]),
        )
        self._pipeline.apply(rule)
        return tuple(dict.fromkeys(_fields(rule.detection.detections["asked"])))


@lru_cache(maxsize=1)
def built_in() -> FieldNames:
    return FieldNames()


def _fields(detection: SigmaDetection) -> Iterator[str]:
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from _fields(item)
        elif item.field is not None:
            yield item.field


def _marks(pipeline: Mapping[str, object]) -> Iterator[Mark]:
    transformations = pipeline.get("transformations")
    for step in transformations if isinstance(transformations, list) else ():
        for condition in step.get("rule_conditions", ()):
            if condition.get("type") == "contains_detection_item":
                yield Mark(str(condition["field"]), str(condition["value"]))


def _items(detection: object) -> Iterator[Mark]:
    """Every plain field and value of a detection section."""
    if isinstance(detection, list):
        for each in detection:
            yield from _items(each)
    elif isinstance(detection, dict):
        for key, value in detection.items():
            if isinstance(value, dict):
                yield from _items(value)
                continue
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, dict):
                    yield from _items(each)
                else:
                    yield Mark(str(key), str(each))
