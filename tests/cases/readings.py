"""The cases that are records, and how each must read: their times, names and fields. Plain asserts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from collectors.parsers.times import rfc3339
from shouwang.model import ABSENT
from tests.cases.seen import Seen, clock, tags, view


class Reading(NamedTuple):
    files: tuple[str, ...]
    check: Callable[[Sequence[Seen]], None]
    """Raises ``AssertionError``; the events stand in the order of the files."""
    modified: str = ""
    """When the files were written last, where that counts."""


def a01_a_date_without_year_is_the_latest_possible(events: Sequence[Seen]) -> None:
    assert [rfc3339(event.time_us) for event in events] == [
        "2024-02-29T02:00:01.000000Z",
        "2025-12-31T15:59:58.000000Z",
        "2025-12-31T16:00:03.000000Z",
    ]
    assert [event.get("process.name") for event in events] == ["su", "sudo", "CRON"]
    assert [event.get("process.pid") for event in events] == [812, ABSENT, 990]


def a03_devices_by_file_and_by_datagram_are_the_same(events: Sequence[Seen]) -> None:
    assert [event.get("host.name") for event in events] == ["HW-S5735-B2", "H3C-S6520-A", "HW-AR-1", "H3C"]
    assert [rfc3339(event.time_us) for event in events] == [
        "2026-10-03T05:19:33.000000Z",
        "2026-11-24T00:15:30.000000Z",
        "2026-11-24T00:15:31.150000Z",
        "2026-11-24T00:15:32.809000Z",
    ]
    assert [event.get("event.code") for event in events] == [
        "SHELL/4/LOGINFAILED",
        "SSHS/6/SSHS_LOG",
        "IFNET/4/LINK_STATE",
        "SHELL/5/SHELL_LOGIN",
    ]
    assert [event.get("source.ip") for event in events] == ["192.0.2.77", "192.0.2.77", ABSENT, "192.0.2.77"]
    assert [event.get("user.name") for event in events[:2]] == ["admin", "ops"]


def a05_structured_data(events: Sequence[Seen]) -> None:
    sd = "log.syslog.structured_data."
    assert events[0].get(sd + "order@32473.who") == 'ops\\zhang "li"'
    assert events[0].get(sd + "order@32473.path") == "a[0]"
    assert events[0].get(sd + "order@32473.note") == "x\\n"
    assert events[0].get(sd + "meta.sequenceId") == "10"
    assert [event.get("message") for event in events] == [
        "[cash] 已支付 12.50",
        ABSENT,
        "void DB::f()",
        "m ]x[",
        "tail",
    ]
    assert events[1].get("host.name") == events[1].get("log.source.address")
    assert [tags(event) for event in events] == [[], [], ["malformed"], [], []]
    assert events[3].get(sd + "x@1.a") == ["1", "2"]
    assert events[4].get(sd + "f@2.k") == ""
    assert clock(events[4]) == "00:15:34.500000Z"


def a09_access_logs_lose_no_line(events: Sequence[Seen]) -> None:
    nginx, apache = events[:4], events[4:]
    assert [event.get("http.response.status_code") for event in events] == [200, 400, 400, 404, 200, 408, 403]
    assert [tags(event) for event in events] == [[]] * 7
    assert nginx[0].get("user_agent.original") == '"bot" \\ v1 登'
    assert nginx[0].get("url.query") == "q=%27%20or%201=1"
    assert nginx[1].get("http.request.method") is ABSENT
    assert view(nginx[3], "user.name", "url.original", "http.request.referrer", "user_agent.original") == {
        "user.name": "li ming",
        "url.original": "/x y",
        "http.request.referrer": "",
        "user_agent.original": "curl/8",
    }
    assert view(apache[0], "url.domain", "url.port", "source.ip", "http.request.referrer", "user_agent.original") == {
        "url.domain": "portal.example.com",
        "url.port": 443,
        "source.ip": "2001:db8::7",
        "http.request.referrer": 'https://x.example/?q="a"',
        "user_agent.original": 'Mozilla/5.0 "q" [b]',
    }
    assert apache[2].get("user_agent.original") == "sqlmap"


def a10_netfilter(events: Sequence[Seen]) -> None:
    assert [event.get("source.ip") for event in events] == [
        "203.0.113.60",
        "192.0.2.1",
        "2001:db8::9",
        "203.0.113.62",
        "203.0.113.63",
    ]
    assert [event.get("destination.port") for event in events] == [22, ABSENT, 36427, ABSENT, 2]
    assert events[0].get("event.action") == "block"
    assert events[0].get("netfilter.flags") == ["DF", "CWR", "ECE", "SYN"]
    assert view(events[1], "network.transport", "netfilter.icmp.type", "netfilter.icmp.code") == {
        "network.transport": "icmp",
        "netfilter.icmp.type": 3,
        "netfilter.icmp.code": 1,
    }
    assert view(events[2], "rule.name", "netfilter.length_bytes", "netfilter.udp.length_bytes") == {
        "rule.name": "nft-drop-iot",
        "netfilter.length_bytes": 72,
        "netfilter.udp.length_bytes": 32,
    }
    assert events[3].get("network.iana_number") == "2"
    assert events[4].get("user.id") == "1000"


def a13_journal_entries(events: Sequence[Seen]) -> None:
    assert [event.get("message") for event in events] == [
        "登录失败",
        "first text\nsecond text",
        "core",
        "Failed password for root from 203.0.113.90 port 1 ssh2",
        "\\x1b[31m\\xff\\xfe\nA",
    ]
    assert events[0].get("log.level") == "error"
    assert events[2].get("journald.omitted") == ["COREDUMP"]
    assert events[3].get("source.ip") == "203.0.113.90"
    assert clock(events[3]) == "00:15:32.900000Z"


def b01_cleared_logs(events: Sequence[Seen]) -> None:
    assert [event.get("winlog.channel") for event in events] == ["Security", "System", "System", "System"]
    assert [event.get("winlog.user_data.Channel") for event in events] == [
        ABSENT,
        "Windows PowerShell",
        "Setup",
        ABSENT,
    ]
    assert events[0].get("user.name") == "ops"


def b03_six_dialects_and_xml_are_one_event(events: Sequence[Seen]) -> None:
    assert [event.get("winlog.record_id") for event in events] == ["1", "2", "3", "4", "5", "6", "6"]
    for event in events:
        assert view(
            event,
            "event.code",
            "winlog.channel",
            "process.executable",
            "winlog.event_data.Image",
            "user.name",
            "host.name",
        ) == {
            "event.code": "4688",
            "winlog.channel": "Security",
            "process.executable": "C:\\Windows\\System32\\whoami.exe",
            "winlog.event_data.Image": "C:\\Windows\\System32\\whoami.exe",
            "user.name": "ops",
            "host.name": "ws-07.example.com",
        }


def b07_windows_times(events: Sequence[Seen]) -> None:
    assert [clock(event) for event in events[:6]] == [
        "00:15:30.999999Z",
        "00:15:31.250000Z",
        "00:15:32.500000Z",
        "00:15:33.250000Z",
        "00:15:34.000000Z",
        "00:15:35.500000Z",
    ]
    assert [tags(event) for event in events] == [[], [], [], [], ["time_assumed_zone"], [], ["time_unusable"]]
    assert events[6].time_us == events[6].received_us


def b08_forwarded_events(events: Sequence[Seen]) -> None:
    assert [events[n].get("host.name") for n in (0, 3)] == ["dc-1.example.com"] * 2
    assert events[0].get("message") == "已创建用户帐户。"


READINGS: Final[Mapping[str, Reading]] = {
    "A01": Reading(("A01.log",), a01_a_date_without_year_is_the_latest_possible, "2026-01-02T00:10:00+08:00"),
    "A03": Reading(("A03.txt",), a03_devices_by_file_and_by_datagram_are_the_same),
    "A05": Reading(("A05.log",), a05_structured_data),
    "A09": Reading(("A09-nginx.log", "A09-apache.log"), a09_access_logs_lose_no_line),
    "A10": Reading(("A10.log",), a10_netfilter),
    "A13": Reading(("A13.jsonl",), a13_journal_entries),
    "B01": Reading(("B01/events.jsonl",), b01_cleared_logs),
    "B03": Reading(("B03/events.jsonl", "B03/one.xml"), b03_six_dialects_and_xml_are_one_event),
    "B07": Reading(("B07/events.jsonl",), b07_windows_times),
    "B08": Reading(("B08/ForwardedEvents.jsonl",), b08_forwarded_events),
}
