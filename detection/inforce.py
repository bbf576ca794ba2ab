"""The rules that are in force, and how others take their place while events come."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakSet

from detection.matching import Rules
from detection.ruleset import RuleSet
from shouwang.model import Event, Match


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """One version of all rules. Never changed: who holds one goes on with what was."""

    number: int
    """From 1, in one process."""
    ruleset: RuleSet
    since_us: int
    ready: deque[Rules] = field(default_factory=deque)
    """Engines made beforehand, one for each that will take one."""


class InForce:
    """``edition`` is replaced as a whole. Each thread's ``Live`` looks at it at the start of a batch."""

    def __init__(self, ruleset: RuleSet, make: Callable[[RuleSet], Rules], now_us: int) -> None:
        self._make = make
        self._changing = threading.Lock()
        self._lives: WeakSet[Live] = WeakSet()
        self.edition = Edition(1, ruleset, now_us)

    def live(self) -> Live:
        """An engine for one thread, always by the rules in force."""
        made = Live(self)
        with self._changing:
            self._lives.add(made)
        return made

    def adopt(self, ruleset: RuleSet, now_us: int, told: Callable[[Edition], None]) -> Edition:
        """Put other rules in force. Their engines are made first: what cannot be made changes nothing.

        ``told`` is called just before: who judges matches must know the rules before the first match by them.
        """
        with self._changing:
            edition = Edition(self.edition.number + 1, ruleset, now_us)
            edition.ready.extend(self._make(ruleset) for _ in range(len(self._lives)))
            told(edition)
            self.edition = edition
        return edition

    def engine(self, edition: Edition) -> Rules:
        try:
            return edition.ready.popleft()
        except IndexError:
            return self._make(edition.ruleset)


class Live:
    """One thread's engine."""

    def __init__(self, source: InForce) -> None:
        self._source = source
        self.edition = source.edition
        """That the last batch was matched by."""
        self._rules = source.engine(self.edition)

    @property
    def faults(self) -> Counter[str]:
        """Of the rules in use now."""
        return self._rules.faults

    def match(self, events: Sequence[Event]) -> list[Match]:
        edition = self._source.edition
        if edition is not self.edition:
            self._rules, self.edition = self._source.engine(edition), edition
        return self._rules.match(events)
