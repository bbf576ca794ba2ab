from __future__ import annotations

import json

from collectors.parsers.times import rfc3339
from tests.unit.parsers.reading import read, serves, tags, us, view

ENTRY = {"__REALTIME_TIMESTAMP": "1795479330123456", "_HOSTNAME": "h", "SYSLOG_IDENTIFIER": "app", "PRIORITY": "3"}


def entry(**fields: object) -> str:
    return json.dumps({**ENTRY, **fields})


def test_the_entry_gives_time_host_program_and_level() -> None:
    event = read("journald", entry(MESSAGE="x", _PID="10", _SYSTEMD_UNIT="app.service"))
    assert rfc3339(event.time_us) == "2026-11-24T00:15:30.123456Z"
    assert view(event, "host.name", "process.name", "process.pid", "log.level", "message", "systemd.unit") == {
        "host.name": "h",
        "process.name": "app",
        "process.pid": 10,
        "log.level": "error",
        "message": "x",
        "systemd.unit": "app.service",
    }


def test_byte_numbers_become_text_without_terminal_codes() -> None:
    event = read("journald", entry(MESSAGE=[*"登录".encode(), 13]))
    assert event.get("message") == "登录"
    assert tags(event) == []
    event = read("journald", entry(MESSAGE=[27, 91, 51, 49, 109, 255, 254, 10, 65]))
    assert event.get("message") == "\\x1b[31m\\xff\\xfe\nA"
    assert tags(event) == ["bad_text"]


def test_a_field_that_came_twice_keeps_both_texts() -> None:
    assert read("journald", entry(MESSAGE=["first", "second"])).get("message") == "first\nsecond"


def test_a_field_too_large_is_named_not_lost_in_silence() -> None:
    event = read("journald", entry(MESSAGE="core", COREDUMP=None))
    assert event.get("journald.omitted") == ["COREDUMP"]
    assert tags(event) == ["omitted_for_size"]
    assert "null" not in str(event.get("journald.coredump"))
    assert "message" not in read("journald", entry(MESSAGE=None)).fields()


def test_the_program_is_comm_when_nobody_named_it_and_its_parser_applies() -> None:
    line = json.dumps(
        {
            "__REALTIME_TIMESTAMP": "1795479333000000",
            "_SOURCE_REALTIME_TIMESTAMP": "1795479332900000",
            "_COMM": "sshd-session",
            "_PID": "22",
            "MESSAGE": "Failed password for root from 203.0.113.9 port 1 ssh2",
        }
    )
    event = read("journald", line)
    assert serves(event, "linux", None, "sshd")
    assert event.get("source.ip") == "203.0.113.9"
    assert event.time_us == us("2026-11-24T00:15:32.9Z")


def test_kernel_packets_come_through_the_journal_too() -> None:
    event = read(
        "journald",
        entry(
            SYSLOG_IDENTIFIER="kernel",
            MESSAGE="drop: IN=a OUT= SRC=203.0.113.9 DST=192.0.2.1 LEN=40 PROTO=TCP SPT=1 DPT=2",
        ),
    )
    assert event.shape.dataset == "linux.firewall"
    assert event.get("event.action") == "block"


def test_no_json_is_a_dead_letter_with_its_bytes() -> None:
    event = read("journald", "{broken")
    assert event.shape.dataset == "shouwang.dead"
    assert event.get("error.code") == "json_invalid"
    assert event.shape.parser == "journald"
