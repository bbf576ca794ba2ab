"""What the loaded rules say of some events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from detection import repeated
from detection.authoring.explain import explain
from detection.authoring.shortfall import shortfall
from detection.correlate import Correlator
from detection.engine import Engine
from detection.hits import Hit
from detection.oracle import meant_for
from detection.ruleset import Correlation, Rule, RuleSet
from detection.sigma import documents
from detection.sigma.documents import Document
from detection.sigma.fieldnames import built_in
from shouwang.model import DEAD_DATASET, Event


class Asked:
    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._engine = Engine(ruleset, (repeated.FIELD,))

    def fired(self, event: Event) -> set[str]:
        return {rule.id for rule in self._engine.fired(event)}

    def hits(self, events: Sequence[Event]) -> list[Hit]:
        """Of all correlations; the events in order of time."""
        correlator = Correlator(self.ruleset.correlations)
        found: list[Hit] = []
        for match in self._engine.match(events):
            for each in repeated.unfolded(replace(match, received_us=match.time_us)):
                found += correlator.feed(each)
        return [*found, *correlator.flush()]

    def why(self, rule: Rule, event: Event, *, wanted: bool) -> str:
        """The first reason against what was wanted, in one line."""
        if event.shape.dataset == DEAD_DATASET:
            return f"no parser could read it ({event.get('error.code')}: {event.get('error.message')})"
        if not meant_for(rule, event.shape):
            has = "; ".join(str(tuple(source)) for source in sorted(event.shape.logsources, key=str))
            return f"it is not of the log source {tuple(rule.logsource)} but of {has or 'none'}"
        document = document_of(rule)
        detection = None if document is None else document.data.get("detection")
        names = built_in()
        marks = names.marks(detection)
        step = explain(
            rule,
            detection if isinstance(detection, dict) else None,
            lambda field: names.ecs(rule.logsource, marks, field),
            {},
            event,
        )
        return shortfall(step, wanted=wanted)


def document_of(rule: Rule | Correlation) -> Document | None:
    return next((each for each in documents_in(rule.path) if each.line == rule.line), None)


@lru_cache(maxsize=64)
def documents_in(path: Path) -> tuple[Document, ...]:
    return tuple(each for each in documents.read(path) if isinstance(each, Document))


def by_reference(ruleset: RuleSet) -> Mapping[str, Rule | Correlation]:
    """Id, name, title and file name -> rule."""
    everything: Iterable[Rule | Correlation] = (*ruleset.rules, *ruleset.correlations)
    names: dict[str, Rule | Correlation] = {}
    for each in everything:
        names |= dict.fromkeys((each.path.stem, each.title, each.name, each.id), each)
    names.pop("", None)
    return names
