"""Rules that are new or were changed meet stored events.

Those that a correlation reads meet the events of its last timespan: their correlations would not know of them
otherwise. Those that failed on events meet these again. What is found goes into the event store as matches of that
time; alerting reads it as any other. Killed anywhere it begins anew: a match that is stored already changes nothing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from detection.engine import Engine
from detection.ruleset import Rule, RuleSet
from shouwang import __version__
from shouwang.clock import Clock
from shouwang.eventstore.base import Batch, EventStore, Position
from shouwang.model import Event, Match
from shouwang.query import Query
from shouwang.ruleledger import Ledgered
from shouwang.statestore.gaps import LASTING, Gap, GapReason, Hindrance
from shouwang.statestore.store import StateStore

log = logging.getLogger(__name__)

MATCHED: Final = "rules/matched"
"""Name in the memory table: id and fingerprint of each rule that has met all stored events it should."""
FAULTED: Final = "rules/faulted"
"""Id and fingerprint of each rule that was tried again on events on which it had failed."""
FARTHEST_US: Final = 86_400_000_000
"""Events that happened longer ago are left to hunts."""
OLDEST_US: Final = 7 * FARTHEST_US
"""Of a rule that failed."""
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
        ruleset = self._ruleset
        return self._meet_new(ruleset, stop) + self._meet_faults(ruleset, stop)

    def _meet_new(self, ruleset: RuleSet, stop: threading.Event) -> int:
        now_us = self._clock.now_us()
        spans = _spans_us(ruleset)
        rules = {rule.id: rule for rule in ruleset.rules if rule.id in spans}
        marks = {name: _fingerprint(rule) for name, rule in rules.items()}
        kept = self._state.memory.get(MATCHED)
        known: Mapping[str, str] = marks if kept is None else orjson.loads(kept)
        new = {name: spans[name] for name, mark in marks.items() if known.get(name) != mark}
        found = 0
        if new:
            self._note(new, known, now_us)
            found = self._match(Met(ruleset, [rules[name] for name in new], new), now_us, stop)
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

    def _match(self, met: Met, now_us: int, stop: threading.Event) -> int:
        engine = Ledgered(met.engine(self._entity_fields), self._state)
        found = 0
        for events in self._pages(now_us - max(met.spans.values()), now_us, stop):
            found += self._put([m for m in engine.match(events) if m.time_us >= now_us - met.spans[m.rule_id]])
        return found

    def _pages(self, from_us: int, to_us: int, stop: threading.Event) -> Iterator[Sequence[Event]]:
        """Stored events that happened from then to then."""
        query = Query(from_us=from_us, to_us=to_us + 1)
        after: Position | None = None
        while not stop.is_set():
            page = self._events.read(query, newest_first=False, after=after, limit=PAGE)
            yield page.items
            after = page.next
            if after is None:
                break

    def _put(self, matches: Sequence[Match]) -> int:
        if matches:
            self._events.put(Batch(events=(), matches=matches, received_us=self._clock.now_us()), {})
        return len(matches)

    # ------------------------------------------------------------------------------- rules that failed

    def _meet_faults(self, ruleset: RuleSet, stop: threading.Event) -> int:
        """Once for each version of a rule and of ours."""
        rules = {rule.id: rule for rule in ruleset.rules}
        kept = self._state.memory.get(FAULTED)
        tried: dict[str, str] = {} if kept is None else orjson.loads(kept)
        found = 0
        for gap in self._state.gaps.open():
            rule = rules.get(gap.name)
            if rule is None or gap.reason is not GapReason.FAULT or gap.why in LASTING:
                continue
            mark = f"{gap.number} {_fingerprint(rule)} {__version__}"
            if tried.get(str(gap.number)) == mark:
                continue
            found += self._meet_fault(ruleset, rule, gap, stop)
            if stop.is_set():
                return found
            tried[str(gap.number)] = mark
        still = {str(gap.number) for gap in self._state.gaps.open()}
        left = {number: mark for number, mark in tried.items() if number in still}
        if orjson.dumps(left) != (kept or b"{}"):
            with self._state.work() as tx:
                tx.memory.put(FAULTED, orjson.dumps(left))
        return found

    def _meet_fault(self, ruleset: RuleSet, rule: Rule, gap: Gap, stop: threading.Event) -> int:
        now_us, found = self._clock.now_us(), 0
        oldest = next(iter(self._events.tail("events", None, 1).items), None)
        if gap.first_us < now_us - OLDEST_US:
            why = Hindrance.FAR
        elif oldest is None or oldest.received_us > gap.from_us:
            why = Hindrance.GONE
        else:
            engine = Met(ruleset, [rule], {}).engine(self._entity_fields)
            for events in self._pages(gap.first_us, gap.last_us, stop):
                found += self._put(engine.match(events))
            why = Hindrance.FAULT if engine.faults else Hindrance.NONE
        if stop.is_set():
            return found
        with self._state.work() as tx:
            if why is Hindrance.NONE:
                tx.gaps.close(gap, now_us)
            else:
                tx.gaps.put_off(gap, why, 0)
        return found


@dataclass(frozen=True, slots=True)
class Met:
    """Rules, and for each how far back it looks, in microseconds."""

    ruleset: RuleSet
    rules: Sequence[Rule]
    spans: Mapping[str, int]

    def engine(self, entity_fields: Sequence[str]) -> Engine:
        return Engine(RuleSet(tuple(self.rules), self.ruleset.correlations), entity_fields)


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
