"""What happens to an event after it was parsed: its time is settled, and it is made again from what was stored."""

from __future__ import annotations

import json

import pytest

from collectors.origin import settle
from collectors.parsers.dead import dead_event
from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from shouwang.eventstore.base import Stored
from shouwang.model import DEAD_DATASET, Event
from tests.unit.parsers.reading import NOW_US, origin, read, tags, us

HOUR_US = 3600 * 1_000_000


@pytest.mark.parametrize(
    ("claimed", "believed"),
    [
        ("2026-11-25T10:04:59+08:00", True),
        ("2026-11-25T10:05:01+08:00", False),
        ("2026-11-24T10:00:01+08:00", True),
        ("2026-11-24T09:59:59+08:00", False),
    ],
)
def test_a_live_event_far_from_its_receipt_takes_the_receipt_time(claimed: str, believed: bool) -> None:
    event = read("json", json.dumps({"@timestamp": claimed, "tags": ["theirs"], "event": {"created": "2020-01-01"}}))
    settle(event)
    if believed:
        assert event.time_us == us(claimed)
        assert tags(event) == ["theirs"]
    else:
        assert event.time_us == NOW_US
        assert tags(event) == ["theirs", "time_not_believed"]
        assert us(str(event.get("event.created"))) == us(claimed)


def stored(event: Event) -> Stored:
    return Stored(
        b"i" * 16, event.time_us, event.received_us, event.source, event.shape.parser, event.raw, event.context, "as-1"
    )


@pytest.mark.parametrize(
    ("parser", "line"),
    [
        ("syslog", "Nov 24 08:15:30 sshd[1]: Failed password for root from 203.0.113.9 port 5 ssh2"),
        ("syslog", "no head at all"),
        ("json", '{"EventID": 1, "Channel": "Security", "SourceName": "x", "EventTime": "2026-11-24 08:15:34"}'),
        ("json", '{"@timestamp": "2026-11-24 08:15:34", "tags": ["a"]}'),
        ("json", '{"remote_addr": "203.0.113.9", "status": 200, "request": "GET / HTTP/1.1"}'),
        ("json", "{broken"),
        ("access", '203.0.113.9 - - [24/Nov/2026:08:15:30 +0800] "GET / HTTP/1.1" 200 5'),
        ("journald", '{"__REALTIME_TIMESTAMP": "1795479330123456", "MESSAGE": "x"}'),
        ("text", "登录"),
    ],
)
def test_a_stored_event_is_made_again_as_it_was(parser: str, line: str) -> None:
    encoding = "gb18030" if parser == "text" else "utf-8"
    context = {"log.source.address": "198.51.100.9", "log.file.path": "/var/log/nginx/a"}
    event = PARSERS[parser](line.encode(encoding), origin(encoding=encoding, context=context))
    settle(event)
    again = rehydrate(stored(event))
    assert again.fields() == event.fields()
    assert again.shape is event.shape
    assert (again.id, again.asset_id) == (b"i" * 16, "as-1")
    assert (again.time_us, again.received_us, again.source, again.raw) == (
        event.time_us,
        event.received_us,
        event.source,
        event.raw,
    )


def test_a_parser_that_is_gone_gives_a_dead_letter_with_the_bytes() -> None:
    event = rehydrate(Stored(b"i" * 16, 1, 2, "s", "gone", b"raw", {}, ""))
    assert (event.shape.dataset, event.raw, event.time_us) == (DEAD_DATASET, b"raw", 1)


def test_a_dead_letter_keeps_its_reason_and_the_parser_to_try_again() -> None:
    event = dead_event(b"x", origin(), "json_invalid", "why", "json")
    assert (event.get("error.code"), event.get("error.message"), event.shape.parser) == ("json_invalid", "why", "json")
    kept = PARSERS["dead"](b"x", origin(context={"error.code": "too_long", "error.message": "m"}))
    assert (kept.get("error.code"), kept.shape.dataset) == ("too_long", DEAD_DATASET)
