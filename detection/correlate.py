"""Match -> what correlations make of it: event_count on event time, per group. Pure. See docs/adr/0003.

The outcome depends on the sequence of matches alone, never on how it was cut into batches or on restarts between them:
``snapshot`` after any ``feed``, ``restore`` in another process, and the rest of the stream gives the same hits.
Every match needs its event's own id: an event counts once in a group however often it is handed in.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, TypeAlias

import orjson

from detection.hits import Hit, Member, member_of, texts
from detection.windows import Condition, EntryJson, Group, Sliding, Whole, entry_json, entry_of, window_for
from shouwang.model import Match

if TYPE_CHECKING:
    from detection.ruleset import Correlation

MAX_GROUPS = 10_000
"""Groups one correlation remembers; beyond, the one touched longest ago is let go and counted."""
MAX_ENTRIES = 50_000
"""Events one correlation remembers over all groups; same policy."""
KEYS_OF_ONE = 16
"""Groups that one event with list values may join."""

CLOCK = "clock"
"""Name of the shared receipt clock among the kept parts; no rule id."""

GroupKey: TypeAlias = tuple[str, ...]


class CorrelationState:
    """One correlation and what it remembers."""

    def __init__(
        self, correlation: Correlation, *, max_groups: int = MAX_GROUPS, max_entries: int = MAX_ENTRIES
    ) -> None:
        self.correlation = correlation
        self.rules = frozenset(correlation.rules)
        self.window: Sliding | Whole = window_for(correlation.timespan_s * 1_000_000, condition_of(correlation))
        self.groups: OrderedDict[GroupKey, Group] = OrderedDict()
        self.changed = False
        """Since the last snapshot."""
        self.evicted = 0
        """Groups let go for want of room while their events could still have counted."""
        self.ungrouped = 0
        """Matches without one of the group-by fields: they cannot be counted."""
        self.entries = 0
        self._next_due_us: int | None = None
        self._max_groups = max_groups
        self._max_entries = max_entries

    @property
    def fingerprint(self) -> str:
        """Of what decides the meaning of the remembered state; a changed rule starts afresh."""
        c = self.correlation
        aliases = sorted((alias, sorted(fields.items())) for alias, fields in c.aliases.items())
        meaning = (c.type, sorted(c.rules), c.group_by, c.timespan_s, condition_of(c).terms, aliases)
        return hashlib.blake2b(repr(meaning).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()

    def feed(self, match: Match, clock_us: int) -> list[Hit]:
        """``clock_us``: the newest receipt time in the stream so far."""
        self.changed = True
        keys = self._keys(match)
        self.ungrouped += not keys
        member = member_of(match)
        hits = [hit for key in keys for hit in self._add(key, member, clock_us)]
        self._make_room(clock_us)
        return hits

    def _add(self, key: GroupKey, member: Member, clock_us: int) -> list[Hit]:
        group = self.groups.setdefault(key, Group())
        self.groups.move_to_end(key)
        before = len(group)
        at = group.add(member)
        hits: list[Hit] = []
        if at is not None:
            match self.window:
                case Sliding() as sliding:
                    counted = sliding.newly_counted(group, at)
                    hits = [self._hit(key, counted)] if counted else []
                    group.forget(keep=sliding.remembers, received_before_us=clock_us - sliding.remembers_us)
                case Whole() as whole:
                    hits = [self._hit(key, counted) for counted in whole.judge(group, clock_us)]
                    self._note_due(whole, group)
        self._settle(key, group, before)
        return hits

    def judge(self, clock_us: int | None) -> list[Hit]:
        """Judge the whole windows that are over at this receipt time; ``None``: the stream is at its end."""
        whole = self.window
        if not isinstance(whole, Whole) or not self.groups:
            return []
        if clock_us is not None and (self._next_due_us is None or clock_us < self._next_due_us):
            return []
        hits: list[Hit] = []
        self._next_due_us = None
        for key, group in sorted(self.groups.items()):
            before = len(group)
            hits += [self._hit(key, counted) for counted in whole.judge(group, clock_us)]
            self._note_due(whole, group)
            self.changed |= len(group) != before
            self._settle(key, group, before)
        return hits

    def _settle(self, key: GroupKey, group: Group, before: int) -> None:
        self.entries += len(group) - before
        if not len(group):
            del self.groups[key]

    def _note_due(self, whole: Whole, group: Group) -> None:
        if len(group):
            due_us = whole.due_us(group)
            self._next_due_us = due_us if self._next_due_us is None else min(self._next_due_us, due_us)

    def _make_room(self, clock_us: int) -> None:
        while self.groups:
            key, group = next(iter(self.groups.items()))
            stale = isinstance(self.window, Sliding) and (
                group.by_arrival[-1].received_us < clock_us - self.window.remembers_us
            )
            full = len(self.groups) > self._max_groups or (self.entries > self._max_entries and len(self.groups) > 1)
            if not (stale or full):
                return
            self.evicted += not stale
            self.entries -= len(group)
            del self.groups[key]

    def _keys(self, match: Match) -> list[GroupKey]:
        """The groups a match belongs to: every combination of its list values; none when a field is missing."""
        c = self.correlation
        values = [texts(match.fields.get(c.key_of(name, match.rule_id))) for name in c.group_by]
        combined = product(*([value.casefold() for value in found] for found in values))
        return list(dict.fromkeys(combined))[:KEYS_OF_ONE]

    def _hit(self, key: GroupKey, counted: Sequence[Member]) -> Hit:
        c = self.correlation
        group = tuple(f"{name}={value}" for name, value in zip(c.group_by, key, strict=True))
        return Hit(c.id, c.title, c.severity, c.tags, group, tuple(counted), c.timespan_s * 1_000_000)

    def snapshot(self) -> bytes:
        self.changed = False
        groups = [(key, [entry_json(entry) for entry in group.by_arrival]) for key, group in self.groups.items()]
        return orjson.dumps(
            {
                "schema": 1,
                "fingerprint": self.fingerprint,
                "evicted": self.evicted,
                "ungrouped": self.ungrouped,
                "groups": groups,
            }
        )

    def restore(self, held: bytes) -> None:
        """Go on from a ``snapshot``; one of a rule that has changed since is left aside."""
        said = orjson.loads(held)
        if said["schema"] != 1 or said["fingerprint"] != self.fingerprint:
            return
        self.evicted, self.ungrouped = said["evicted"], said["ungrouped"]
        stored: list[tuple[list[str], list[EntryJson]]] = said["groups"]
        self.groups = OrderedDict(
            (tuple(key), Group([entry_of(entry) for entry in entries])) for key, entries in stored
        )
        self.entries = sum(map(len, self.groups.values()))
        if isinstance(self.window, Whole):
            for group in self.groups.values():
                self._note_due(self.window, group)


class Correlator:
    """All loaded correlations over one stream of matches."""

    def __init__(
        self,
        correlations: Iterable[Correlation],
        held: Mapping[str, bytes] | None = None,
        *,
        max_groups: int = MAX_GROUPS,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        """``held``: what ``changed`` gave, the newest of each name."""
        states = (CorrelationState(one, max_groups=max_groups, max_entries=max_entries) for one in correlations)
        self.states = {state.correlation.id: state for state in states}
        held = held or {}
        self.clock_us = int(held.get(CLOCK, b"0"))
        """The newest receipt time seen: what is remembered is forgotten by this clock."""
        self._kept_clock_us = self.clock_us
        for name, state in self.states.items():
            if name in held:
                state.restore(held[name])
        self._by_rule: dict[str, list[CorrelationState]] = {}
        for state in self.states.values():
            for rule in sorted(state.rules):
                self._by_rule.setdefault(rule, []).append(state)
        self.silenced = frozenset(
            rule for state in self.states.values() if not state.correlation.generate for rule in state.rules
        )
        """Rules that raise no alerts of their own: a correlation speaks for them and does not say ``generate``."""

    def feed(self, match: Match) -> list[Hit]:
        self.clock_us = max(self.clock_us, match.received_us)
        hits = self.tick(self.clock_us)
        for state in self._by_rule.get(match.rule_id, ()):
            hits += state.feed(match, self.clock_us)
        return hits

    def tick(self, now_us: int) -> list[Hit]:
        """Judge the whole windows that are over by now, though nothing more arrives."""
        return [hit for state in self.states.values() for hit in state.judge(now_us)]

    def flush(self) -> list[Hit]:
        """At the end of a file: judge what is still open."""
        return [hit for state in self.states.values() for hit in state.judge(None)]

    def changed(self) -> dict[str, bytes]:
        """What to keep for ``held``: snapshots of the correlations that changed since the last call, and the clock."""
        parts = {name: state.snapshot() for name, state in sorted(self.states.items()) if state.changed}
        if self.clock_us != self._kept_clock_us:
            parts[CLOCK] = b"%d" % self.clock_us
            self._kept_clock_us = self.clock_us
        return parts


def condition_of(correlation: Correlation) -> Condition:
    return Condition(correlation.bounds())
