"""The shared cases of areas A and B, E01 and E05, through the reader and the parsers, and real samples."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from shouwang.model import ABSENT
from tests.cases.readings import READINGS
from tests.cases.seen import clock, tags
from tests.unit.parsers.reading import NOW_US, events_of, origin, read, serves, us


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    return shared / "cases" / "files"


@pytest.mark.parametrize("case", READINGS)
def test_a_case_reads_as_it_must(cases: Path, case: str) -> None:
    files, check, modified = READINGS[case]
    where = replace(origin(), reference_us=us(modified)) if modified else origin()
    check([event for name in files for event in events_of(cases / name, where)])


def test_devices_by_file_and_by_datagram_are_the_same(cases: Path) -> None:
    path = cases / "A03.txt"
    again = [read("syslog", line) for line in path.read_bytes().splitlines()]
    assert [event.fields() for event in events_of(path)] == [event.fields() for event in again]


def test_a_message_without_a_host_is_its_senders(cases: Path) -> None:
    events = events_of(cases / "A05.log", origin(context={"log.source.address": "198.51.100.9"}))
    READINGS["A05"].check(events)
    assert events[1].get("host.name") == "198.51.100.9"


def test_six_dialects_and_xml_are_of_one_logsource(cases: Path) -> None:
    for event in [*events_of(cases / "B03" / "events.jsonl"), *events_of(cases / "B03" / "one.xml")]:
        assert serves(event, "windows", "process_creation", None)


def test_forwarded_events_are_routed_by_what_they_are(cases: Path) -> None:
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


def test_e01_and_e05_no_record_is_lost_for_its_shape_or_time(cases: Path) -> None:
    shapes, dated = events_of(cases / "E01.jsonl"), events_of(cases / "E05.jsonl")
    assert [event.get("n") for event in shapes] == list(range(1, 10))
    assert shapes[5].get("host.name") == "plain-text-host"
    assert shapes[6].get("source.ip") is ABSENT
    assert tags(shapes[6]) == ["bad_address"]
    unusable = [event.get("n") for event in dated if "time_unusable" in tags(event)]
    assert unusable == [3, 4, 5, 11, 12]
    assert all(event.time_us == NOW_US for event in dated if event.get("n") in unusable)
    assert [clock(dated[n]) for n in (0, 1, 5, 6, 7)] == [
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
