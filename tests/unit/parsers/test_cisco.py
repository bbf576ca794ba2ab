"""Cisco's system messages behind every head that devices and relays give them."""

from __future__ import annotations

import pytest

from collectors.parsers.times import rfc3339
from collectors.sniff import sniff
from shouwang.model import Value
from tests.unit.parsers.reading import origin, read, serves, tags, view

COMMAND = "%PARSER-5-CFGLOG_LOGGEDCMD: User:ops  logged command:no access-session port-control"
UTC_TIME, ZONE_TIME = "2026-11-24T08:15:30.250000Z", "2026-11-24T00:15:30.250000Z"


@pytest.mark.parametrize(
    ("head", "host", "time"),
    [
        ("192.0.2.1 6705: Nov 24 08:15:30.250: ", "192.0.2.1", ZONE_TIME),
        ("<189>6705: Nov 24 08:15:30.250: ", "198.51.100.9", ZONE_TIME),
        ("<189>6705: Nov 24 08:15:30.250 UTC: ", "198.51.100.9", UTC_TIME),
        ("<189>6705: 000123: sw-1: Nov 24 08:15:30.250: ", "sw-1", ZONE_TIME),
        ("<189>6705: sw-1: .Nov 24 08:15:30.250 GMT: ", "sw-1", UTC_TIME),
        ("<189>*Nov 24 08:15:30.250 UTC: ", "198.51.100.9", UTC_TIME),
        ("<189>: 2026 Nov 24 08:15:30.250 UTC: ", "198.51.100.9", UTC_TIME),
        ("2026 Nov 24 08:15:30.250 n9k ", "n9k", ZONE_TIME),
        ("<189>30: RP/0/RSP0/CPU0:Nov 24 08:15:30.250 UTC: config[65710]: ", "198.51.100.9", UTC_TIME),
        ("<166>Nov 24 2026 08:15:30.250 asa-1 : ", "asa-1", ZONE_TIME),
        ("<166>Nov 24 2026 08:15:30.250: ", "198.51.100.9", ZONE_TIME),
        ("Nov 24 08:15:31 192.0.2.1 6705: Nov 24 08:15:30.250: ", "192.0.2.1", ZONE_TIME),
        ("2026-11-24T08:15:31+08:00 192.0.2.1 6705: sw-1: Nov 24 08:15:30.250: ", "sw-1", ZONE_TIME),
        ("2026-11-24T08:15:30.25+08:00 192.0.2.1 6705: *Mar  1 1993 00:00:11: ", "192.0.2.1", ZONE_TIME),
        ("Nov 24 08:15:30.250 192.0.2.1 6705: ", "192.0.2.1", ZONE_TIME),
        ("Nov 24 08:15:30.250 192.0.2.1 000046: 1w2d: ", "192.0.2.1", ZONE_TIME),
    ],
)
def test_heads_of_every_form_give_host_and_time(head: str, host: str, time: str) -> None:
    event = read("syslog", head + COMMAND, origin(context={"log.source.address": "198.51.100.9"}))
    assert rfc3339(event.time_us) == time
    assert event.get("host.name") == host
    assert event.get("event.code") == "PARSER-5-CFGLOG_LOGGEDCMD"
    assert event.shape.dataset == "network.cisco"
    assert sniff((head + COMMAND + "\n").encode(), "x.raw") == "syslog"
    assert tags(event) == []


def test_a_device_that_has_no_clock_is_dated_by_its_receipt() -> None:
    event = read("syslog", "<189>46: 00:00:46: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up")
    assert event.time_us == event.received_us
    assert tags(event) == ["time_unusable"]


def test_a_logged_command_says_who_and_what() -> None:
    event = read("syslog", "<189>6705: Nov 24 08:15:30: " + COMMAND)
    assert view(event, "user.name", "process.command_line", "log.level", "event.sequence", "event.category") == {
        "user.name": "ops",
        "process.command_line": "no access-session port-control",
        "log.level": "notice",
        "event.sequence": 6705,
        "event.category": "configuration",
    }
    assert serves(event, "cisco", None, "aaa")
    assert serves(event, "cisco", None, None)
    assert not serves(event, "cisco", None, "bgp")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "%SYS-5-CONFIG_I: Configured from console by ops on vty0 (192.0.2.7)",
            {"user.name": "ops", "source.ip": "192.0.2.7"},
        ),
        (
            "%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: a] [Source: 192.0.2.9] [localport: 1] x] "
            "[Source: 203.0.113.5] [localport: 22] [Reason: Login Authentication Failed] at 08:15:30",
            {
                "user.name": "a] [Source: 192.0.2.9] [localport: 1] x",
                "source.ip": "203.0.113.5",
                "event.outcome": "failure",
                "event.action": "login_failed",
                "destination.port": 22,
            },
        ),
        (
            "%AAA-6-AAA_ACCOUNTING_MESSAGE: update:192.0.2.7@pts/0:ops:configure terminal ; no logging (SUCCESS)",
            {
                "user.name": "ops",
                "source.ip": "192.0.2.7",
                "process.command_line": "configure terminal ; no logging",
                "event.outcome": "success",
            },
        ),
        (
            "%TCP-6-BADAUTH: No MD5 digest from 192.0.2.7(179) to 192.0.2.8(11005)",
            {"source.ip": "192.0.2.7", "source.port": 179, "destination.ip": "192.0.2.8", "destination.port": 11005},
        ),
        (
            "%IP-TCP-3-BADAUTH : Invalid MD5 digest from 192.0.2.7:179 to 192.0.2.8:11005",
            {"source.ip": "192.0.2.7", "source.port": 179, "destination.ip": "192.0.2.8", "destination.port": 11005},
        ),
    ],
)
def test_what_a_message_says_is_read(body: str, expected: dict[str, Value]) -> None:
    event = read("syslog", "<189>6705: Nov 24 08:15:30: " + body)
    assert view(event, *expected) == expected


@pytest.mark.parametrize(("facility", "service"), [("BGP", "bgp"), ("IP-TCP", "bgp"), ("ROUTING-LDP", "ldp")])
def test_a_facility_belongs_to_its_service(facility: str, service: str) -> None:
    assert serves(read("syslog", f"<187>1: Nov 24 08:15:30: %{facility}-3-X: y"), "cisco", None, service)


@pytest.mark.parametrize(
    "line",
    [
        "Nov 24 08:15:30 web-1 app: Nov 24 08:15:30: %SYS-5-CONFIG_I: Configured from console by root on vty0",
        "Nov 24 08:15:30 web-1 sshd[9]: %SYS-5-CONFIG_I: Configured",
        "Nov 24 08:15:30 web-1 app: 6705: %SYS-5-CONFIG_I: Configured",
        "<13>hello %SYS-5-CONFIG_I: Configured from console by root",
    ],
)
def test_no_program_that_logs_foreign_text_is_taken_for_a_device(line: str) -> None:
    assert not serves(read("syslog", line), "cisco", None, None)
