"""Crowded groups against the oracle: what is left out of memory changes nothing, however late some events are."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from detection.correlate import Limits
from detection.ruleset import Way
from shouwang.model import Match, Value
from tests.property.correlate.oracle import tell
from tests.property.correlate.test_correlate_oracle import (
    LATENESS_US,
    LIMITS,
    RULES,
    TIGHT,
    WORDS,
    counted,
    fired,
    run,
    thorough,
)
from tests.unit.correlate.making import a_correlation, a_match


@thorough
@given(
    st.integers(1, 5),
    st.lists(st.sampled_from([0, 1, 400_000, 3_000_000]), min_size=30, max_size=90),
    st.randoms(use_true_random=False),
    st.sets(st.integers(0, 80)),
    st.sampled_from([LIMITS, TIGHT]),
)
def test_a_crowded_group_is_counted_exactly_however_late_some_are(
    enough: int, steps: list[int], random: object, kept_at: set[int], limits: Limits
) -> None:
    """A flood, a fifth of it late: what is left out of memory changes nothing."""
    at_us, matches = 0, []
    for number, step in enumerate(steps):
        at_us += step
        late_us = random.choice([0] * 8 + [9_000_000, LATENESS_US])  # type: ignore[attr-defined]
        port = random.choice([1, 2, 3, 4])  # type: ignore[attr-defined]
        fields = {"source.ip": "x", "destination.port": port}
        matches.append(a_match(number, at_us=at_us, received_us=at_us + late_us, rule="p", fields=fields))
    matches.sort(key=lambda each: each.received_us)
    for kind in ("event_count", "value_count", "value_sum"):
        correlation = a_correlation(
            kind=kind, rules=("p",), timespan_s=4, count=enough,
            field=() if kind == "event_count" else ("destination.port",),
        )  # fmt: skip
        hits = run([correlation], matches, kept_at=kept_at, killed_at=kept_at, limits=limits)
        assert counted(hits) == tell(correlation, matches).counted


def crowded(random: object, steps: Sequence[int], rules: Sequence[str]) -> list[Match]:
    """Of one group, a fifth of it late."""
    at_us, matches = 0, []
    for number, step in enumerate(steps):
        at_us += step
        late_us = random.choice([0] * 8 + [9_000_000, LATENESS_US])  # type: ignore[attr-defined]
        rule = random.choice(rules)  # type: ignore[attr-defined]
        fields: dict[str, Value] = {"source.ip": "x"}
        matches.append(a_match(number, at_us=at_us, received_us=at_us + late_us, rule=rule, fields=fields))
    return sorted(matches, key=lambda each: each.received_us)


@thorough
@given(
    st.sampled_from(["p", "pq", "ppps", "pqs"]),
    st.integers(1, 3),
    st.sampled_from([(), (), *WORDS[1:2], (Way(("p", "q")), Way(("q", "s")))]),
    st.lists(st.sampled_from([0, 1, 1, 400_000, 3_000_000]), min_size=30, max_size=120),
    st.randoms(use_true_random=False),
    st.sets(st.integers(0, 120)),
    st.sampled_from([LIMITS, TIGHT]),
)
def test_a_crowd_in_an_order_is_counted_exactly_however_late_some_are(
    mixed: str,
    enough: int,
    words: tuple[Way, ...],
    steps: list[int],
    random: object,
    kept_at: set[int],
    limits: Limits,
) -> None:
    correlation = a_correlation(
        kind="temporal_ordered", rules=RULES, timespan_s=4, count=enough,
        ways=tuple(Way(way.rules) for way in words),
    )  # fmt: skip
    matches = crowded(random, steps, [*mixed, *"pqs"])
    hits = run([correlation], matches, kept_at=kept_at, killed_at=kept_at, limits=limits)
    assert counted(hits) == tell(correlation, matches).counted


@thorough
@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.lists(st.sampled_from([0, 1, 400_000, 3_000_000]), min_size=30, max_size=90),
    st.randoms(use_true_random=False),
    st.sets(st.integers(0, 90)),
    st.sampled_from([LIMITS, TIGHT]),
)
def test_a_crowd_of_what_a_correlation_found_is_counted_exactly(
    enough: int, more: int, steps: list[int], random: object, kept_at: set[int], limits: Limits
) -> None:
    inner = a_correlation(id="inner", rules=("p",), timespan_s=4, count=enough)
    outer = a_correlation(rules=("inner",), timespan_s=6, count=more, generate=True)
    matches = crowded(random, steps, "p")
    hits = run([outer, inner], matches, kept_at=kept_at, killed_at=kept_at, limits=limits)
    told = tell(inner, matches)
    assert counted(hits) == tell(outer, fired(told, matches)).counted
