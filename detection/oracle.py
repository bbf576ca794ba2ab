"""The engine that asks every rule about every event, in plain Python: what the fast one must agree with."""

from __future__ import annotations

from collections import Counter

from detection.naive import Program, program
from detection.ruleset import Rule, RuleSet
from detection.view import View
from shouwang.model import DEAD_DATASET, Event, Logsource, Shape


class NaiveEngine:
    """One rule set. Some hundred times slower than ``Engine``."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self.faults: Counter[str] = Counter()
        """Rule id -> events on which it raised instead of answering."""
        self._programs = [(rule, program(rule.condition)) for rule in ruleset.rules]
        self._routes: dict[frozenset[Logsource], list[tuple[Rule, Program]]] = {}

    def fired(self, event: Event) -> list[Rule]:
        """The rules that fire on one event, in the order they were loaded."""
        if event.shape.dataset == DEAD_DATASET:
            return []
        sources = event.shape.logsources
        if sources not in self._routes:
            self._routes[sources] = [pair for pair in self._programs if meant_for(pair[0], event.shape)]
        view = View(event)
        fired = []
        for rule, holds in self._routes[sources]:
            try:
                if holds(view):
                    fired.append(rule)
            except Exception:  # noqa: BLE001  # one rule's fault on one event never stops the stream
                self.faults[rule.id] += 1
        return fired


def meant_for(rule: Rule, shape: Shape) -> bool:
    """Whether an event of this shape is of the rule's logsource."""
    return any(rule.logsource.covers(source) for source in shape.logsources)
