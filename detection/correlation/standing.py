"""Where the groups of a correlation stand: what was counted, and what it takes. Pure."""

from __future__ import annotations

from typing import NamedTuple

from detection.correlation.entries import Entry, GroupKey
from detection.correlation.groups import Group
from detection.correlation.measures import bits
from detection.correlation.state import CorrelationState
from detection.correlation.windows import Ordered, Sliding, Whole
from detection.ruleset import Correlation
from detection.sigma.numerals import Exact, written

MOST_LOOKED_AT = 500
"""Newest events of a group in which its fullest stretch is looked for."""


class Standing(NamedTuple):
    group: tuple[str, ...]
    """``name=value``"""
    events: int
    """Remembered."""
    first_us: int
    last_us: int
    reached: str
    """What the fullest stretch comes to; empty where only rules in an order count."""
    fulfilled: bool
    by_rule: tuple[tuple[str, int], ...]
    """Rule id -> its events."""


def standing(state: CorrelationState, key: GroupKey) -> Standing | None:
    """``None``: it remembers nothing of the group."""
    group = state.memory.groups.get(key)
    if group is None or not group.entries:
        return None
    c, entries = state.correlation, group.entries[-MOST_LOOKED_AT:]
    reached, fulfilled = _reached(state, group, entries)
    counts = [0] * len(c.rules)
    for entry in group.entries:
        for place in bits(entry.rules):
            counts[place] += 1
    return Standing(
        tuple(f"{name}={value}" for name, value in zip(c.group_by, key, strict=True)),
        len(group.entries),
        group.entries[0].time_us,
        group.entries[-1].time_us,
        "" if reached is None else written(reached),
        fulfilled or bool(group.floods) or any(entry.counted for entry in group.entries),
        tuple(zip(c.rules, counts, strict=True)),
    )


def _reached(state: CorrelationState, group: Group, entries: list[Entry]) -> tuple[Exact | None, bool]:
    window = state.window
    match window:
        case Sliding():
            values = [_value(window, group, entry) for entry in entries]
            found = [value for value in values if value is not None]
            best = max(found, default=None)
            return best, any(map(window.condition.holds, found))
        case Whole():
            value = window.value(group.entries[: window.size(group)])
            return value if window.shows else None, window.condition.holds(value)
        case Ordered():
            return None, any(window.stretches(group, entry, newest=False) for entry in entries)


def _value(window: Sliding, group: Group, last: Entry) -> Exact | None:
    measure = window.measure()
    for entry in group.within(last.time_us - window.timespan_us, last.time_us):
        measure.add(entry)
    return measure.value()


def wanted(c: Correlation) -> str:
    """``value_count of user.name gte 5 within 300 s``"""
    if c.ways:
        return f"{c.type} within {c.timespan_s} s"
    bounds = " and ".join(f"{op} {bound}" for op, bound in c.bounds())
    of = f" of {', '.join(c.field)}" if c.field else ""
    return f"{c.type}{of} {bounds} within {c.timespan_s} s"
