"""Events -> matches. ``naive`` says what a rule means, ``fast`` how it is found out; both find the same."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from detection.fast.lines import Lines, Parse
from detection.fast.literals import HAS_HYPERSCAN
from detection.fast.matching import Matcher
from detection.ruleset import Rule, RuleSet
from detection.searchcache import SearchCache
from shouwang.model import ABSENT, Event, Match, Value

_ALLOCATIONS = 100_000
"""Between two looks for garbage; caches that grow make the usual 700 in a few milliseconds, and hold no cycles."""


def settle() -> None:
    """For a process that matches and does little else, when all is loaded: what is there stays, so Python need not look
    through it for garbage; and what comes is looked through more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 100)


class Engine:
    """One rule set, ready to run. Not for several threads at a time."""

    accelerated: bool = HAS_HYPERSCAN
    """Whether Hyperscan is there. Without it the same is found, slower."""

    def __init__(self, ruleset: RuleSet, entity_fields: Sequence[str], cache: Path | None = None) -> None:
        """``entity_fields``: ECS fields to carry in every match, beside those that correlations need. ``cache``: a
        folder where what takes long to make is kept for the next start."""
        self.ruleset = ruleset
        self.match_fields = tuple(dict.fromkeys([*entity_fields, *_correlated(ruleset)]))
        self.matcher = Matcher(ruleset.rules, None if cache is None else SearchCache(cache))

    @property
    def faults(self) -> Counter[str]:
        """Rule id -> events on which it raised instead of answering (a search over its time limit, a bug). Such an
        event is no match of that rule; the others are still asked."""
        return self.matcher.faults

    def match(self, events: Sequence[Event]) -> list[Match]:
        """In order of the events, and for each in order of the rules."""
        found: list[Match] = []
        for event in events:
            fired = self.fired(event)
            if fired:
                found += self.told(event, fired)
        return found

    def told(self, event: Event, fired: Iterable[Rule]) -> list[Match]:
        """The matches of rules that fired on the event."""
        fields = self._fields(event)
        return [_match(rule, event, fields) for rule in fired]

    def fired(self, event: Event) -> list[Rule]:
        """The rules that fire on one event."""
        rules = self.ruleset.rules
        return [rules[number] for number in self.matcher.fired(event)]

    def lines(self, parse: Parse, context: frozenset[str] = frozenset()) -> Lines | None:
        """A reader of JSON lines that finds the same; ``None`` when these rules need every line parsed.

        ``context``: ECS fields that every event has beside what its line says.
        """
        lines = Lines(self.matcher, parse, context)
        return None if lines.useless else lines

    def _fields(self, event: Event) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for name in self.match_fields:
            value = event.get(name)
            if value is not ABSENT:
                fields[name] = value
        return fields


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
