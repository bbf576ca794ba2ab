"""What a correlation reads out of a match: the groups it belongs to, the values that count. Pure. See docs/adr/0003."""

from __future__ import annotations

import hashlib
from functools import partial
from itertools import combinations, product
from math import comb

from detection.correlation.entries import Entry, GroupKey, Item
from detection.correlation.measures import (
    Events,
    Measure,
    Rules,
    Spread,
    Steps,
    Sum,
    Values,
    Ways,
    mean,
    median,
    percentile,
)
from detection.correlation.sequences import longest, step_by_step
from detection.correlation.windows import Condition, NewMeasure, Ordered, Sliding, Whole
from detection.hits import VALUES_OF_ONE, texts
from detection.ruleset import Correlation
from detection.sigma.numerals import Exact, exactly, numeral
from shouwang.model import Match

KEYS_OF_ONE = 16
"""Groups that one event with list values may join, and values of it that may count."""
MOST_WAYS = 256


def keys_of(c: Correlation, match: Match) -> list[GroupKey]:
    """The groups a match belongs to: every combination of its list values; none when a field is missing."""
    if len(c.group_by) == 1:
        found = texts(match.fields.get(c.key_of(c.group_by[0], match.rule_id)))
        return list(dict.fromkeys((value.casefold(),) for value in found))
    return _combined(c, c.group_by, match)


def items_of(c: Correlation, match: Match) -> tuple[Item, ...] | None:
    """What counts of it; ``None`` when the correlation wants a value and there is none."""
    if not c.field:
        return ()
    if c.type == "value_count":
        return tuple(_combined(c, c.field, match)) or None
    key = c.key_of(c.field[0], match.rule_id)
    value = match.fields.get(key)
    elements = value[:VALUES_OF_ONE] if isinstance(value, list) else [value]
    numerals = [(key, str(place), said) for place, each in enumerate(elements) if (said := numeral(each))]
    if c.type == "value_sum":
        numerals = [each for each in numerals if not each[-1].startswith("-")]
    return tuple(numerals) or None


def _combined(c: Correlation, names: tuple[str, ...], match: Match) -> list[tuple[str, ...]]:
    values = [texts(match.fields.get(c.key_of(name, match.rule_id))) for name in names]
    combined = product(*([value.casefold() for value in found] for found in values))
    return list(dict.fromkeys(combined))[:KEYS_OF_ONE]


def shown(c: Correlation, items: tuple[Item, ...]) -> tuple[str, ...]:
    """Items as a person reads them."""
    return tuple(" / ".join(item) if c.type == "value_count" else item[-1] for item in items)


def condition_of(c: Correlation) -> Condition:
    return Condition(tuple((op, exactly(bound)) for op, bound in c.bounds()))


def fingerprint_of(c: Correlation, inputs: tuple[str, ...]) -> str:
    """Of what decides the meaning of the remembered events. ``inputs``: those of the correlations it reads."""
    aliases = sorted((alias, sorted(fields.items())) for alias, fields in c.aliases.items())
    terms = condition_of(c).terms
    said = (c.type, c.rules, c.group_by, c.timespan_s, terms, aliases, c.field, c.percentile, c.ways, inputs)
    return hashlib.blake2b(repr(said).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def window_of(c: Correlation, lateness_us: int) -> Sliding | Ordered | Whole:
    timespan_us, condition = c.timespan_s * 1_000_000, condition_of(c)
    ways = ways_of(c)
    if c.type == "temporal_ordered":
        ways = ways or _in_order(len(c.rules), condition)
        if ways and not any(way.without for way in ways):
            return Ordered(timespan_us, ways)
        if ways:
            return Whole(timespan_us, _HOLDS, partial(step_by_step, ways), lateness_us, shows=False)
        return Whole(timespan_us, condition, partial(longest, len(c.rules)), lateness_us)
    measure = new_measure(c, ways)
    if ways:
        condition = _HOLDS
    lasting = condition.only_from_below and not any(way.without for way in ways)
    if lasting and c.type not in {"value_avg", "value_median", "value_percentile"}:
        return Sliding(timespan_us, condition, measure)
    return Whole(timespan_us, condition, partial(_over, measure), lateness_us, shows=not ways)


def _in_order(rules: int, condition: Condition) -> tuple[Steps, ...]:
    """The ways that suffice, where a count of rules says so; none where that cannot be said, or not with few."""
    least = next((n for n in range(1, rules + 1) if condition.holds(n)), 0)
    if not least or not condition.only_from_below or comb(rules, least) > MOST_WAYS:
        return ()
    return tuple(Steps(chosen) for chosen in combinations(range(rules), least))


_HOLDS = Condition((("gte", 1),))


def new_measure(c: Correlation, ways: tuple[Steps, ...]) -> NewMeasure:
    match c.type:
        case "value_count":
            return Values
        case "value_sum":
            return Sum
        case "value_avg":
            return partial(Spread, mean)
        case "value_median":
            return partial(Spread, median)
        case "value_percentile":
            return partial(Spread, partial(percentile, percent=exactly(c.percentile)))
        case "temporal" | "temporal_ordered":
            return partial(Ways, ways) if ways else Rules
        case _:
            return Events


def _over(measure: NewMeasure, window: list[Entry]) -> Exact | None:
    run: Measure = measure()
    for entry in window:
        run.add(entry)
    return run.value()


def ways_of(c: Correlation) -> tuple[Steps, ...]:
    number = {rule: place for place, rule in enumerate(c.rules)}
    return tuple(Steps(tuple(number[r] for r in way.rules), tuple(number[r] for r in way.without)) for way in c.ways)
