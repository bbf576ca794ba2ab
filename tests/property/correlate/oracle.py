"""What correlations mean, told the slow way: all matches at once, every stretch tried. See ADR 0003."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import combinations
from math import ceil

from detection.ruleset import Bound, Correlation
from shouwang.model import Match

COMPARE: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "gte": Fraction.__ge__, "gt": Fraction.__gt__, "lte": Fraction.__le__,
    "lt": Fraction.__lt__, "eq": Fraction.__eq__, "neq": lambda a, b: a != b,
}  # fmt: skip
LASTING = {"event_count", "value_count", "value_sum", "temporal", "temporal_ordered"}


@dataclass
class Happening:
    time_us: int
    id: bytes
    rules: set[str] = field(default_factory=set)
    values: set[tuple[str, ...]] = field(default_factory=set)
    numbers: dict[str, list[Fraction]] = field(default_factory=dict)


@dataclass
class Told:
    counted: dict[tuple[str, ...], set[bytes]] = field(default_factory=dict)
    ends: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    """Group and event with which it fired."""


def tell(c: Correlation, matches: Iterable[Match]) -> Told:
    groups: dict[tuple[str, ...], dict[bytes, Happening]] = {}
    for match in matches:
        if match.rule_id in c.rules:
            place(c, groups, match)
    told = Told()
    for key, found in groups.items():
        events = sorted(found.values(), key=lambda each: (each.time_us, each.id))
        counted, ends = whole(c, events) if is_whole(c) else sliding(c, events)
        if counted:
            told.counted[key] = counted
        told.ends += [(key, end) for end in sorted(ends)]
    return told


def place(c: Correlation, groups: dict[tuple[str, ...], dict[bytes, Happening]], match: Match) -> None:
    key = tuple(str(match.fields.get(name, "")) for name in c.group_by)
    values = tuple(str(match.fields.get(name, "")) for name in c.field)
    if "" in key or "" in values:
        return
    here = groups.setdefault(key, {}).setdefault(match.event_id, Happening(match.time_us, match.event_id))
    here.rules.add(match.rule_id)
    here.values.add(values)
    if c.type.startswith("value_") and c.type != "value_count":
        here.numbers[c.field[0]] = [Fraction(values[0])]


def is_whole(c: Correlation) -> bool:
    if c.type not in LASTING or any(way.without for way in c.ways):
        return True
    return not c.ways and any(op not in {"gte", "gt"} for op, _ in c.bounds())


def holds(c: Correlation, window: Sequence[Happening]) -> bool:
    if c.ways:
        present = set().union(*(each.rules for each in window))
        return any(not present & set(w.without) and follows(c, w.rules, window) for w in c.ways)
    value = measured(c, window)
    return value is not None and all(COMPARE[op](value, exact(bound)) for op, bound in c.bounds())


def exact(bound: Bound) -> Fraction:
    return Fraction(str(bound))


def measured(c: Correlation, window: Sequence[Happening]) -> Fraction | None:
    present = set().union(*(each.rules for each in window))
    numbers = sorted(number for each in window for found in each.numbers.values() for number in found)
    if c.type == "event_count":
        return Fraction(len(window))
    if c.type == "value_count":
        return Fraction(len(set().union(*(each.values for each in window))))
    if c.type == "temporal":
        return Fraction(len(present))
    if c.type == "temporal_ordered":
        sizes = range(len(c.rules), -1, -1)
        return Fraction(next(n for n in sizes if any(follows(c, r, window) for r in combinations(c.rules, n))))
    if not numbers:
        return None
    if c.type == "value_sum":
        return sum(numbers, Fraction(0))
    if c.type == "value_avg":
        return sum(numbers, Fraction(0)) / len(numbers)
    if c.type == "value_median":
        return (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2
    return numbers[ceil(len(numbers) * exact(c.percentile) / 100) - 1]


def follows(c: Correlation, rules: Sequence[str], window: Sequence[Happening]) -> bool:
    if c.type == "temporal":
        return all(any(rule in each.rules for each in window) for rule in rules)
    if not rules:
        return True
    first, *rest = rules
    return any(
        first in each.rules and follows(c, rest, [later for later in window if later.time_us >= each.time_us])
        for each in window
    )


def sliding(c: Correlation, events: Sequence[Happening]) -> tuple[set[bytes], set[bytes]]:
    t_us = c.timespan_s * 1_000_000
    counted: set[bytes] = set()
    ends: set[bytes] = set()
    for end in events:
        window = [each for each in events if end.time_us - t_us <= each.time_us <= end.time_us]
        if c.type != "temporal_ordered":
            if holds(c, window):
                counted |= {each.id for each in window}
                ends.add(end.id)
            continue
        for rules in orders(c):
            for start in window:
                stretch = [each for each in window if start.time_us <= each.time_us]
                if rules[0] in start.rules and rules[-1] in end.rules and follows(c, rules, stretch):
                    counted |= {each.id for each in stretch}
                    ends.add(end.id)
    return counted, ends


def orders(c: Correlation) -> Iterable[Sequence[str]]:
    if c.ways:
        return [way.rules for way in c.ways]
    least = next(n for n in range(1, 99) if all(COMPARE[op](Fraction(n), exact(b)) for op, b in c.bounds()))
    return list(combinations(c.rules, least))


def whole(c: Correlation, events: Sequence[Happening]) -> tuple[set[bytes], set[bytes]]:
    counted: set[bytes] = set()
    ends: set[bytes] = set()
    left = list(events)
    while left:
        window = [each for each in left if each.time_us <= left[0].time_us + c.timespan_s * 1_000_000]
        left = left[len(window) :]
        if holds(c, window):
            counted |= {each.id for each in window}
            ends.add(window[-1].id)
    return counted, ends
