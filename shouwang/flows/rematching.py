"""Rules that are new or were changed, and that a correlation reads, meet the stored events of its last timespan.

Their correlations would not know of them otherwise. What is found goes into the event store as matches of that time;
alerting reads it as any other. Killed anywhere it begins anew: a match that is stored already changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from detection.engine import Engine
from detection.ruleset import Rule, RuleSet
from shouwang.clock import Clock
from shouwang.eventstore.base import Batch, EventStore, Position
from shouwang.query import Query
from shouwang.statestore.gaps import GapReason
from shouwang.statestore.store import StateStore

log = logging.getLogger(__name__)

MATCHED: Final = "rules/matched"
"""Name in the memory table: id and fingerprint of each rule that has met all stored events it should."""
FARTHEST_US: Final = 86_400_000_000
"""Events that happened longer ago are left to hunts."""
PAGE: Final = 1000


class Rematching:
    """Used by one thread; ``take`` may be called by any."""

    def __init__(
        self, events: EventStore, state: StateStore, clock: Clock, ruleset: RuleSet, entity_fields: Sequence[str]
    ) -> None:
        self._events = events
        self._state = state
        self._clock = clock
        self._ruleset = ruleset
        self._entity_fields = entity_fields
        self._wake = threading.Event()

    def take(self, ruleset: RuleSet) -> None:
        """Other rules are in force."""
        self._ruleset = ruleset
        self._wake.set()

    def end(self) -> None:
        """``run`` looks whether it shall stop."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            self.once(stop)
            if not stop.is_set():
                self._wake.wait()

    def once(self, stop: threading.Event) -> int:
        """The number of matches that were found, those that were stored already included."""
        ruleset, now_us = self._ruleset, self._clock.now_us()
        spans = _spans_us(ruleset)
        rules = {rule.id: rule for rule in ruleset.rules if rule.id in spans}
        marks = {name: _fingerprint(rule) for name, rule in rules.items()}
        kept = self._state.memory.get(MATCHED)
        known: Mapping[str, str] = marks if kept is None else orjson.loads(kept)
        new = {name: spans[name] for name, mark in marks.items() if known.get(name) != mark}
        found = 0
        if new:
            self._note(new, known, now_us)
            found = self._match(ruleset, [rules[name] for name in new], new, now_us, stop)
            if stop.is_set():
                return found
            log.info(
                "%d new or changed rules met the stored events of their last timespan: %d matches", len(new), found
            )
        if new or marks != known or kept is None:
            with self._state.work() as tx:
                tx.memory.put(MATCHED, orjson.dumps(marks))
                for name in new:
                    tx.gaps.fill(name, self._clock.now_us())
        return found

    def _note(self, new: Mapping[str, int], known: Mapping[str, str], now_us: int) -> None:
        with self._state.work() as tx:
            noted = {gap.name for gap in tx.gaps.list(now_us - FARTHEST_US) if not gap.filled_us}
            for name, span_us in new.items():
                if name not in noted:
                    reason = GapReason.CHANGED if name in known else GapReason.ADDED
                    tx.gaps.add(name, reason, now_us - span_us, now_us)

    def _match(
        self, ruleset: RuleSet, rules: Sequence[Rule], spans: Mapping[str, int], now_us: int, stop: threading.Event
    ) -> int:
        engine = Engine(RuleSet(tuple(rules), ruleset.correlations), self._entity_fields)
        query = Query(from_us=now_us - max(spans.values()), to_us=now_us + 1)
        after: Position | None = None
        found = 0
        while not stop.is_set():
            page = self._events.read(query, newest_first=False, after=after, limit=PAGE)
            matches = [m for m in engine.match(page.items) if m.time_us >= now_us - spans[m.rule_id]]
            if matches:
                self._events.put(Batch(events=(), matches=matches, received_us=now_us), {})
                found += len(matches)
            after = page.next
            if after is None:
                break
        return found


def _spans_us(ruleset: RuleSet) -> dict[str, int]:
    """Rule id -> the longest timespan of a correlation that reads it, also by way of others."""
    spans: dict[str, int] = {}
    for correlation in reversed(ruleset.correlations):  # readers before what they read
        own_us = correlation.timespan_s * 1_000_000 + spans.get(correlation.id, 0)
        for rule in correlation.rules:
            spans[rule] = max(spans.get(rule, 0), own_us)
    return {rule: min(span_us, FARTHEST_US) for rule, span_us in spans.items()}


def _fingerprint(rule: Rule) -> str:
    said = repr((rule.logsource, rule.condition)).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(said, digest_size=8).hexdigest()
