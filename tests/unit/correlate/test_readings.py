"""What the specification leaves open, as ADR 0003 decides it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from detection.correlate import Correlator
from detection.hits import Hit
from detection.ruleset import Correlation, Way
from shouwang.model import Match, Value
from tests.unit.correlate.making import MINUTE, a_correlation, a_match


def hits_of(correlations: Sequence[Correlation], matches: Sequence[Match]) -> list[Hit]:
    correlator = Correlator(correlations)
    return [hit for match in matches for hit in correlator.feed(match)] + correlator.flush()


def with_values(*values: Value, field: str = "n") -> list[Match]:
    return [a_match(n, at_us=n, fields={"source.ip": "192.0.2.7", field: value}) for n, value in enumerate(values)]


def fires(correlation: Correlation, *values: Value) -> bool:
    return bool(hits_of([correlation], with_values(*values)))


def number(hits: Sequence[Hit]) -> int:
    return sum(len(hit.members) for hit in hits)


def ids(hits: Sequence[Hit]) -> list[int]:
    return sorted(int.from_bytes(member.event_id) for hit in hits for member in hit.members)


@pytest.mark.parametrize(
    ("percent", "bound", "holds"),
    [
        (50, 5, True), (50, 6, False), (95, 10, True), (90, 9, True),
        (90, 10, False), (10, 1, True), (10, 2, False), (100, 10, True),
    ],
)  # fmt: skip
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(percent: int, bound: int, holds: bool) -> None:
    correlation = a_correlation(kind="value_percentile", field=("n",), percentile=percent, count=bound)
    assert fires(correlation, *range(1, 11)) is holds


@pytest.mark.parametrize(("bound", "holds"), [(2.5, True), (2.6, False)])
def test_the_median_of_an_even_number_is_the_mean_of_the_middle_two(bound: float, holds: bool) -> None:
    assert fires(a_correlation(kind="value_median", field=("n",), count=bound), 9, 1, 3, 2) is holds


def test_a_mean_is_exact() -> None:
    assert fires(a_correlation(kind="value_avg", field=("n",), op="eq", count=0.1), 0.1, 0.1, "0.1")


def test_a_sum_is_exact_fires_at_once_and_adds_nothing_negative() -> None:
    correlation = a_correlation(kind="value_sum", field=("n",), count=0.3)
    correlator = Correlator([correlation])
    found = [correlator.feed(match) for match in with_values(0.1, -5, "0.1", 0.1)]
    assert [number(hits) for hits in found] == [0, 0, 0, 3]
    assert correlator.states["c"].counters.unread == 1


@pytest.mark.parametrize("value", [None, True, "ten", "1e3", "", [], {}, float("inf"), float("nan"), "9" * 60])
def test_what_is_no_number_is_not_counted_and_is_told(value: Value) -> None:
    correlator = Correlator([a_correlation(kind="value_sum", field=("n",), count=0)])
    assert [correlator.feed(match) for match in with_values(value)] == [[]]
    assert correlator.states["c"].counters.unread == 1


def test_each_element_of_a_list_counts() -> None:
    assert fires(a_correlation(kind="value_count", field=("n",), count=3), ["a", "b"], "c")
    assert fires(a_correlation(kind="value_sum", field=("n",), count=6), [1, 2], 3)


def test_values_are_compared_as_text_without_case() -> None:
    correlation = a_correlation(kind="value_count", field=("n",), count=2)
    assert not fires(correlation, 22, "22", "22")
    assert not fires(correlation, "Root", "ROOT")
    assert fires(correlation, "root", "admin")


def test_several_fields_count_their_combinations() -> None:
    correlation = a_correlation(kind="value_count", field=("n", "m"), count=3)
    pairs = [("a", "x"), ("a", "x"), ("a", "y"), ("b", "x")]
    made = [
        a_match(n, at_us=n, fields={"source.ip": "192.0.2.7", "n": first, "m": second})
        for n, (first, second) in enumerate(pairs)
    ]
    assert hits_of([correlation], made[:3]) == []
    assert ids(hits_of([correlation], made)) == [0, 1, 2, 3]


def test_an_event_without_the_value_is_not_counted() -> None:
    made = [*with_values("a", "b"), a_match(9, at_us=3, fields={"source.ip": "192.0.2.7"})]
    assert ids(hits_of([a_correlation(kind="value_count", field=("n",), count=2)], made)) == [0, 1]


def rules_at(*rules: str, step_us: int = 1) -> list[Match]:
    return [a_match(n, at_us=n * step_us, rule=rule) for n, rule in enumerate(rules)]


def in_order(*rules: str, count: int = 0, **more: object) -> Correlation:
    return a_correlation(kind="temporal_ordered", rules=rules, count=count or len(rules), **more)  # type: ignore[arg-type]


def test_all_rules_within_the_timespan_in_any_order_or_in_theirs() -> None:
    temporal = a_correlation(kind="temporal", rules=("p", "q"), count=2)
    assert ids(hits_of([temporal], rules_at("q", "p"))) == [0, 1]
    assert hits_of([in_order("p", "q")], rules_at("q", "p")) == []
    assert ids(hits_of([in_order("p", "q")], rules_at("q", "p", "p", "q", "p"))) == [1, 2, 3]
    assert hits_of([temporal], rules_at("p", "q", step_us=5 * MINUTE + 1)) == []


def test_an_order_is_found_though_its_events_arrive_in_another() -> None:
    made = rules_at("p", "q", "s")
    assert ids(hits_of([in_order("p", "q", "s")], [made[2], made[0], made[1]])) == [0, 1, 2]


def test_what_happened_in_one_moment_is_in_order_and_one_event_may_be_both() -> None:
    assert ids(hits_of([in_order("p", "q")], [a_match(1, rule="q"), a_match(2, rule="p")])) == [1, 2]
    assert ids(hits_of([in_order("p", "q")], [a_match(1, rule="q"), a_match(1, rule="p")])) == [1]


def test_some_of_the_rules_suffice_where_a_count_says_so() -> None:
    assert ids(hits_of([in_order("p", "q", "s", count=2)], rules_at("p", "s"))) == [0, 1]
    assert hits_of([in_order("p", "q", "s", count=2)], rules_at("s", "p")) == []


def test_a_rule_that_must_not_occur_silences_its_whole_window() -> None:
    correlation = a_correlation(kind="temporal", rules=("p", "q"), ways=(Way(("p",), ("q",)),), count=1)
    assert hits_of([correlation], rules_at("p", "q")) == []
    assert hits_of([correlation], rules_at("q", "p")) == []
    assert ids(hits_of([correlation], rules_at("p", "p"))) == [0, 1]
    assert ids(hits_of([correlation], rules_at("p", "q", step_us=5 * MINUTE + 1))) == [0]


def test_a_chain_fires_with_the_event_that_completes_the_inner_one() -> None:
    """A login after the first two of three failures is no login after three failures."""
    inner = a_correlation(id="inner", count=3)
    outer = in_order("inner", "login", id="outer")
    early = rules_at("r", "r", "login", "r")
    assert hits_of([outer, inner], early) == []
    assert ids(hits_of([outer, inner], rules_at("r", "r", "r", "login"))) == [2, 3]


def test_a_chain_groups_by_an_alias_of_the_inner_one() -> None:
    inner = a_correlation(id="inner", count=2, group_by=("who",), aliases={"who": {"r": "user.name"}})
    outer = a_correlation(id="outer", rules=("inner",), count=1, group_by=("who",))
    made = [a_match(n, at_us=n, fields={"user.name": "Li"}) for n in range(2)]
    assert [hit.group for hit in hits_of([outer, inner], made)] == [("who=li",)]


def test_inner_correlations_are_silent_unless_the_outer_one_generates() -> None:
    inner = a_correlation(id="inner", count=2)
    for generate, speak in ((False, {"outer"}), (True, {"inner", "outer"})):
        outer = a_correlation(id="outer", rules=("inner",), count=1, generate=generate)
        assert {hit.rule_id for hit in hits_of([outer, inner], rules_at("r", "r"))} == speak
