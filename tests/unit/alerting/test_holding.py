"""What is held back is counted, kept apart and named; what is not is as if nothing were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from detection.noise.holdrecords import body_of
from detection.noise.inhibit import Inhibit
from detection.noise.maintenance import Window
from detection.noise.matchers import read
from detection.noise.silence import Silence
from shouwang.model import Alert, AlertState, Holder, Match, Severity, Suppression
from shouwang.statestore.holds import Hold
from tests.unit.alerting.making import Home, a_home
from tests.unit.correlate.making import MINUTE, START, a_correlation, a_match

SECOND = 1_000_000
KNOWN = {"source.ip": "10.20.3.7", "host.name": "gate-01", "user.name": "Scanner"}


def a_silence(name: str, asked: Mapping[str, list[str]], *, first: int = 0, last: int = 60 * MINUTE) -> Silence:
    return Silence(name, read(asked), "王磊", "扫描器演练", START, START + first, START + last)


def silenced(home: Home, *silences: Silence) -> None:
    with home.state.work() as tx:
        for each in silences:
            tx.holds.put(Hold(each.id, Holder.SILENCE, each.from_us, each.over_us, body_of(each)))


def maintained(home: Home, window: Window) -> None:
    with home.state.work() as tx:
        tx.holds.put(Hold(window.id, Holder.MAINTENANCE, window.from_us, window.over_us, body_of(window)))


def came(number: int, at: int, fields: Mapping[str, str] = KNOWN, *, rule: str = "r", level: str = "HIGH") -> Match:
    made = a_match(number, at_us=at, rule=rule, severity=Severity[level], fields=dict(fields))
    return replace(made, received_us=START + at)


def alerts(home: Home) -> list[Alert]:
    return sorted(home.state.alerts.list()[1], key=lambda alert: int(alert.id.rpartition("-")[2]))


def test_a_silenced_hit_has_an_alert_and_an_exact_count_but_no_incident(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    silenced(home, a_silence("S-1", {"source.ip": ["10.20.3.0/24"], "user.name": ["SCANNER"]}))
    home.put([came(n, n * SECOND) for n in range(7)])
    home.flow().step()
    (alert,) = alerts(home)
    assert (alert.count, alert.incident_id, alert.asset_id) == (7, "", "gate")
    assert alert.suppression == Suppression(Holder.SILENCE, "S-1", "扫描器演练")
    assert home.state.incidents.list()[0] == 0
    assert home.state.alerts.held_by() == {"S-1": (1, 7)}
    assert home.state.alerts.list(held=False)[0] == 0
    assert home.state.alerts.open_by_severity()[Severity.HIGH] == 0


def test_what_comes_before_and_after_a_silence_is_an_alert_of_its_own_by_time_of_receipt(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    silenced(home, a_silence("S-1", {"source.ip": ["10.20.3.7"]}, first=10 * SECOND, last=20 * SECOND))
    home.put([came(n, n * SECOND) for n in range(30)])
    home.flow().step()
    heard, held = alerts(home)
    assert (heard.count, heard.suppression) == (20, None)
    assert held.count == 10
    assert home.state.incidents.list()[1][0].alert_ids == (heard.id,)


def test_another_address_in_the_same_hit_is_not_held_for_the_known_one(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=4, group_by=("host.name",))])
    silenced(home, a_silence("S-1", {"source.ip": ["10.20.3.7"]}))
    other = {**KNOWN, "source.ip": "203.0.113.9"}
    home.put([came(1, 1), came(2, 2), came(3, 3), came(4, 4, other)])
    home.flow().step()
    (alert,) = alerts(home)
    assert (alert.rule_id, alert.count, alert.suppression) == ("c", 4, None)
    assert alert.incident_id


def test_what_is_silenced_still_counts_in_a_correlation(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=5, generate=True)])
    silenced(home, a_silence("S-1", {"rule": ["r"]}))
    home.put([came(n, n * SECOND) for n in range(5)])
    home.flow().step()
    held, heard = sorted(alerts(home), key=lambda alert: alert.rule_id != "r")
    assert (held.rule_id, held.count) == ("r", 5)
    assert (heard.rule_id, heard.count, heard.suppression) == ("c", 5, None)


def a_window(*, weekly: bool = False) -> Window:
    matchers = read({"asset": ["gate"]})
    return Window("M-1", matchers, "王磊", "换门禁主机", START, START, START + 60 * MINUTE, weekly=weekly, until_us=0)


def test_works_on_an_asset_hold_what_is_less_than_high_and_mark_the_rest(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    maintained(home, a_window())
    home.put([came(1, 1, level="MEDIUM"), came(2, 2, rule="grave"), came(3, 61 * MINUTE, rule="later")])
    home.flow().step()
    held, marked, later = alerts(home)
    assert held.suppression == Suppression(Holder.MAINTENANCE, "M-1", "换门禁主机")
    assert (marked.suppression, marked.maintenance) == (None, "M-1")
    assert (later.suppression, later.maintenance) == (None, "")
    _, (incident,) = home.state.incidents.list()
    assert incident.maintenance == ("M-1",)


def speaking() -> list[Inhibit]:
    return [Inhibit("members", read({}), read({"severity": ["medium"]}), ("source.ip",), 10 * MINUTE, members=True)]


def test_a_correlations_alert_inhibits_its_members_while_it_speaks(tmp_path: Path) -> None:
    home = a_home(tmp_path, [a_correlation(count=3, generate=True)])
    home.inhibits = speaking()
    other = {**KNOWN, "source.ip": "10.20.3.8"}
    home.put([came(n, n * SECOND, level="MEDIUM") for n in range(6)])
    home.put([came(7, 7 * SECOND, other, level="MEDIUM"), came(8, 8 * SECOND, rule="x", level="MEDIUM")])
    home.put([came(9, 30 * MINUTE, level="MEDIUM")])
    flow = home.flow()
    flow.step()
    by_rule = {(alert.rule_id, alert.suppression is not None, alert.group or ""): alert.count for alert in alerts(home)}
    correlated = next(alert for alert in alerts(home) if alert.rule_id == "c")
    held = next(alert for alert in alerts(home) if alert.suppression)
    assert held.suppression == Suppression(Holder.INHIBIT, correlated.id, "members")
    assert (held.rule_id, held.count) == ("r", 3)
    assert sum(alert.count for alert in alerts(home) if alert.rule_id == "r") == 8, by_rule
    assert not any(alert.suppression for alert in alerts(home) if alert.rule_id == "x")


def test_what_is_held_inhibits_nothing_and_a_closed_alert_no_more(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    home.inhibits = [Inhibit("loud", read({"rule": ["loud"]}), read({"rule": ["soft"]}), ("host.name",), 10 * MINUTE)]
    silenced(home, a_silence("S-1", {"rule": ["loud"]}, last=SECOND))
    home.put([came(1, 0, rule="loud"), came(2, 1, rule="soft")])
    flow = home.flow()
    flow.step()
    assert [alert.suppression and alert.suppression.id for alert in alerts(home)] == ["S-1", None]
    home.put([came(3, 2 * SECOND, rule="loud"), came(4, 3 * SECOND, rule="soft")])
    flow.step()
    loud, inhibited = alerts(home)[2:]
    assert inhibited.suppression == Suppression(Holder.INHIBIT, loud.id, "loud")
    with home.state.work() as tx:
        tx.alerts.put(replace(loud, state=AlertState.CLOSED))
    home.put([came(5, 4 * SECOND, rule="soft")])
    flow.step()
    assert [alert.count for alert in alerts(home) if alert.rule_id == "soft" and not alert.suppression] == [2]


def test_an_alert_that_could_inhibit_is_not_inhibited_by_its_own_kind(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    home.inhibits = [Inhibit("kin", read({"rule": ["r"]}), read({"rule": ["r", "s"]}), ("host.name",), MINUTE)]
    home.put([came(1, 0), came(2, 1), came(3, 2, rule="s")])
    home.flow().step()
    assert {(alert.rule_id, alert.count, alert.suppression is not None) for alert in alerts(home)} == {
        ("r", 2, False),
        ("s", 1, True),
    }


def test_inhibitions_are_exchanged_between_two_steps_and_correlations_keep_what_they_count(tmp_path: Path) -> None:
    """Five events before, five after: none is counted twice or lost, and the window goes on."""
    rules = [a_correlation(count=10, generate=True)]
    home = a_home(tmp_path, rules)
    home.inhibits = [Inhibit("loud", read({"rule": ["loud"]}), read({"rule": ["r"]}), ("host.name",), 10 * MINUTE)]
    home.put([came(0, 0, rule="loud"), *(came(n, n * SECOND) for n in range(1, 6))])
    flow = home.flow()
    flow.step()
    flow.take(rules, {}, [])
    home.put([came(n, n * SECOND) for n in range(6, 11)])
    flow.step()
    flow.take(rules, {}, home.inhibits)
    home.put([came(11, 11 * SECOND)])
    flow.step()
    by_hold = {(alert.rule_id, alert.suppression is not None): alert.count for alert in alerts(home)}
    assert by_hold == {("loud", False): 1, ("r", True): 6, ("r", False): 5, ("c", False): 11}
