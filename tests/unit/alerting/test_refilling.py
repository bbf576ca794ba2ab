"""What came late, was let go or failed is made up for by itself: the alerts are those of an unbroken run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from detection.correlation.state import CorrelationState
from detection.ruleset import Correlation
from shouwang import worker
from shouwang.errors import ShouwangError
from shouwang.flows.refilling.flow import Json
from shouwang.model import Alert, AlertState, Match
from shouwang.statestore.gaps import Gap, Hindrance
from tests.unit.alerting.making import Home, a_home
from tests.unit.alerting.refilled import filled, refilling
from tests.unit.alerting.test_alerting_flow import Killed, kill_at
from tests.unit.correlate.making import MINUTE, START, a_correlation, a_match

HOUR = 60 * MINUTE
BRUTE = a_correlation(count=5, timespan_s=600)


def logins(numbers: range, ip: str = "203.0.113.9", *, late_us: int = 0, step_us: int = 1_000_000) -> list[Match]:
    return [a_match(n, at_us=n * step_us, received_us=n * step_us + late_us, fields={"source.ip": ip}) for n in numbers]


def junk(numbers: range, at_us: int) -> list[Match]:
    """Of as many addresses."""
    return [a_match(n, at_us=at_us + n, fields={"source.ip": f"host-{n}"}) for n in numbers]


def by_address(home: Home) -> dict[str, tuple[int, bool]]:
    """Address -> events counted, and whether that may be too few."""
    found: dict[str, tuple[int, bool]] = {}
    for alert in alerts(home):
        (ip,) = alert.entities["source.ip"]
        count, marked = found.get(ip, (0, False))
        found[ip] = count + alert.count, marked or alert.at_least
    return found


def alerts(home: Home) -> list[Alert]:
    return home.state.alerts.list(limit=1000)[1]


def gaps(home: Home) -> list[tuple[str, bool, Hindrance]]:
    return [(gap.reason.value, gap.filled_us > 0, gap.why) for gap in home.state.gaps.list()]


def begun(
    tmp_path: Path, correlations: Sequence[Correlation], matches: Sequence[Match], *, entries: int = 50_000
) -> Home:
    home = a_home(tmp_path, correlations)
    home.entries = entries
    home.put(sorted(matches, key=lambda each: each.received_us))
    home.clock.advance((max(each.received_us for each in matches) - START) / 1_000_000)
    return home


def test_what_came_after_the_lateness_raises_the_alert_it_belongs_to(tmp_path: Path) -> None:
    """Three in time and three late, five hours on: neither is enough alone."""
    late = logins(range(10, 13), late_us=5 * HOUR)
    home = begun(tmp_path, [BRUTE], [*logins(range(3)), *late])
    filled(home, home.flow())
    assert by_address(home) == {"203.0.113.9": (6, False)}
    (alert,) = alerts(home)
    assert alert.incident_id
    assert set(alert.event_ids) == {m.event_id for m in [*logins(range(3)), *late]}
    assert gaps(home) == [("late", True, Hindrance.NONE)]


def test_what_came_late_into_an_alert_makes_its_count_exact(tmp_path: Path) -> None:
    late = logins(range(20, 22), late_us=5 * HOUR)
    home = begun(tmp_path, [BRUTE], [*logins(range(12)), *late])
    filled(home, home.flow())
    assert by_address(home) == {"203.0.113.9": (14, False)}
    assert len(alerts(home)) == 1


def test_what_was_let_go_for_want_of_room_raises_its_alert_within_minutes(tmp_path: Path) -> None:
    """An intruder who floods the memory between the third and the fourth attempt."""
    stream = [*logins(range(3)), *junk(range(1000, 1200), 5_000_000), *logins(range(10, 13))]
    home = begun(tmp_path, [BRUTE], stream, entries=50)
    flow = home.flow()
    while flow.step().matches:
        pass
    assert by_address(home) == {}
    filled(home, flow, within_s=600)
    home.clock.advance(120)
    filled(home, flow, within_s=600)
    assert by_address(home) == {"203.0.113.9": (6, True)}
    filled(home, flow)
    assert by_address(home) == {"203.0.113.9": (6, False)}
    assert gaps(home) == [("evicted", True, Hindrance.NONE)]


def test_a_count_that_may_be_too_small_becomes_exact_and_loses_its_mark(tmp_path: Path) -> None:
    stream = [*logins(range(12)), *junk(range(1000, 1200), 20_000_000), *logins(range(30, 33))]
    home = begun(tmp_path, [BRUTE], stream, entries=60)
    flow = home.flow()
    while flow.step().matches:
        pass
    assert by_address(home) == {"203.0.113.9": (12, True)}
    filled(home, flow)
    assert by_address(home) == {"203.0.113.9": (15, False)}


def test_what_goes_on_live_while_a_gap_is_filled_is_counted_once(tmp_path: Path) -> None:
    stream = [*logins(range(3)), *junk(range(1000, 1200), 5_000_000), *logins(range(10, 13))]
    home = begun(tmp_path, [BRUTE], stream, entries=50)
    flow = home.flow()
    filled(home, flow, within_s=1200)
    home.put(logins(range(60, 64)))
    filled(home, flow)
    assert by_address(home) == {"203.0.113.9": (10, False)}


def test_a_closed_alert_is_not_reopened_and_what_came_after_it_is_a_new_one(tmp_path: Path) -> None:
    stream = [*logins(range(12)), *junk(range(1000, 1200), 20_000_000)]
    home = begun(tmp_path, [BRUTE], stream, entries=60)
    flow = home.flow()
    while flow.step().matches:
        pass
    (alert,) = alerts(home)
    with home.state.work() as tx:
        tx.alerts.put(replace(alert, state=AlertState.CLOSED))
    home.put(logins(range(30, 33)))
    filled(home, flow)
    assert sorted((a.state.value, a.count) for a in alerts(home)) == [("closed", 12), ("open", 3)]


def test_what_reads_the_correlation_is_made_up_for_too(tmp_path: Path) -> None:
    inner = a_correlation(id="inner", count=5, timespan_s=600, generate=True)
    outer = a_correlation(id="outer", kind="temporal_ordered", rules=("inner", "login"), count=2, timespan_s=600)
    login = a_match(70, at_us=20_000_000, rule="login", fields={"source.ip": "203.0.113.9"})
    stream = [*logins(range(3)), *logins(range(10, 13), late_us=5 * HOUR), login]
    home = begun(tmp_path, [inner, replace(outer, generate=True)], stream)
    filled(home, home.flow())
    assert {a.rule_id: a.count for a in alerts(home) if a.kind} == {"inner": 6, "outer": 3}
    assert all(is_filled for _, is_filled, _ in gaps(home))


class Breaks:
    """The correlation fails on every match of one number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.mended = False
        feed = CorrelationState.feed

        def fails(state: CorrelationState, match: Match, at_us: int, *, again: bool = False) -> object:
            if match.event_id == a_match(number).event_id and not self.mended:
                raise ZeroDivisionError
            return feed(state, match, at_us, again=again)

        monkeypatch.setattr(CorrelationState, "feed", fails)


def test_a_correlation_that_fails_again_keeps_its_gap_with_the_reason_until_it_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Breaks(monkeypatch, 2)
    home = begun(tmp_path, [BRUTE], logins(range(5)))
    flow = home.flow()
    filled(home, flow, within_s=3600)
    assert by_address(home) == {}
    assert gaps(home) == [("fault", False, Hindrance.FAULT)]
    broken.mended = True
    filled(home, flow)
    assert by_address(home) == {"203.0.113.9": (5, False)}
    assert gaps(home) == [("fault", True, Hindrance.NONE)]


def test_a_finished_window_is_judged_again_where_it_is_known_when_it_began(tmp_path: Path) -> None:
    few = a_correlation(op="lte", count=3, timespan_s=600)
    stream = [*logins(range(2)), *junk(range(1000, 1200), 5_000_000), *logins(range(10, 11), late_us=0)]
    home = begun(tmp_path, [few], stream, entries=50)
    filled(home, home.flow())
    assert by_address(home)["203.0.113.9"] == (3, False)
    assert len(by_address(home)) == 201


def test_too_long_ago_stays_open_and_says_so(tmp_path: Path) -> None:
    home = begun(tmp_path, [BRUTE], [*logins(range(3)), *logins(range(10, 13), late_us=8 * 24 * HOUR)])
    filled(home, home.flow(), within_s=3600)
    assert gaps(home) == [("late", False, Hindrance.FAR)]


@pytest.mark.parametrize("statement", range(0, 40, 3))
def test_killed_at_any_statement_it_comes_to_the_same(tmp_path: Path, statement: int) -> None:
    stream = [*logins(range(3)), *junk(range(1000, 1200), 5_000_000), *logins(range(10, 13))]

    def outcome(*, killed: bool) -> tuple[list[Alert], list[Gap]]:
        home = begun(tmp_path, [BRUTE], stream, entries=50)
        flow = home.flow()
        while flow.step().matches:
            pass
        home.clock.advance(300)
        if killed:
            kill_at(home.state, statement)
            with contextlib.suppress(Killed):
                refilling(home, flow.mend).once(threading.Event())
            home.reopen()
            flow = home.flow()
        refilling(home, flow.mend).once(threading.Event())
        filled(home, flow)
        return [replace(alert, id="", incident_id="") for alert in alerts(home)], home.state.gaps.open()

    assert outcome(killed=True) == outcome(killed=False)
    assert outcome(killed=True)[1] == []


def test_stopped_in_the_middle_nothing_is_changed(tmp_path: Path) -> None:
    home = begun(tmp_path, [BRUTE], [*logins(range(3)), *logins(range(10, 13), late_us=5 * HOUR)])
    flow = home.flow()
    while flow.step().matches:
        pass
    home.clock.advance(300)
    stop = threading.Event()
    filling = refilling(home, flow.mend)

    def interrupted(_args: Json, told: Callable[[Json], None]) -> Json:
        stop.set()
        told({})
        raise AssertionError("it was told to go on")

    filling._work = interrupted
    filling.once(stop)
    assert gaps(home) == [("late", False, Hindrance.NONE)]
    assert alerts(home) == []
    assert not (home.path / "recount").exists()


def test_the_worker_comes_to_the_same(tmp_path: Path) -> None:
    late = logins(range(10, 13), late_us=5 * HOUR)
    home = begun(tmp_path, [BRUTE], [*logins(range(3)), *late])
    flow = home.flow()
    while flow.step().matches:
        pass
    home.clock.advance(24 * 3600)
    filling = refilling(home, flow.mend)
    filling._work = lambda args, told: worker.run("rules.recount", args, told=told)
    assert filling.once(threading.Event()) == 1
    assert by_address(home) == {"203.0.113.9": (6, False)}
    assert gaps(home) == [("late", True, Hindrance.NONE)]


def test_a_worker_that_died_is_tried_again_later_and_changes_nothing(tmp_path: Path) -> None:
    home = begun(tmp_path, [BRUTE], [*logins(range(3)), *logins(range(10, 13), late_us=5 * HOUR)])
    flow = home.flow()
    while flow.step().matches:
        pass
    home.clock.advance(300)
    filling = refilling(home, flow.mend)

    def died(_args: Json, _told: Callable[[Json], None]) -> Json:
        raise ShouwangError("died")

    filling._work = died
    for _ in range(4):  # five minutes, ten, twenty
        filling.once(threading.Event())
        home.clock.advance(600)
    (gap,) = home.state.gaps.open()
    assert (gap.why, gap.tries) == (Hindrance.ROOM, 3)
    assert alerts(home) == []


@pytest.mark.parametrize(("pause_s", "why"), [(0, Hindrance.WINDOWS), (61, Hindrance.NONE)])
def test_a_finished_window_of_which_nobody_knows_where_it_began_keeps_its_gap(
    tmp_path: Path, pause_s: int, why: Hindrance
) -> None:
    """An event each 40 s for over a day: windows follow one another, with or without a pause before the end."""
    few = a_correlation(op="eq", count=3, timespan_s=60)
    before = logins(range(3000), step_us=40_000_000)
    then_us = before[-1].time_us - START + 40_000_000 + pause_s * 1_000_000
    after = [a_match(5000 + n, at_us=then_us + n * 40_000_000, fields={"source.ip": "203.0.113.9"}) for n in range(120)]
    stream = [*before, *after, *junk(range(6000, 6200), then_us + 4_790_000_000)]
    home = begun(tmp_path, [few], stream, entries=120)
    flow = home.flow()
    while flow.step().matches:
        pass
    assert [gap.reason.value for gap in home.state.gaps.open()] == ["evicted"]
    filled(home, flow)
    assert gaps(home) == [("evicted", not why, why)]
