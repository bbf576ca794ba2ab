from __future__ import annotations

import threading
from pathlib import Path

import apsw
import pytest

from incidents import service
from shouwang.eventstore.base import Position
from shouwang.flows.alerting import flow as looking
from shouwang.model import Disposition, Grade, Match, Severity, Value
from shouwang.statestore.store import StateStore
from shouwang.words import Words
from tests.unit.alerting.making import Home, a_home
from tests.unit.correlate.making import MINUTE, START, a_correlation, a_match
from tests.unit.sources.following import wait_for

SECOND = 1_000_000


def failed_logins(number: int, *, first: int = 0, ip: str = "203.0.113.9", host: str = "gate-01") -> list[Match]:
    fields = {"source.ip": ip, "host.name": host, "user.name": "root"}
    return [a_match(first + n, at_us=n * SECOND, fields=dict(fields)) for n in range(number)]


def mixed_stream() -> list[Match]:
    """Brute force at two hosts, a critical match on the first, a low one that joins, one that stays alone."""
    matches = failed_logins(12) + failed_logins(3, first=100, ip="198.51.100.4", host="gate-02")
    fields = {"host.name": "gate-01", "user.name": "li"}
    matches += [a_match(200, at_us=MINUTE, rule="shell", severity=Severity.CRITICAL, fields=dict(fields))]
    matches += [a_match(201, at_us=2 * MINUTE, rule="note", severity=Severity.LOW, fields=dict(fields))]
    matches += [a_match(202, at_us=3 * MINUTE, rule="note", severity=Severity.LOW, fields={"host.name": "other"})]
    return matches + failed_logins(6, first=300, ip="198.51.100.4", host="gate-02")


def test_twelve_failed_logins_from_one_address_are_one_alert_with_count_twelve(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    home.put(failed_logins(12))
    home.flow().step()
    total, (alert,) = home.state.alerts.list()
    assert total == 1
    assert (alert.id, alert.count, alert.title.en) == ("A-1", 12, "Many failed logins")
    assert len(alert.event_ids) == 12
    assert alert.entities == {"host.name": ("gate-01",), "source.ip": ("203.0.113.9",), "user.name": ("root",)}
    assert alert.asset_id == "gate"


def test_a_record_that_stands_for_five_counts_for_five_and_is_one_event(tmp_path: Path) -> None:
    fields: dict[str, Value] = {"source.ip": "203.0.113.9", "host.name": "gate-01"}
    home = a_home(tmp_path, [a_correlation(count=7)])
    home.put([a_match(1, fields=fields), a_match(2, at_us=SECOND, fields={**fields, "event.repeated": 5})])
    home.flow().step()
    assert home.state.alerts.list()[0] == 0
    home.put([a_match(3, at_us=2 * SECOND, fields=fields)])
    home.flow().step()
    _, (alert,) = home.state.alerts.list()
    assert (alert.count, alert.event_ids) == (7, tuple(a_match(n).event_id for n in (1, 2, 3)))
    assert set(alert.entities) == {"source.ip", "host.name"}


@pytest.mark.parametrize(
    ("said", "counted"), [(0, 1), (1, 1), (3, 3), (10**9, 1000), ("many", 1), (None, 1), (True, 1)]
)
def test_a_plain_rules_alert_counts_what_a_record_stands_for(tmp_path: Path, said: Value, counted: int) -> None:
    home = a_home(tmp_path)
    home.put([a_match(1, fields={"source.ip": "203.0.113.9", "event.repeated": said}, severity=Severity.HIGH)])
    home.flow().step()
    _, (alert,) = home.state.alerts.list()
    assert (alert.count, len(alert.event_ids)) == (counted, 1)


def test_the_alert_grows_as_further_events_come_and_no_second_one_is_made(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    flow = home.flow()
    counts = []
    for match in failed_logins(12):
        home.put([match])
        flow.step()
        total, alerts = home.state.alerts.list()
        counts.append(alerts[0].count if total == 1 else total)
    assert counts == [0, 0, 0, 0, 5, 6, 7, 8, 9, 10, 11, 12]


def test_an_incident_opens_with_importance_from_the_register_and_an_entry_by_the_system(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    home.put(failed_logins(12))
    done = home.flow().step()
    total, (incident,) = home.state.incidents.list()
    assert done.incidents == ("INC-20261125-0001",)
    assert (total, incident.id) == (1, "INC-20261125-0001")
    assert incident.title.en == "Many failed logins: 203.0.113.9 -> gate-01"
    assert incident.alert_ids == ("A-1",)
    assert incident.asset_ids == ("gate",)
    assert incident.found_at_us == START + 11 * SECOND
    assert incident.grade is Grade.IV
    _, (entry,) = home.state.trail.list(target=incident.id)
    assert (entry.actor, entry.act) == ("system", "incidents.open")


def test_related_alerts_join_and_lesser_ones_alone_stay_alerts(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    home.put(mixed_stream())
    home.flow().step()
    _, alerts = home.state.alerts.list()
    by_id = {alert.id: (alert.rule_id, alert.count, alert.incident_id) for alert in alerts}
    first, second = "INC-20261125-0001", "INC-20261125-0002"
    assert by_id == {
        "A-1": ("c", 12, first),
        "A-2": ("shell", 1, first),
        "A-3": ("note", 1, first),
        "A-4": ("note", 1, ""),
        "A-5": ("c", 9, second),
    }


def test_a_generating_correlation_lets_its_rules_speak_too(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5, generate=True)])
    home.put(failed_logins(5))
    home.flow().step()
    _, alerts = home.state.alerts.list()
    assert sorted((alert.rule_id, alert.count) for alert in alerts) == [("c", 5), ("r", 5)]


def test_alerts_and_incidents_are_kept_with_both_titles_of_their_rule(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)], titles={"c": Words("多次登录失败", "Many failed logins")})
    home.put(failed_logins(5))
    home.flow().step()
    assert home.state.alerts.list()[1][0].title == Words("多次登录失败", "Many failed logins")
    assert home.state.incidents.list()[1][0].title == Words(
        "多次登录失败: 203.0.113.9 -> gate-01", "Many failed logins: 203.0.113.9 -> gate-01"
    )


def test_a_drill_marks_every_id(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)], drill=True)
    home.put(failed_logins(5))
    home.flow().step()
    _, (alert,) = home.state.alerts.list()
    assert (alert.id, alert.incident_id, alert.drill) == ("D-A-1", "D-INC-20261125-0001", True)


def unbroken(tmp_path: Path) -> tuple[object, ...]:
    home = a_home(tmp_path, [a_correlation(count=5)], page=4)
    home.put(mixed_stream())
    flow = home.flow()
    while flow.step().matches:
        pass
    return home.outcome()


class Killed(Exception):
    pass


def kill_at(state: StateStore, statement: int) -> list[str]:
    """Raise at the given write of the next transactions; returns the list that collects what was executed."""
    ran: list[str] = []

    def trace(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        if sql != "ROLLBACK":
            if len(ran) == statement:
                raise Killed(sql)
            ran.append(sql)
        return True

    state._writer.connection.exec_trace = trace
    return ran


@pytest.mark.parametrize("cold", [True, False], ids=["process killed", "step failed"])
def test_killed_at_any_statement_the_outcome_is_that_of_an_unbroken_run(tmp_path: Path, cold: bool) -> None:
    expected = unbroken(tmp_path)
    for statement in range(0, 200, 3):
        home = a_home(tmp_path, [a_correlation(count=5)], page=4)
        home.put(mixed_stream())
        flow = home.flow()
        kill_at(home.state, statement)
        killed = False
        try:
            while flow.step().matches:
                pass
        except Killed:
            killed = True
        if cold:
            home.reopen()
            flow = home.flow()
        else:
            home.state._writer.connection.exec_trace = None
        while flow.step().matches:
            pass
        assert home.outcome() == expected, statement
        home.state.close()
        home.events.close()
        if not killed:
            return
    raise AssertionError("never ran to its end")


def test_a_tail_that_repeats_itself_changes_nothing(tmp_path: Path) -> None:
    expected = unbroken(tmp_path)
    home = a_home(tmp_path, [a_correlation(count=5)], page=4)
    home.put(mixed_stream())
    flow = home.flow()
    while flow.step().matches:
        pass
    with home.state.work() as tx:
        tx.memory.put("alerting/position", _after_first(home).token.encode())
    flow = home.flow()
    while flow.step().matches:
        pass
    assert home.outcome() == expected


def _after_first(home: Home) -> Position:
    page = home.events.tail("matches", None, 1)
    assert page.next is not None
    return page.next


def test_a_new_event_store_in_place_of_a_lost_one_is_followed_from_its_end(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    home.put(failed_logins(12))
    home.flow().step()
    new = a_home(tmp_path, [a_correlation(count=5)])
    new.put(failed_logins(2, first=50))
    home.events = new.events
    flow = home.flow()
    assert flow.step().matches == 0
    home.put(failed_logins(5, first=60, ip="198.51.100.1", host="gate-02"))
    assert flow.step().alerts == ("A-2",)


def test_a_window_that_ends_in_silence_still_makes_its_alert(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=3, op="eq", timespan_s=60)])
    home.put(failed_logins(3))
    home.flow().step()
    assert home.state.alerts.list() == (0, [])
    home.clock.advance(61 * 60)
    assert home.flow().step().alerts == ()
    home.clock.advance(2 * 60)
    assert home.flow().step().alerts == ("A-1",)
    assert home.flow().step().alerts == ()


@pytest.mark.parametrize("told", [False, True])
def test_matches_are_looked_for_several_times_a_second_and_at_once_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    assert looking.POLL_S <= 0.5
    if told:
        monkeypatch.setattr(looking, "POLL_S", 3600.0)
    home = a_home(tmp_path, [a_correlation(count=5)])
    flow, stop = home.flow(), threading.Event()
    thread = threading.Thread(target=flow.run, args=(stop,), daemon=True)
    thread.start()
    try:
        for number in range(3):
            home.put(failed_logins(5, first=number * 10, ip=f"203.0.113.{number}"))
            if told:
                flow.notify()
            wait_for(lambda: home.state.alerts.list()[0] > number)  # noqa: B023  # it is called here only
    finally:
        stop.set()
        flow.notify()
        thread.join(10)


def test_after_closing_new_activity_opens_a_new_incident(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5)])
    flow = home.flow()
    home.put(failed_logins(5))
    flow.step()
    first = "INC-20261125-0001"
    service.claim(home.state, home.clock, "wang", first)
    service.triage(home.state, home.clock, "wang", first, disposition=Disposition.AUTHORISED, reason="scan by us")
    service.close(home.state, home.clock, "wang", first, reason="announced")
    home.put([a_match(50, at_us=MINUTE, fields={"source.ip": "203.0.113.9"})])
    flow.step()
    _, alerts = home.state.alerts.list()
    assert [(a.id, a.state.value, a.incident_id) for a in alerts] == [
        ("A-2", "open", "INC-20261125-0002"),
        ("A-1", "closed", first),
    ]
