from __future__ import annotations

import json

import pytest

from collectors.parsers import json_text
from collectors.parsers.json_text import flatten
from shouwang.model import ABSENT, Value
from tests.unit.parsers.reading import NOW_US, origin, read, tags, us

AT = "2026-11-24T00:15:30Z"


def generic(fields: dict[str, Value]) -> dict[str, Value]:
    return read("json", json.dumps({"@timestamp": AT, **fields})).fields()


def test_nested_and_dotted_names_are_one_name() -> None:
    assert generic({"svc": {"name": "portal", "port": "80"}}) == {"svc.name": "portal", "svc.port": "80"}
    assert generic({"svc.name": "portal"}) == {"svc.name": "portal"}


def test_a_name_that_is_value_and_folder_loses_neither() -> None:
    assert generic({"otel.signal": "logs", "otel.signal.output": "failed"}) == {
        "otel.signal": "logs",
        "otel.signal.output": "failed",
    }
    assert generic({"a.b": 1, "a": {"b": 2}}) == {"a.b": [1, 2]}


def test_odd_names_and_reserved_ones_stay_data() -> None:
    fields = generic({".lead": 1, "trail.": 2, "a..b": 3, " ": 5, "_id": "x", "empty": {}, "list": [{"a": 1}, "b"]})
    assert fields == {".lead": 1, "trail.": 2, "a..b": 3, " ": 5, "_id": "x", "empty": {}, "list": [{"a": 1}, "b"]}


def test_a_host_that_is_text_is_the_hosts_name() -> None:
    assert generic({"host": "cam-7"})["host.name"] == "cam-7"
    assert generic({"host": {"name": "cam-7"}})["host.name"] == "cam-7"


def test_an_address_field_holds_addresses() -> None:
    event = read("json", json.dumps({"@timestamp": AT, "source": {"ip": "not-an-ip"}, "message": "m"}))
    assert event.get("source.ip") is ABSENT
    assert event.get("source.address") == "not-an-ip"
    assert tags(event) == ["bad_address"]
    assert generic({"source": {"ip": "2001:DB8::0001"}})["source.ip"] == "2001:db8::1"


def test_our_flags_stand_beside_the_senders_tags() -> None:
    event = read("json", json.dumps({"@timestamp": "2026-11-24 08:15:30", "tags": ["theirs", {"a": 1}]}))
    assert tags(event) == ["theirs", {"a": 1}, "time_assumed_zone"]
    assert event.fields()["tags"] == tags(event)


@pytest.mark.parametrize("value", ["1601-01-01T00:00:00Z", "2299-01-01T00:00:00Z", -1, "", "soon", None, {"a": 1}])
def test_a_time_that_cannot_be_takes_the_receipt_time_and_stays_readable(value: Value) -> None:
    event = read("json", json.dumps({"@timestamp": value, "n": 1}))
    assert event.time_us == NOW_US
    assert tags(event) == ["time_unusable"]
    assert event.get("n") == 1


def test_other_dates_of_a_record_do_not_matter() -> None:
    event = read(
        "json", json.dumps({"@timestamp": AT, "file": {"created": "1601-01-01"}, "event": {"end": -62135596800000}})
    )
    assert event.time_us == us(AT)
    assert tags(event) == []


def test_an_ecs_sender_with_its_own_event_created_shows_the_claim_when_not_believed() -> None:
    event = read("json", json.dumps({"@timestamp": "1601-01-01T00:00:00Z", "event": {"created": AT}}))
    assert event.get("event.created") == "1601-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("raw", ["[1]", "3", '"text"', "null"])
def test_what_is_no_object_is_a_dead_letter(raw: str) -> None:
    event = read("json", raw)
    assert event.shape.dataset == "shouwang.dead"
    assert event.get("error.code") == "json_no_object"


def test_patience_with_what_a_strict_reader_refuses() -> None:
    nan = read("json", b'{"@timestamp": "2026-11-24T00:15:30Z", "a": NaN, "b": 1}')
    assert (nan.get("a"), nan.get("b"), tags(nan)) == ("nan", 1, ["malformed"])
    surrogate = read("json", b'{"@timestamp": "2026-11-24T00:15:30Z", "a": "\\ud800x"}')
    assert (surrogate.get("a"), tags(surrogate)) == ("\\ud800x", ["malformed"])
    latin = read("json", b'{"@timestamp": "2026-11-24T00:15:30Z", "a": "\xe9"}')
    assert str(latin.get("a")).startswith("\\xe9")
    deep = read("json", b'{"a":' * 5000 + b"1" + b"}" * 5000)
    assert deep.shape.dataset == "shouwang.dead"


def test_metrics_and_our_own_words_have_their_own_datasets() -> None:
    line = json.dumps({"@timestamp": AT, "system": {"cpu": {"total": {"pct": 0.5}}}})
    metrics = read("metrics", line)
    assert metrics.shape.dataset == "host.metrics"
    assert metrics.get("system.cpu.total.pct") == 0.5
    assert read("self", line).shape.dataset == "shouwang.self"
    assert read("json", json.dumps({"event": {"dataset": "shouwang.self"}})).shape.dataset == "generic.json"


def test_json_in_a_declared_encoding_is_plain_text() -> None:
    raw = '{"@timestamp": "2026-11-24T00:15:30Z", "message": "登录失败"}'.encode("gb18030")
    event = read("json", raw, origin(encoding="gb18030"))
    assert event.get("message") == "登录失败"
    assert tags(event) == []
    assert "bad_text" in tags(read("json", raw))


def test_names_without_end_are_read_as_they_are_and_not_all_remembered() -> None:
    for number in range(25_000):
        assert flatten({"a": {f"k{number}": {"x" * 300: number}}}) == {f"a.k{number}.{'x' * 300}": number}
    assert json_text._TOP.kept <= 20_001
    assert flatten({"a": {"k1": 1}}) == {"a.k1": 1}
