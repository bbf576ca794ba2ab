"""Events -> matches. Every rule whose logsource is one of the event's is asked; ``naive`` says what it means."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from detection.naive import Program, program
from detection.ruleset import Rule, RuleSet
from detection.view import View
from shouwang.model import ABSENT, DEAD_DATASET, Event, Match, Shape, Value

log = logging.getLogger(__name__)

Route = tuple[tuple[Rule, Program], ...]
"""The rules that one shape's events are asked, in the order they were loaded."""

_MOST_ROUTES = 4096
"""Shapes are interned and few; a source that makes them without end does not fill the memory."""


class Engine:
    """One rule set, ready to run. Not for several threads at a time."""

    def __init__(self, ruleset: RuleSet, entity_fields: Sequence[str]) -> None:
        """``entity_fields``: ECS fields to carry in every match, beside those that correlations need."""
        self.ruleset = ruleset
        self.match_fields = tuple(dict.fromkeys([*entity_fields, *_correlated(ruleset)]))
        self.faults: Counter[str] = Counter()
        """Rule id -> events on which it raised instead of answering (a search over its time limit, a bug). Such an
        event is no match of that rule; the others are still asked."""
        self._programs = [(rule, program(rule.condition, bundles=True)) for rule in ruleset.rules]
        self._routes: dict[Shape, Route] = {}

    def match(self, events: Sequence[Event]) -> list[Match]:
        """In order of the events, and for each in order of the rules."""
        found: list[Match] = []
        for event in events:
            fired = self.fired(event)
            if fired:
                fields = self._fields(event)
                found += [_match(rule, event, fields) for rule in fired]
        return found

    def fired(self, event: Event) -> list[Rule]:
        """The rules that fire on one event."""
        route = self._routes.get(event.shape)
        if route is None:
            route = self._route(event.shape)
        if not route:
            return []
        view = View(event)
        fired = []
        for rule, holds in route:
            try:
                if holds(view):
                    fired.append(rule)
            except Exception:  # noqa: BLE001  # one rule's fault on one event never stops the stream
                self._fault(rule)
        return fired

    def _fault(self, rule: Rule) -> None:
        self.faults[rule.id] += 1
        if self.faults[rule.id] == 1:
            log.exception("A rule raised on an event: %s (%s)", rule.title, rule.id)

    def _route(self, shape: Shape) -> Route:
        if len(self._routes) >= _MOST_ROUTES:
            self._routes.clear()
        route: Route = ()
        if shape.dataset != DEAD_DATASET:
            route = tuple(pair for pair in self._programs if meant_for(pair[0], shape))
        self._routes[shape] = route
        return route

    def _fields(self, event: Event) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for name in self.match_fields:
            value = event.get(name)
            if value is not ABSENT:
                fields[name] = value
        return fields


def meant_for(rule: Rule, shape: Shape) -> bool:
    """Whether an event of this shape is of the rule's logsource."""
    return any(rule.logsource.covers(source) for source in shape.logsources)


def _match(rule: Rule, event: Event, fields: dict[str, Value]) -> Match:
    return Match(
        rule_id=rule.id,
        title=rule.title,
        severity=rule.severity,
        event_id=event.id,
        time_us=event.time_us,
        received_us=event.received_us,
        source=event.source,
        fields=fields,
        tags=rule.tags,
    )


def _correlated(ruleset: RuleSet) -> Iterable[str]:
    """Every key of ``Match.fields`` that a correlation reads."""
    for correlation in ruleset.correlations:
        for name in (*correlation.group_by, *correlation.field):
            yield from correlation.aliases[name].values() if name in correlation.aliases else (name,)
