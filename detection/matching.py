"""Events -> matches, by rules and by indicators. What intake, imports and drills are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from detection.intel.lookout import Lookout
from shouwang.model import Event, Match


class Rules(Protocol):
    """An engine, one thread's."""

    @property
    def faults(self) -> Counter[str]: ...

    def match(self, events: Sequence[Event]) -> list[Match]: ...


class Matcher:
    """One thread's: rules first, then indicators, each in the order of the events."""

    def __init__(self, rules: Rules, lookout: Lookout) -> None:
        self._rules = rules
        self._lookout = lookout

    @property
    def faults(self) -> Counter[str]:
        """Rule id -> events on which it raised instead of answering."""
        return self._rules.faults

    def match(self, events: Sequence[Event]) -> list[Match]:
        return [*self._rules.match(events), *self._lookout.match(events)]
