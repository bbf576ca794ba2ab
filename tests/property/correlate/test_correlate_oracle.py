"""Correlations against an oracle that knows the whole stream at once: late, repeated, cut into batches, killed."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detection.correlate import Correlator, Limits
from detection.hits import Hit
from detection.ruleset import Correlation, CorrelationType, Op, Way
from shouwang.model import Match, Value
from tests.property.correlate.oracle import Told, is_whole, tell
from tests.unit.correlate.making import Keeping, a_correlation, a_match

LATENESS_US = 20_000_000
TIMESPAN_S = 10
RULES = ("p", "q", "s")
LIMITS = Limits(lateness_us=LATENESS_US, crowd=8)
TIGHT = Limits(lateness_us=LATENESS_US, crowd=2)
"""What can be left out is left out nearly at once."""
EFFORT = int(os.environ.get("SHOUWANG_PROPERTY_EFFORT", "1"))
"""How many times as many examples as in CI."""

thorough = settings(
    max_examples=120 * EFFORT, deadline=None, derandomize=EFFORT == 1, suppress_health_check=[HealthCheck.too_slow]
)

OPS: list[Op] = ["gte", "gt", "lt", "lte", "eq", "neq"]
KINDS: list[CorrelationType] = [
    "event_count", "value_count", "temporal", "temporal_ordered",
    "value_sum", "value_avg", "value_median", "value_percentile",
]  # fmt: skip
WORDS = [
    (Way(("p", "q")), Way(("s",))),
    (Way(("p", "s"), ("q",)),),
    (Way(("p",), ("q", "s")), Way(("q", "s"))),
]


@st.composite
def streams(draw: st.DrawFn, *, most: int = 40) -> list[Match]:
    """Matches in order of arrival; each comes at most ``LATENESS_US`` after it happened, some come twice."""
    matches: list[Match] = []
    at_us = 0
    for number in range(draw(st.integers(0, most))):
        at_us += draw(st.sampled_from([0, 1, 700_000, 2_000_000, 4_999_999, 10_000_000, 25_000_000]))
        delay_us = draw(st.sampled_from([0, 0, 0, 1, 3_000_000, 12_000_000, LATENESS_US]))
        port = draw(st.one_of(st.sampled_from([1, 2, 2, 3, 5]), st.just("8.25")))
        fields: dict[str, Value] = {"source.ip": draw(st.sampled_from("xy")), "destination.port": port}
        made = a_match(
            number, at_us=at_us, received_us=at_us + delay_us, rule=draw(st.sampled_from(RULES)), fields=fields
        )
        matches.append(made)
        if draw(st.integers(0, 4)) == 0:
            matches.append(replace(made, rule_id=draw(st.sampled_from(RULES))))
    return sorted(matches, key=lambda each: each.received_us)


@st.composite
def correlations(draw: st.DrawFn, kinds: Sequence[CorrelationType] = tuple(KINDS)) -> Correlation:
    kind = draw(st.sampled_from(kinds))
    low, high = (1, 3) if kind.startswith("temporal") else (0, 6)
    ops = draw(st.lists(st.sampled_from(OPS), min_size=1, max_size=2, unique=True))
    bounds = [(op, draw(st.integers(low, high))) for op in ops]
    words = draw(st.sampled_from([(), (), *WORDS])) if kind.startswith("temporal") else ()
    rules = RULES if kind.startswith("temporal") else draw(st.sampled_from([("p",), ("p", "q"), RULES]))
    return a_correlation(
        kind=kind,
        rules=tuple(draw(st.permutations(rules))),
        timespan_s=TIMESPAN_S,
        op=bounds[0][0],
        count=bounds[0][1],
        also=tuple(bounds[1:]),
        field=("destination.port",) if kind.startswith("value") else (),
        percentile=draw(st.sampled_from([10, 50, 95, 99.9, 100])) if kind == "value_percentile" else 0,
        ways=_in_order_of(words, rules),
    )


def _in_order_of(words: tuple[Way, ...], rules: Sequence[str]) -> tuple[Way, ...]:
    return tuple(Way(tuple(rule for rule in rules if rule in way.rules), way.without) for way in words)


def counted(hits: Sequence[Hit], name: str = "c") -> dict[tuple[str, ...], set[bytes]]:
    """Every event once."""
    members = members_of(hits, name)
    assert all(len(ids) == len(set(ids)) for ids in members.values())
    return {group: set(ids) for group, ids in members.items()}


def members_of(hits: Sequence[Hit], name: str = "c") -> dict[tuple[str, ...], list[bytes]]:
    members: dict[tuple[str, ...], list[bytes]] = defaultdict(list)
    for hit in hits:
        if hit.rule_id == name:
            members[tuple(said.partition("=")[2] for said in hit.group)] += [each.event_id for each in hit.members]
    return members


def run(
    read: Sequence[Correlation],
    matches: Sequence[Match],
    *,
    kept_at: Collection[int] = (),
    killed_at: Collection[int] = (),
    limits: Limits = LIMITS,
) -> list[Hit]:
    """Kept before some places and killed before others: what was not kept by then is done again, its hits with it."""
    keeping = Keeping(read, limits)
    correlator = keeping.restarted()
    done: list[Hit] = []
    hits: list[Hit] = []
    reached = place = 0
    killed_at = set(killed_at)
    while place < len(matches):
        if place in killed_at:
            killed_at.remove(place)
            correlator, hits, place = keeping.restarted(), [], reached
            continue
        if place in kept_at:
            keeping.keep(correlator)
            done, hits, reached = done + hits, [], place
        hits += correlator.feed(matches[place])
        place += 1
    return done + hits + correlator.flush()


@thorough
@given(
    correlations(),
    streams(),
    st.sets(st.integers(0, 50)),
    st.sets(st.integers(0, 50), max_size=6),
    st.sampled_from([LIMITS, TIGHT]),
)
def test_every_type_counts_what_the_oracle_counts_whatever_is_late_repeated_or_killed(
    correlation: Correlation, matches: list[Match], kept_at: set[int], killed_at: set[int], limits: Limits
) -> None:
    hits = run([correlation], matches, kept_at=kept_at, killed_at=killed_at, limits=limits)
    assert counted(hits) == tell(correlation, matches).counted


@thorough
@given(correlations(), streams(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_arrival_does_not_matter_within_the_lateness(
    correlation: Correlation, matches: list[Match], random: object, at_once: bool
) -> None:
    """Those received in one moment come in any order; with ``at_once`` that is all of them, as in an import."""
    together = [replace(each, received_us=matches[-1].received_us) for each in matches] if at_once else matches
    shuffled = list(together)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as an object
    in_order = sorted(shuffled, key=lambda each: each.received_us)
    assert (
        counted(run([correlation], in_order, limits=Limits(lateness_us=LATENESS_US)))
        == tell(correlation, matches).counted
    )


@thorough
@given(
    correlations(),
    correlations(),
    streams(most=30),
    st.sets(st.integers(0, 40)),
    st.sets(st.integers(0, 40), max_size=4),
    st.sampled_from([LIMITS, TIGHT]),
)
def test_a_correlation_of_a_correlation_counts_what_the_oracle_counts(
    inner: Correlation,
    outer: Correlation,
    matches: list[Match],
    kept_at: set[int],
    killed_at: set[int],
    limits: Limits,
) -> None:
    inner = replace(inner, id="inner")
    outer = replace(
        outer,
        generate=True,
        rules=tuple("inner" if rule == "p" else rule for rule in outer.rules),
        ways=tuple(Way(*(tuple("inner" if r == "p" else r for r in side) for side in way)) for way in outer.ways),
    )
    hits = run([outer, inner], matches, kept_at=kept_at, killed_at=killed_at, limits=limits)
    told = tell(inner, matches)
    assert counted(hits, "inner") == told.counted
    assert counted(hits) == tell(outer, [*matches, *fired(told, matches)]).counted


def fired(told: Told, matches: Sequence[Match]) -> list[Match]:
    by_id = {match.event_id: match for match in matches}
    return [replace(by_id[end], rule_id="inner") for _, end in told.ends]


@thorough
@given(
    correlations(),
    streams(),
    st.sets(st.integers(0, 50)),
    st.integers(1, 8),
    st.sampled_from([2, 8]),
)
def test_a_count_is_exact_or_marked_however_little_can_be_remembered(
    correlation: Correlation, matches: list[Match], kept_at: set[int], entries: int, crowd: int
) -> None:
    limits = Limits(lateness_us=LATENESS_US, entries=entries, crowd=crowd)
    told, keeping = tell(correlation, matches).counted, Keeping([correlation], limits)
    correlator, hits, lost, marked = keeping.restarted(), list[Hit](), set[tuple[str, ...]](), set[tuple[str, ...]]()
    for place, match in enumerate(matches):
        if place in kept_at:
            keeping.keep(correlator)
            correlator = keeping.restarted()
        hits += correlator.feed(match)
        losses = {loss.group for loss in correlator.losses()}
        lost |= losses
        marked |= losses & {hit.group for hit in hits}
    hits += correlator.flush()
    marked |= {hit.group for hit in hits if hit.at_least}
    found = members_of(hits)
    for group, ids in found.items():
        if (f"source.ip={group[0]}",) not in marked:
            assert sorted(ids) == sorted(told.get(group, ()))
        elif not is_whole(correlation):
            assert len(ids) == len(set(ids))
            assert set(ids) <= told.get(group, set())
    assert {group for group in told if (f"source.ip={group[0]}",) not in lost} <= found.keys()


@given(streams(), st.sets(st.integers(0, 50)))
def test_what_is_let_go_for_want_of_room_is_the_same_after_restarts(matches: list[Match], restarts: set[int]) -> None:
    limits = Limits(lateness_us=LATENESS_US, entries=4)
    correlation = a_correlation(rules=RULES, count=3, timespan_s=TIMESPAN_S)
    whole, keeping = Correlator([correlation], limits=limits), Keeping([correlation], limits)
    broken = keeping.restarted()
    for place, match in enumerate(matches):
        if place in restarts:
            keeping.keep(broken)
            broken = keeping.restarted()
        assert whole.feed(match) == broken.feed(match)
    assert whole.states["c"].counters == broken.states["c"].counters
