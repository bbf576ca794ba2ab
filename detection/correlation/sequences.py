"""Rules in an order, within one finished window. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from detection.correlation.entries import Entry, by_time
from detection.correlation.measures import Steps, bits


def longest(rules: int, window: Sequence[Entry]) -> int:
    """How many of the rules, at most, follow one another in their order. Events of one moment are in order."""
    reached = [0] * (rules + 1)
    for moment in _moments(window):
        for rule in sorted(moment):
            reached[rule + 1] = max(reached[rule + 1], 1 + max(reached[: rule + 1]))
    return max(reached)


def step_by_step(ways: Sequence[Steps], window: Sequence[Entry]) -> int:
    """1 when one of the ways is gone in its order and nothing occurred that must not; else 0."""
    present = set().union(*_moments(window))
    return int(any(not present & set(way.without) and _gone(way.rules, window) for way in ways))


def _gone(rules: Sequence[int], window: Sequence[Entry]) -> bool:
    place = 0
    for moment in _moments(window):
        while place < len(rules) and rules[place] in moment:
            place += 1
    return place == len(rules)


def _moments(window: Sequence[Entry]) -> Iterable[set[int]]:
    """The rules of each moment's events, in order of time."""
    for _, entries in groupby(window, key=by_time):
        yield {bit for entry in entries for bit in bits(entry.rules)}
