"""When a Windows event happened, by the best of its times."""

from __future__ import annotations

import json

import pytest

from shouwang.model import Event, Value
from tests.unit.parsers.reading import NOW_US, read, tags, us
from tests.unit.parsers.test_windows import PROVIDER, evtx


def flat_time(**times: Value) -> Event:
    return read("json", json.dumps({"EventID": 1, "Channel": "Security", "SourceName": PROVIDER, **times}))


@pytest.mark.parametrize(
    ("times", "expected", "flags"),
    [
        ({"EventTime": "2026-11-23 20:15:31", "UtcTime": "2026-11-24 00:15:31.250"}, "2026-11-24T00:15:31.250Z", []),
        (
            {"EventTime": "2026-11-24T08:15:32.5+08:00", "EventReceivedTime": "2026-11-24 09:00:00"},
            "2026-11-24T00:15:32.5Z",
            [],
        ),
        ({"TimeCreated": "/Date(1795479333250)/"}, "2026-11-24T00:15:33.250Z", []),
        ({"EventTime": "2026-11-24 08:15:34"}, "2026-11-24T00:15:34Z", ["time_assumed_zone"]),
        ({"@timestamp": 1795479335.5}, "2026-11-24T00:15:35.5Z", []),
        ({"EventTime": "2026-11-23 20:15:31", "@timestamp": "2026-11-24T00:15:33Z"}, "2026-11-24T00:15:33Z", []),
    ],
)
def test_a_time_that_names_its_zone_outranks_a_local_one(
    times: dict[str, Value], expected: str, flags: list[str]
) -> None:
    event = flat_time(**times)
    assert event.time_us == us(expected)
    assert tags(event) == flags


def test_fractions_are_cut_and_the_year_1601_is_not_believed() -> None:
    assert read("json", evtx(time="2026-11-24T00:15:30.9999999Z")).time_us == us("2026-11-24T00:15:30.999999Z")
    event = read("json", evtx(time="1601-01-01T00:00:00Z"))
    assert event.time_us == NOW_US
    assert event.get("event.created") == "1601-01-01T00:00:00.000000Z"
    assert tags(event) == ["time_unusable"]
