from __future__ import annotations

from dataclasses import replace

import pytest

from incidents import grouping
from incidents.grouping import WINDOW_US, Thread
from shouwang.model import Alert, Severity
from shouwang.words import Words, words
from tests.unit.incidents.making import FOUND, an_alert


def thread_of(alert: Alert, id: str = "INC-1") -> Thread:
    return grouping.opened(id, alert)


@pytest.mark.parametrize(
    ("severity", "opens"),
    [
        (Severity.INFORMATIONAL, False),
        (Severity.LOW, False),
        (Severity.MEDIUM, True),
        (Severity.HIGH, True),
        (Severity.CRITICAL, True),
    ],
)
def test_medium_and_graver_open_an_incident(severity: Severity, opens: bool) -> None:
    assert grouping.opens(an_alert(severity=severity)) is opens


@pytest.mark.parametrize(
    ("one", "other", "joins"),
    [
        ({"source_ip": "203.0.113.9"}, {"source_ip": "203.0.113.9", "host_name": "b"}, True),
        ({"source_ip": "203.0.113.9", "host_name": "a"}, {"source_ip": "203.0.113.8", "host_name": "a"}, False),
        ({"source_ip": "203.0.113.9", "host_name": "a"}, {"host_name": "A"}, True),
        ({"host_name": "a", "user_name": "li"}, {"host_name": "b", "user_name": "li"}, True),
        ({"host_name": "a", "user_name": "root"}, {"host_name": "b", "user_name": "root"}, False),
        ({"host_name": "a", "user_name": "PC$"}, {"host_name": "b", "user_name": "PC$"}, False),
        ({"source_ip": "127.0.0.1"}, {"source_ip": "127.0.0.1"}, False),
        ({}, {}, False),
    ],
)
def test_what_is_shared_decides(one: dict[str, str], other: dict[str, str], joins: bool) -> None:
    alert = replace(an_alert("A-2", entities=other), rule_id="another rule")
    found = grouping.incident_to_join(alert, [thread_of(an_alert(entities=one))])
    assert (found is not None) is joins


def test_one_rule_on_one_host_is_one_incident_from_however_many_addresses() -> None:
    thread = thread_of(an_alert(source_ip="203.0.113.9", host_name="gate-01"))
    here = an_alert("A-2", source_ip="198.51.100.4", host_name="gate-01")
    assert grouping.incident_to_join(here, [thread]) is thread
    elsewhere = an_alert("A-3", source_ip="198.51.100.4", host_name="gate-02")
    assert grouping.incident_to_join(elsewhere, [thread]) is None


@pytest.mark.parametrize(("after_us", "joins"), [(WINDOW_US, True), (WINDOW_US + 12_000_000, False)])
def test_a_day_without_activity_ends_an_incident_for_joining(after_us: int, joins: bool) -> None:
    thread = thread_of(an_alert(source_ip="203.0.113.9"))
    late = an_alert("A-2", first_us=FOUND + after_us, source_ip="203.0.113.9")
    assert (grouping.incident_to_join(late, [thread]) is not None) is joins


def test_the_strongest_link_wins_then_the_newest_activity() -> None:
    by_host = thread_of(an_alert(host_name="gate-01", first_us=FOUND + 1_000_000), "INC-host")
    by_address = thread_of(an_alert(source_ip="203.0.113.9"), "INC-address")
    alert = an_alert(source_ip="203.0.113.9", host_name="gate-01")
    found = grouping.incident_to_join(alert, [by_host, by_address])
    assert found is not None
    assert found.incident_id == "INC-address"


def test_joining_widens_what_further_alerts_can_share() -> None:
    thread = thread_of(an_alert(source_ip="203.0.113.9", host_name="gate-01"))
    thread = grouping.joined(thread, an_alert(host_name="gate-01", user_name="wb-xf02"))
    assert grouping.incident_to_join(an_alert(host_name="vpn", user_name="wb-xf02"), [thread]) is thread


def test_memory_of_incidents_is_bounded_and_survives() -> None:
    threads = {f"INC-{n}": thread_of(an_alert(host_name=f"h{n}"), f"INC-{n}") for n in range(600)}
    kept = grouping.threads_from(grouping.threads_text(threads))
    assert list(kept) == [f"INC-{n}" for n in range(100, 600)]
    assert kept["INC-599"] == threads["INC-599"]
    many = an_alert(host_name=",".join(f"h{n}" for n in range(1000)))
    assert len(thread_of(many).links) == grouping.LINKS


def test_the_title_says_what_who_and_where() -> None:
    thread = thread_of(an_alert(source_ip="203.0.113.9", host_name="A,b"))
    assert grouping.title(thread).en == "Many failed logins: 203.0.113.9 -> A +1"
    chinese = replace(thread, title=Words("多次登录失败", "Many failed logins"))
    assert grouping.title(chinese).zh == "多次登录失败: 203.0.113.9 -> A +1"
    thread = grouping.joined(thread, an_alert(source_ip="203.0.113.8", host_name="a"))
    assert grouping.title(thread).en == "Many failed logins: 203.0.113.9 +1 -> A +1"
    assert grouping.title(thread_of(an_alert(user_name="li"))).en == "Many failed logins: li"
    assert grouping.title(thread_of(an_alert(user_name="root"))).en == "Many failed logins: root"
    assert grouping.title(thread_of(an_alert())).en == "Many failed logins"


def test_the_key_is_the_strongest_link() -> None:
    assert grouping.key(an_alert(source_ip="203.0.113.9", host_name="a")) == "source.ip=203.0.113.9"
    assert grouping.key(an_alert(host_name="A", user_name="root")) == "host.name=a"
    assert grouping.key(an_alert()) == "alert=key-A-1"


def test_the_gravest_alert_gives_the_title_and_an_equal_one_does_not_take_it() -> None:
    first = replace(an_alert(severity=Severity.MEDIUM, host_name="gate-01"), title=words("a new account"))
    graver = replace(first, id="A-2", title=Words("暴力破解", "brute force"), severity=Severity.HIGH)
    equal = replace(first, id="A-3", title=words("another grave thing"), severity=Severity.HIGH)
    thread = grouping.joined(grouping.joined(thread_of(first), graver), equal)
    assert grouping.title(thread).en == "brute force: gate-01"
    kept = grouping.threads_from(grouping.threads_text({"INC-1": thread}))
    assert kept == {"INC-1": thread}
