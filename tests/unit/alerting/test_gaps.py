"""What a correlation has not evaluated is in the ledger, and is made up for where it can be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from detection.ruleset import Correlation
from shouwang.flows.alerting import Alerting
from shouwang.model import Alert, Match
from shouwang.statestore.gaps import Gap
from tests.unit.alerting.making import Home, a_home
from tests.unit.alerting.test_alerting_flow import Killed, failed_logins, kill_at
from tests.unit.correlate.making import MINUTE, START, a_correlation, a_match

HOUR = 60 * MINUTE
BRUTE = a_correlation(count=5, timespan_s=600)


def settle(flow: Alerting) -> None:
    """All is handled and nobody stands behind."""
    while flow.step().matches or not all(each.along for each in flow.coverage()):
        pass


def alerts(home: Home) -> list[Alert]:
    return home.state.alerts.list(limit=1000)[1]


def counts(home: Home) -> dict[str, int]:
    """Events of each rule's alerts."""
    found: dict[str, int] = {}
    for alert in alerts(home):
        found[alert.rule_id] = found.get(alert.rule_id, 0) + alert.count
    return found


def gaps(home: Home) -> list[tuple[str, str, bool]]:
    return [(gap.name, gap.reason.value, gap.filled_us > 0) for gap in home.state.gaps.list()]


def restarted(home: Home, *correlations: Correlation) -> Alerting:
    home.correlations = correlations
    home.reopen()
    return home.flow()


def test_a_home_that_sees_all_from_its_first_match_has_no_gap(tmp_path: Path) -> None:
    home = a_home(tmp_path, [BRUTE])
    home.put(failed_logins(12))
    settle(home.flow())
    settle(restarted(home, BRUTE))
    assert (counts(home), gaps(home)) == ({"c": 12}, [])


def test_a_new_correlation_reads_the_last_timespan_again_and_fills_its_gap(tmp_path: Path) -> None:
    home = a_home(tmp_path, page=3)
    home.put([a_match(90 + n, at_us=-HOUR + n) for n in range(9)])
    home.put(failed_logins(12))
    settle(home.flow())
    assert counts(home) == {"r": 21}
    home.clock.advance(60)
    flow = restarted(home, BRUTE)
    flow.step()
    assert gaps(home) == [("c", "added", False)]
    settle(flow)
    assert gaps(home) == [("c", "added", True)]
    assert counts(home) == {"r": 21, "c": 12}
    (gap,) = home.state.gaps.list()
    assert (gap.from_us, gap.to_us) == (START + 60_000_000 - 600_000_000, START + 60_000_000)


def test_matches_that_come_while_a_new_correlation_reads_are_counted_once(tmp_path: Path) -> None:
    home = a_home(tmp_path, page=3)
    home.put(failed_logins(12))
    settle(home.flow())
    flow = restarted(home, BRUTE)
    for number in range(20, 32):
        home.put([a_match(number, at_us=number * 1_000_000, fields={"source.ip": "203.0.113.9"})])
        flow.step()
    settle(flow)
    assert counts(home)["c"] == 24


def test_a_correlation_that_still_reads_already_speaks_for_its_rules(tmp_path: Path) -> None:
    home = a_home(tmp_path, page=3)
    home.put([a_match(1, rule="other")])
    settle(home.flow())
    flow = restarted(home, BRUTE)
    home.put(failed_logins(2))
    assert flow.step().alerts == ()
    settle(flow)
    assert counts(home) == {"other": 1}


def test_a_changed_rule_says_nothing_again_and_what_comes_joins_what_was(tmp_path: Path) -> None:
    home = a_home(tmp_path, [replace(BRUTE, count=10)])
    home.put(failed_logins(8))
    settle(home.flow())
    assert counts(home) == {}
    flow = restarted(home, replace(BRUTE, count=9))
    settle(flow)
    assert (counts(home), gaps(home)) == ({}, [("c", "changed", True)])
    home.put([a_match(50, at_us=20_000_000, fields={"source.ip": "203.0.113.9"})])
    settle(flow)
    assert counts(home) == {"c": 9}


def test_a_correlation_that_was_not_loaded_for_a_while_goes_on_where_it_stood(tmp_path: Path) -> None:
    home = a_home(tmp_path, [BRUTE])
    home.put(failed_logins(7))
    settle(home.flow())
    settle(restarted(home))
    home.put(failed_logins(3, first=50))
    settle(restarted(home))
    flow = restarted(home, BRUTE)
    settle(flow)
    assert gaps(home) == [("c", "resumed", True)]
    assert counts(home)["c"] == 10


def test_a_chain_catches_up_with_what_it_reads(tmp_path: Path) -> None:
    """The inner one goes along already; for the outer one it is run again beside, and says nothing twice."""
    inner = a_correlation(id="inner", count=5, timespan_s=600, generate=True)
    outer = a_correlation(id="outer", kind="temporal_ordered", rules=("inner", "login"), count=2, timespan_s=600)
    home = a_home(tmp_path, [inner], page=3)
    home.put(failed_logins(6))
    home.put([a_match(70, at_us=10_000_000, rule="login", fields={"source.ip": "203.0.113.9"})])
    settle(home.flow())
    before = counts(home)
    settle(restarted(home, inner, replace(outer, generate=True)))
    assert counts(home) == before | {"outer": 3}
    assert home.state.correlations.names() == ["inner", "outer"]


@pytest.mark.parametrize("statement", range(0, 60, 4))
def test_killed_while_it_catches_up_it_says_the_same(tmp_path: Path, statement: int) -> None:
    chain = [
        a_correlation(id="inner", count=5, timespan_s=600, generate=True),
        a_correlation(id="outer", kind="temporal_ordered", rules=("inner", "login"), count=2, timespan_s=600),
        a_correlation(id="ports", kind="value_count", field=("user.name",), count=1, timespan_s=600),
    ]

    def caught_up(*, killed: bool) -> tuple[list[Alert], list[Gap]]:
        home = a_home(tmp_path, page=3)
        home.put(failed_logins(12))
        home.put([a_match(70, at_us=13_000_000, rule="login", fields={"source.ip": "203.0.113.9"})])
        settle(home.flow())
        flow = restarted(home, *chain)
        if killed:
            kill_at(home.state, statement)
            with pytest.raises(Killed):
                settle(flow)
            home.reopen()
            flow = home.flow()
        settle(flow)
        return sorted(alerts(home), key=lambda alert: alert.rule_id), home.state.gaps.list()

    whole, broken = caught_up(killed=False), caught_up(killed=True)
    assert [replace(alert, id="", incident_id="") for alert in broken[0]] == [
        replace(alert, id="", incident_id="") for alert in whole[0]
    ]
    assert broken[1] == whole[1]


def test_what_comes_after_the_lateness_is_in_the_ledger(tmp_path: Path) -> None:
    home = a_home(tmp_path, [BRUTE])
    late = [replace(each, received_us=each.time_us + 2 * HOUR) for each in failed_logins(3)]
    home.put([*failed_logins(3, first=10), *late])
    settle(home.flow())
    (gap,) = home.state.gaps.list()
    assert (gap.name, gap.reason.value, gap.count, gap.filled_us) == ("c", "late", 3, 0)
    assert home.flow().coverage()[0].counters.late == 3


def at(number: int, at_us: int, received_us: int) -> Match:
    return a_match(number, at_us=at_us, received_us=received_us, fields={"source.ip": "203.0.113.9"})


def test_what_was_written_while_no_daemon_ran_joins_what_came_before(tmp_path: Path) -> None:
    """Three hours away: the log's lines of that time are read afterwards, and are neither late nor alone."""
    home = a_home(tmp_path, [BRUTE])
    run_once(home)
    home.put([at(n, n, n) for n in range(4)])
    settle(home.flow())
    home.clock.advance(3 * 3600)
    home.reopen()
    home.put([at(10, 60_000_000, 3 * HOUR + 1), at(11, 3 * HOUR, 3 * HOUR + 2)])
    flow = run_once(home)
    settle(flow)
    assert counts(home) == {"c": 5}
    assert gaps(home) == [("", "away", False)]
    assert flow.coverage()[0].counters.late == 0
    home.clock.advance(120)
    run_once(home, flow, until=lambda: gaps(home) == [("", "away", True)])


def run_once(home: Home, flow: Alerting | None = None, until: Callable[[], bool] = lambda: True) -> Alerting:
    """Alerting as the daemon runs it, until it has said that it is alive."""
    flow, stop = flow or home.flow(), threading.Event()
    thread = threading.Thread(target=flow.run, args=(stop,))
    thread.start()
    deadline = threading.Event()
    for _ in range(500):
        alive = home.state.memory.get("alerting/alive") == b"%d" % home.clock.now_us()
        if alive and until():
            break
        deadline.wait(0.01)
    else:
        raise AssertionError("never said that it is alive")
    stop.set()
    flow.notify()
    thread.join()
    return flow


def all_types() -> Sequence[Correlation]:
    ports = ("destination.port",)
    return [
        a_correlation(id="count", count=5),
        a_correlation(id="values", kind="value_count", field=ports, count=3),
        a_correlation(id="sum", kind="value_sum", field=ports, count=20),
        a_correlation(id="both", kind="temporal", rules=("r", "s"), count=2, generate=True),
        a_correlation(id="order", kind="temporal_ordered", rules=("count", "s"), count=2, generate=True),
        a_correlation(id="mean", kind="value_avg", field=ports, count=1, timespan_s=60),
    ]


def test_killed_at_any_statement_every_type_says_what_an_unbroken_run_says(tmp_path: Path) -> None:
    stream = [
        a_match(
            n, at_us=n * 7_000_000, rule="rs"[n % 5 == 0], fields={"source.ip": "abc"[n % 3], "destination.port": n}
        )
        for n in range(40)
    ]

    def outcome(statement: int | None) -> tuple[bool, object]:
        home = a_home(tmp_path, all_types(), page=4)
        home.put(stream)
        flow, killed = home.flow(), False
        if statement is not None:
            kill_at(home.state, statement)
        try:
            settle(flow)
        except Killed:
            killed = True
        home.reopen()
        settle(home.flow())
        home.clock.advance(2 * 3600)
        settle(home.flow())
        found = home.outcome()
        home.state.close()
        home.events.close()
        return killed, found

    _, expected = outcome(None)
    for statement in range(0, 2000, 29):
        killed, found = outcome(statement)
        assert found == expected, statement
        if not killed:
            return
    raise AssertionError("never ran to its end")


def test_what_is_read_again_beside_one_that_catches_up_is_not_late_a_second_time(tmp_path: Path) -> None:
    inner = a_correlation(id="inner", count=5, timespan_s=600, generate=True)
    outer = a_correlation(id="outer", rules=("inner",), count=2, timespan_s=600)
    home = a_home(tmp_path, [inner], page=3)
    home.put(
        [*failed_logins(6), *(replace(each, received_us=each.time_us + 2 * HOUR) for each in failed_logins(1, first=9))]
    )
    settle(home.flow())
    settle(restarted(home, inner, outer))
    assert [(gap.name, gap.reason.value, gap.count) for gap in home.state.gaps.list()] == [
        ("outer", "added", 0),
        ("inner", "late", 1),
    ]
