"""An engine whose rules' faults stand in the ledger of gaps before what it found is stored.

A rule that raises on an event, or takes too long, has not evaluated it: that is a gap of the rule. ``flows.rematching``
looks at it again once the rule has changed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shouwang.errors import StoreError
from shouwang.model import Event, Match
from shouwang.statestore.gaps import GapReason, Hindrance
from shouwang.statestore.store import StateStore, Transaction

log = logging.getLogger(__name__)


class Rules(Protocol):
    """``detection.matching.Rules``."""

    @property
    def faults(self) -> Counter[str]: ...

    def match(self, events: Sequence[Event]) -> list[Match]: ...


@dataclass(frozen=True, slots=True)
class Faulted:
    """A rule failed on some of these events."""

    rule_id: str
    received: tuple[int, int]
    happened: tuple[int, int]
    count: int

    def note(self, tx: Transaction) -> None:
        tx.gaps.extend(self.rule_id, GapReason.FAULT, self.received, self.happened, self.count, why=Hindrance.FAULT)


def faulted(counts: Counter[str], events: Sequence[Event]) -> list[Faulted]:
    """Of rule ids and on how many of the events each failed."""
    received, happened = [event.received_us for event in events], [event.time_us for event in events]
    return [
        Faulted(rule_id, (min(received), max(received)), (min(happened), max(happened)), count)
        for rule_id, count in sorted(counts.items())
        if count > 0
    ]


class Ledgered:
    """One thread's engine."""

    def __init__(self, rules: Rules, state: StateStore) -> None:
        self._rules = rules
        self._state = state
        self._unwritten: list[Faulted] = []

    @property
    def faults(self) -> Counter[str]:
        return self._rules.faults

    def match(self, events: Sequence[Event]) -> list[Match]:
        held = self._rules.faults
        before = Counter(held)
        found = self._rules.match(events)
        after = self._rules.faults
        more = after - before if after is held else after  # others are in force: they count from nothing
        if more:
            self._unwritten += faulted(more, events)
        if self._unwritten:
            self._write()
        return found

    def _write(self) -> None:
        try:
            with self._state.work() as tx:
                for each in self._unwritten:
                    each.note(tx)
        except StoreError as away:  # events come first; it is written with the next ones
            log.error("%d rule faults could not be written into the ledger yet: %s", len(self._unwritten), away)
        else:
            self._unwritten.clear()
