from __future__ import annotations

import pytest

from detection.correlate import LATENESS_US, Correlator, Limits
from detection.correlation.compaction import CROWD
from detection.correlation.readings import condition_of
from detection.hits import Hit
from detection.ruleset import Op
from shouwang.model import Match, Value
from tests.unit.correlate.making import MINUTE, START, Keeping, a_correlation, a_match


def fed(correlator: Correlator, *matches: Match) -> list[Hit]:
    return [hit for match in matches for hit in correlator.feed(match)]


def numbers(hits: list[Hit]) -> list[int]:
    return [int.from_bytes(member.event_id, "big") for hit in hits for member in hit.members]


def test_nothing_fires_below_the_count() -> None:
    correlator = Correlator([a_correlation(count=5)])
    assert fed(correlator, *(a_match(n, at_us=n * MINUTE // 4) for n in range(4))) == []


def test_twelve_failed_logins_are_twelve_counted_events_of_one_group() -> None:
    hits = fed(Correlator([a_correlation(count=5)]), *(a_match(n, at_us=n * 1_000_000) for n in range(12)))
    assert numbers(hits) == list(range(12))
    assert {hit.group for hit in hits} == {("source.ip=192.0.2.7",)}
    assert len(hits[0].members) == 5
    assert all(len(hit.members) == 1 for hit in hits[1:])


def test_two_addresses_do_not_add_up() -> None:
    matches = [a_match(n, fields={"source.ip": f"192.0.2.{n % 2}"}) for n in range(8)]
    assert fed(Correlator([a_correlation(count=5)]), *matches) == []


def test_the_window_slides_on_event_time_and_not_on_full_minutes() -> None:
    at = [4 * MINUTE + 50_000_000 + n * 4_000_000 for n in range(5)]
    hits = fed(Correlator([a_correlation(count=5, timespan_s=60)]), *(a_match(n, at_us=t) for n, t in enumerate(at)))
    assert numbers(hits) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("gap_us", "fires"), [(300_000_000, True), (300_000_001, False)])
def test_an_event_exactly_one_timespan_later_is_within_it(gap_us: int, fires: bool) -> None:
    hits = fed(Correlator([a_correlation(count=2)]), a_match(1, at_us=0), a_match(2, at_us=gap_us))
    assert bool(hits) is fires


def test_an_event_is_counted_once_however_often_it_arrives() -> None:
    correlator = Correlator([a_correlation(count=2, rules=("r", "s"))])
    assert fed(correlator, a_match(1), a_match(1), a_match(1, rule="s")) == []
    assert numbers(fed(correlator, a_match(2), a_match(2))) == [1, 2]


def test_late_events_fill_the_gap_they_belong_to() -> None:
    correlator = Correlator([a_correlation(count=3, timespan_s=60)])
    early = [a_match(1, at_us=0), a_match(2, at_us=40_000_000), a_match(9, at_us=30 * MINUTE)]
    assert fed(correlator, *early) == []
    hits = fed(correlator, a_match(3, at_us=20_000_000, received_us=30 * MINUTE))
    assert numbers(hits) == [1, 3, 2]


def test_an_import_of_old_logs_correlates_beside_live_events_of_the_same_group() -> None:
    correlator = Correlator([a_correlation(count=3)])
    hits = []
    for n in range(3):
        hits += fed(correlator, a_match(n, at_us=n), a_match(10 + n, at_us=-90 * 1440 * MINUTE + n, received_us=n))
    assert sorted(numbers(hits)) == [0, 1, 2, 10, 11, 12]


def test_a_date_in_the_far_future_does_not_blind_the_correlation() -> None:
    correlator = Correlator([a_correlation(count=3)])
    fed(correlator, a_match(99, at_us=70 * 365 * 1440 * MINUTE, received_us=0))
    assert numbers(fed(correlator, *(a_match(n, at_us=n) for n in range(3)))) == [0, 1, 2]


def test_several_fields_group_together_and_a_list_joins_each_group() -> None:
    correlation = a_correlation(count=2, group_by=("source.ip", "user.name"))
    correlator = Correlator([correlation])
    first: dict[str, Value] = {"source.ip": ["192.0.2.1", "192.0.2.2"], "user.name": "Li"}
    hits = fed(
        correlator,
        a_match(1, fields=first),
        a_match(2, fields={"source.ip": "192.0.2.2", "user.name": "wang"}),
        a_match(3, fields={"source.ip": "192.0.2.2", "user.name": "LI"}),
    )
    assert [hit.group for hit in hits] == [("source.ip=192.0.2.2", "user.name=li")]


def test_an_alias_names_another_field_for_each_rule() -> None:
    aliases = {"internal": {"r": "destination.ip", "s": "source.ip"}}
    correlator = Correlator([a_correlation(count=2, rules=("r", "s"), group_by=("internal",), aliases=aliases)])
    hits = fed(
        correlator,
        a_match(1, rule="r", fields={"destination.ip": "10.0.0.5", "source.ip": "10.0.0.9"}),
        a_match(2, rule="s", fields={"source.ip": "10.0.0.5"}),
    )
    assert [hit.group for hit in hits] == [("internal=10.0.0.5",)]


def test_a_match_without_the_group_field_is_not_counted_and_is_reported() -> None:
    correlator = Correlator([a_correlation(count=2)])
    assert fed(correlator, a_match(1, fields={}), a_match(2, fields={"source.ip": None})) == []
    assert correlator.states["c"].counters.ungrouped == 2


def test_no_group_by_counts_all_together() -> None:
    hits = fed(Correlator([a_correlation(count=2, group_by=())]), a_match(1, fields={}), a_match(2, fields={}))
    assert [hit.group for hit in hits] == [()]


@pytest.mark.parametrize(
    ("op", "events", "fires"),
    [
        ("gt", 3, False), ("gt", 4, True), ("gte", 3, True),
        ("lt", 2, True), ("lt", 3, False), ("lte", 3, True), ("lte", 4, False),
        ("eq", 3, True), ("eq", 4, False), ("neq", 3, False), ("neq", 4, True),
    ],
)  # fmt: skip
def test_every_operator_decides_as_it_reads(op: Op, events: int, fires: bool) -> None:
    correlator = Correlator([a_correlation(op=op, count=3)])
    hits = fed(correlator, *(a_match(n, at_us=n) for n in range(events)))
    hits += correlator.tick(START + LATENESS_US + 10 * MINUTE)
    assert bool(hits) is fires
    assert sorted(numbers(hits)) == (list(range(events)) if fires else [])


def test_a_range_holds_between_its_bounds() -> None:
    between = condition_of(a_correlation(op="gte", count=3, also=(("lt", 5),)))
    assert [between.holds(n) for n in (2, 3, 4, 5)] == [False, True, True, False]
    assert not between.only_from_below


def test_a_condition_with_an_upper_bound_waits_for_its_window_to_end() -> None:
    correlator = Correlator([a_correlation(op="eq", count=3, timespan_s=60)])
    assert fed(correlator, *(a_match(n, at_us=n) for n in range(3))) == []
    assert correlator.tick(START + LATENESS_US + 60_000_000) == []
    assert numbers(correlator.tick(START + LATENESS_US + 60_000_001)) == [0, 1, 2]
    assert correlator.tick(START + 2 * LATENESS_US) == []


def test_the_end_of_a_file_ends_every_window() -> None:
    correlator = Correlator([a_correlation(op="lte", count=2)])
    fed(correlator, a_match(1))
    assert numbers(correlator.flush()) == [1]


def test_rules_behind_a_correlation_are_silent_unless_it_generates() -> None:
    assert Correlator([a_correlation(rules=("r", "s"))]).silenced == {"r", "s"}
    assert Correlator([a_correlation(generate=True)]).silenced == frozenset()


def test_memory_is_bounded_and_what_is_let_go_is_counted() -> None:
    correlator = Correlator([a_correlation(count=2)], limits=Limits(entries=10))
    fed(correlator, *(a_match(n, fields={"source.ip": f"host-{n}"}) for n in range(25)))
    state = correlator.states["c"]
    assert (state.entries, state.counters.evicted) == (10, 15)
    assert numbers(fed(correlator, a_match(100, fields={"source.ip": "host-24"}))) == [24, 100]
    assert fed(correlator, a_match(101, fields={"source.ip": "host-0"})) == []


def test_memory_is_bounded_over_all_correlations_and_the_fullest_lets_go() -> None:
    full, small = a_correlation(count=50), a_correlation(id="d", count=2, rules=("s",))
    correlator = Correlator([full, small], limits=Limits(in_all=100))
    fed(correlator, a_match(1, rule="s", fields={"source.ip": "a"}))
    fed(correlator, *(a_match(n, fields={"source.ip": f"host-{n // 20}"}) for n in range(10, 400)))
    assert sum(state.entries for state in correlator.states.values()) <= 100
    assert correlator.states["c"].counters.evicted > 0
    assert numbers(fed(correlator, a_match(2, rule="s", fields={"source.ip": "a"}))) == [1, 2]


def test_a_flood_in_one_group_is_counted_exactly_in_bounded_memory() -> None:
    correlator = Correlator([a_correlation(count=5)])
    hits = fed(correlator, *(a_match(n, at_us=n * 1000) for n in range(5000)))
    assert len(numbers(hits)) == 5000
    assert correlator.states["c"].entries <= 2 * CROWD
    assert correlator.states["c"].counters.evicted == 0


@pytest.mark.parametrize("rules", [("p", "q"), ("p", "q", "s")])
def test_a_flood_of_rules_in_an_order_is_counted_exactly_in_bounded_memory(rules: tuple[str, ...]) -> None:
    ordered = a_correlation(kind="temporal_ordered", rules=rules, count=len(rules))
    correlator = Correlator([ordered], limits=Limits(crowd=64))
    stream = (a_match(n, at_us=n * 1000, rule=rules[n % len(rules)]) for n in range(5000))
    assert len(numbers(fed(correlator, *stream))) >= 4999 - len(rules)
    assert correlator.states["c"].entries <= 8 * 64
    assert correlator.states["c"].counters.evicted == 0


def test_a_flood_of_what_a_correlation_found_is_counted_exactly_in_bounded_memory() -> None:
    inner, outer = a_correlation(id="inner", count=5), a_correlation(rules=("inner",), count=50, generate=True)
    correlator = Correlator([inner, outer], limits=Limits(crowd=64))
    hits = fed(correlator, *(a_match(n, at_us=n * 1000) for n in range(5000)))
    assert sum(len(hit.members) for hit in hits if hit.rule_id == "c") == 4996
    assert correlator.states["c"].entries <= 4 * 64


def test_floods_of_many_groups_are_counted_exactly_where_not_all_of_their_events_fit() -> None:
    """A thousand addresses, 150 failures each within an hour; in the smaller measure of the limits."""
    keeping = Keeping([a_correlation(count=10, timespan_s=600)], Limits(entries=2_000, crowd=64))
    correlator, hits = keeping.restarted(), []
    for n in range(6_000):
        if n % 1_000 == 500:
            keeping.keep(correlator)
            correlator = keeping.restarted()
        hits += correlator.feed(a_match(n, at_us=n * 600_000, fields={"source.ip": f"10.0.0.{n % 40}"}))
    assert len(numbers(hits)) == 6_000
    assert correlator.states["c"].entries <= 2_000
    assert correlator.states["c"].counters.evicted == 0


def test_what_comes_late_into_a_flood_counts_though_nothing_near_it_is_remembered() -> None:
    keeping = Keeping([a_correlation(count=3, timespan_s=10)], Limits(crowd=4))
    old = keeping.restarted()
    fed(old, *(a_match(n, at_us=n * 1_000_000) for n in range(100)))
    keeping.keep(old)
    assert old.states["c"].entries < 15
    late = [a_match(200 + n, at_us=n * 1_000_000 + 1, received_us=100_000_000) for n in range(-20, 110, 10)]
    assert numbers(fed(keeping.restarted(), *late)) == [200 + n for n in range(-20, 110, 10)][1:]


def test_idle_groups_are_forgotten_without_being_counted_as_lost() -> None:
    correlator = Correlator([a_correlation(count=2)])
    fed(correlator, a_match(1, fields={"source.ip": "a"}), a_match(2, at_us=120 * MINUTE, fields={"source.ip": "b"}))
    assert list(correlator.states["c"].memory.groups) == [("b",)]
    assert correlator.states["c"].counters.evicted == 0


def test_a_changed_rule_starts_afresh() -> None:
    keeping = Keeping([a_correlation(count=3)])
    old = keeping.restarted()
    fed(old, a_match(1), a_match(2))
    keeping.keep(old)
    assert numbers(fed(keeping.restarted(), a_match(3))) == [1, 2, 3]
    changed = Correlator([a_correlation(count=2)], keeping.held)
    assert changed.changed == {"c"}
    assert fed(changed, a_match(3)) == []


def test_hostile_values_survive_the_round_trip() -> None:
    nasty: dict[str, Value] = {"source.ip": "192.0.2.7", "user.name": "\ud800\x00\x1b[31m" + "x" * 5000, "n": 2**80}
    keeping = Keeping([a_correlation(count=2)])
    old = keeping.restarted()
    fed(old, a_match(1, fields=nasty))
    keeping.keep(old)
    (hit,) = fed(keeping.restarted(), a_match(2))
    assert hit.members[0].entities["user.name"][0].startswith("\\ud800\x00\x1b[31m")
    assert len(hit.members[0].entities["user.name"][0]) <= 262


def test_what_is_kept_of_a_step_is_what_the_step_changed() -> None:
    """Not all that is remembered: that would be megabytes a step."""
    correlator = Correlator([a_correlation(count=50)])
    fed(correlator, *(a_match(n, fields={"source.ip": f"host-{n}"}) for n in range(10_000)))
    assert len(correlator.changes()["c"].written) == 10_000
    fed(correlator, a_match(10_001, fields={"source.ip": "host-7"}))
    assert len(correlator.changes()["c"].written) == 1
    assert not correlator.has_changed()
    assert correlator.changes() == {}
