"""The shared cases of area A, B07, B01, B03, B08, E01 and E05, through the reader and the parsers, and real samples."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.parsers.times import rfc3339
from shouwang.model import ABSENT, Event
from tests.unit.parsers.reading import NOW_US, events_of, origin, read, serves, tags, us, view


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    return shared / "cases" / "files"


def times(events: list[Event]) -> list[str]:
    return [rfc3339(event.time_us)[11:] for event in events]


def test_a01_a_date_without_year_is_the_latest_possible(cases: Path) -> None:
    where = replace(origin(), reference_us=us("2026-01-02T00:10:00+08:00"))
    events = events_of(cases / "A01.log", where)
    assert [rfc3339(event.time_us) for event in events] == [
        "2024-02-29T02:00:01.000000Z",
        "2025-12-31T15:59:58.000000Z",
        "2025-12-31T16:00:03.000000Z",
    ]
    assert [event.get("process.name") for event in events] == ["su", "sudo", "CRON"]
    assert [event.get("process.pid") for event in events] == [812, ABSENT, 990]


def test_a03_devices_by_file_and_by_datagram_are_the_same(cases: Path) -> None:
    path = cases / "A03.txt"
    events = events_of(path)
    again = [read("syslog", line) for line in path.read_bytes().splitlines()]
    assert [event.fields() for event in events] == [event.fields() for event in again]
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


def test_a05_structured_data(cases: Path) -> None:
    where = origin(context={"log.source.address": "198.51.100.9"})
    events = events_of(cases / "A05.log", where)
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
    assert events[1].get("host.name") == "198.51.100.9"
    assert [tags(event) for event in events] == [[], [], ["malformed"], [], []]
    assert events[3].get(sd + "x@1.a") == ["1", "2"]
    assert events[4].get(sd + "f@2.k") == ""
    assert times(events)[4] == "00:15:34.500000Z"


def test_a09_access_logs_lose_no_line(cases: Path) -> None:
    nginx, apache = events_of(cases / "A09-nginx.log"), events_of(cases / "A09-apache.log")
    assert [event.get("http.response.status_code") for event in nginx + apache] == [200, 400, 400, 404, 200, 408, 403]
    assert [tags(event) for event in nginx + apache] == [[]] * 7
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


def test_a10_netfilter(cases: Path) -> None:
    events = events_of(cases / "A10.log")
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


def test_a13_journal_entries(cases: Path) -> None:
    events = events_of(cases / "A13.jsonl")
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
    assert times(events)[3] == "00:15:32.900000Z"


def test_b01_cleared_logs(cases: Path) -> None:
    events = events_of(cases / "B01" / "events.jsonl")
    assert [event.get("winlog.channel") for event in events] == ["Security", "System", "System", "System"]
    assert [event.get("winlog.user_data.Channel") for event in events] == [
        ABSENT,
        "Windows PowerShell",
        "Setup",
        ABSENT,
    ]
    assert events[0].get("user.name") == "ops"


def test_b03_six_dialects_and_xml_are_one_event(cases: Path) -> None:
    events = [*events_of(cases / "B03" / "events.jsonl"), *events_of(cases / "B03" / "one.xml")]
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
        assert serves(event, "windows", "process_creation", None)


def test_b07_windows_times(cases: Path) -> None:
    events = events_of(cases / "B07" / "events.jsonl")
    assert times(events)[:6] == [
        "00:15:30.999999Z",
        "00:15:31.250000Z",
        "00:15:32.500000Z",
        "00:15:33.250000Z",
        "00:15:34.000000Z",
        "00:15:35.500000Z",
    ]
    assert [tags(event) for event in events] == [[], [], [], [], ["time_assumed_zone"], [], ["time_unusable"]]
    assert events[6].time_us == NOW_US


def test_b08_forwarded_events(cases: Path) -> None:
    events = events_of(cases / "B08" / "ForwardedEvents.jsonl")
    assert [serves(event, "windows", None, "security") for event in events] == [True, False, False, True, False]
    assert [serves(event, "windows", "file_block_executable", None) for event in events] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert [serves(event, "linux", "process_creation", None) for event in events] == [False, False, False, False, True]
    assert [events[n].get("host.name") for n in (0, 3)] == ["dc-1.example.com"] * 2
    assert events[0].get("message") == "已创建用户帐户。"


def test_e01_and_e05_no_record_is_lost_for_its_shape_or_time(cases: Path) -> None:
    shapes, dated = events_of(cases / "E01.jsonl"), events_of(cases / "E05.jsonl")
    assert [event.get("n") for event in shapes] == list(range(1, 10))
    assert shapes[5].get("host.name") == "plain-text-host"
    assert shapes[6].get("source.ip") is ABSENT
    assert tags(shapes[6]) == ["bad_address"]
    unusable = [event.get("n") for event in dated if "time_unusable" in tags(event)]
    assert unusable == [3, 4, 5, 11, 12]
    assert all(event.time_us == NOW_US for event in dated if event.get("n") in unusable)
    assert times([dated[n] for n in (0, 1, 5, 6, 7)]) == [
        "00:15:30.123456Z",
        "00:15:31.123456Z",
        "00:15:32.500000Z",
        "00:15:33.614678Z",
        "00:15:34.000000Z",
    ]
    assert tags(dated[7]) == ["time_assumed_zone"]


def test_failures_by_address_in_a_real_log_are_those_that_grep_counts(shared: Path) -> None:
    path = shared / "samples" / "OpenSSH_2k.log"
    found = Counter(
        event.get("source.ip") for event in events_of(path) if event.get("event.action") == "ssh_login_failed"
    )
    text = path.read_text()
    expected = Counter(re.findall(r"(?:\]: |\[ )Failed \w+ for .* from (\S+) port \d+ ssh2", text))
    assert found == expected
    assert sum(found.values()) == 524


def test_every_line_of_a_real_apache_error_log_is_read(shared: Path) -> None:
    events = events_of(shared / "samples" / "Apache_2k.log")
    assert len(events) == 2000
    assert not [event for event in events if tags(event)]
    assert Counter(event.get("log.level") for event in events) == {"notice": 1405, "error": 595}


def test_real_windows_events_are_all_routed(shared: Path) -> None:
    events = events_of(shared / "samples" / "windows-mordor-20k.jsonl.zst")
    assert len(events) == 20_000
    assert all(serves(event, "windows", None, None) for event in events)
    assert Counter(event.shape.dataset for event in events)["windows.sysmon"] == 15_265
    sysmon = [event for event in events if event.shape.dataset == "windows.sysmon"]
    without = {
        str(event.get("event.code")) for event in sysmon if {own.category for own in event.shape.logsources} == {None}
    }
    assert without == set()
    assert not [event for event in events if event.time_us == NOW_US]
