"""The JSON of an event holds for any bytes."""

from __future__ import annotations

import base64
import json
from zoneinfo import ZoneInfo

import orjson

from shouwang.eventjson import event_json
from tests.contract.records import event_of, id_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_fields_stand_flat_beside_the_envelope_which_wins() -> None:
    raw = b'{"user.name":"root","event.id":"forged","extra":{"a":{"b":1}},"message":null}'
    found = event_json(event_of("object", raw, id=id_of(1), context={"tags": ["x"]}), SHANGHAI)
    assert found == {
        "@timestamp": "2026-11-24T12:00:00.000000+08:00",
        "event.ingested": "2026-11-24T12:00:00.000000+08:00",
        "event.id": id_of(1).hex(),
        "event.dataset": "test.object",
        "event.original": raw.decode(),
        "shouwang.source": "file:/var/log/test.log",
        "user.name": "root",
        "extra.a": {"b": 1},
        "message": None,
        "tags": ["x"],
    }


def test_bytes_that_are_not_utf8_are_shown_escaped_and_kept_whole() -> None:
    raw = b"\xff\x00\x1b[31m \xe4\xb8"
    found = event_json(event_of("line", raw, id=id_of(1)), SHANGHAI)
    assert found["event.original"] == "\\xff\x00\x1b[31m \\xe4\\xb8"
    assert base64.b64decode(str(found["event.original_base64"])) == raw
    assert "event.original_base64" not in event_json(event_of("line", b"a\x00b", id=id_of(1)), SHANGHAI)


def test_any_json_writer_can_write_it() -> None:
    raw = rb'{"user.name":"\ud800x","extra":{"\udcff":[NaN,1e999,18446744073709551616,{"k":"\udcff"}]}}'
    event = event_of("object", raw, id=id_of(1), source="file:/\udcff")
    found = event_json(event, SHANGHAI)
    assert json.loads(orjson.dumps(found)) == found
    assert found["user.name"] == "\\ud800x"
    assert found["extra.\\udcff"] == ["nan", "inf", "18446744073709551616", {"k": "\\udcff"}]
