"""Matches of a finished stretch of time -> the alerts that correlations make of them. Pure.

The clock is that of the events: what was imported late counts when it happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from detection.alerting import Origin, grown, opened
from detection.correlate import Correlator
from detection.hits import Hit, Loss, Member
from detection.repeated import event_id, unfolded
from detection.ruleset import Correlation
from detection.suppress import Stretches
from shouwang.model import Alert, Match
from shouwang.words import Words, words


class Replayed(NamedTuple):
    alert: Alert
    group: tuple[str, ...]
    """``name=value``, as the correlation groups."""
    event_ids: dict[bytes, None]
    """All of them, in the order in which they counted."""


def alerts_of(
    matches: Iterable[Match], correlations: Sequence[Correlation], titles: Mapping[str, Words]
) -> tuple[list[Replayed], int]:
    """In order of the time at which each was first seen; and how many events had to be forgotten for want of room while
    they could still have counted. ``matches``: in order of time."""
    correlator = Correlator(correlations)
    book = _Book(titles)
    for match in matches:
        for each in unfolded(replace(match, received_us=match.time_us)):
            for hit in correlator.feed(each):
                book.take(hit)
            book.lose(correlator.losses())
    for hit in correlator.flush():
        book.take(hit)
    return list(book.found.values()), sum(state.counters.evicted for state in correlator.states.values())


def silenced(correlations: Sequence[Correlation]) -> frozenset[str]:
    """Rules for which a correlation speaks."""
    return frozenset(rule for each in correlations if not each.generate for rule in each.rules)


class _Book:
    """Hits join alerts as live ones do."""

    def __init__(self, titles: Mapping[str, Words]) -> None:
        self.found: dict[str, Replayed] = {}
        self._titles = titles
        self._stretches = Stretches(lambda _name: None)

    def lose(self, losses: Iterable[Loss]) -> None:
        for key in (key for loss in losses for key in self._stretches.near(loss)):
            if key in self.found:
                held = self.found[key]
                self.found[key] = held._replace(alert=replace(held.alert, at_least=True))

    def take(self, hit: Hit) -> None:
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self._stretches.place(hit, member, lambda _key: False), []).append(member)
        for key, members in by_key.items():
            held = self.found.get(key)
            if held is not None:
                alert, event_ids = grown(held.alert, hit, members), held.event_ids
            else:
                title = self._titles.get(hit.rule_id) or words(hit.title)
                alert, event_ids = opened(hit, members, Origin("", key, title)), {}
            event_ids.update((event_id(member.event_id), None) for member in members)
            self.found[key] = Replayed(alert, hit.group, event_ids)
