"""What is taken out of CSV, STIX and MISP, and that what is not taken is said."""

from __future__ import annotations

import io
import json

import pytest

from detection.intel.formats import format_of
from detection.intel.indicator import Kind
from detection.intel.leftout import Unreadable
from detection.intel.stix import comparisons
from tests.unit.intel.making import read


def test_a_csv_with_a_header_gives_kind_confidence_source_times_and_note() -> None:
    taken, left = read(
        "csv",
        "\ufeff# a feed\nType;Indicator;Confidence;Source;Valid_Until;Description\n"
        "ipv4;203.0.113.9;high;CERT;2027-01-01;botnet\n"
        'domain;"evil.example.org";35;;2026-12-01T00:00:00+08:00;"a; b"\n'
        "sha256;nonsense;50;;;\n"
        "asn;AS64500;;;;\n"
        "ip;203.0.113.10;loud;;;\n",
    )
    first, second = taken
    assert (first.kind, first.value, first.confidence, first.source) == (Kind.IP, "203.0.113.9", 85, "CERT")
    assert first.valid_until_us == 1_798_761_600_000_000
    assert (second.value, second.confidence, second.note) == ("evil.example.org", 35, "a; b")
    assert second.valid_until_us == 1_796_054_400_000_000
    assert [each.where for each in left] == ["line 5", "line 6", "line 7"]
    assert "'asn'" in left[1].reason
    assert "confidence" in left[2].reason


def test_a_plain_list_is_read_by_what_its_values_are() -> None:
    taken, left = read("csv", "# c2\n203.0.113.9\n\nevil.example.org,phishing\n203.0.113.0/24\n10.0.0.1\n")
    assert [(each.kind, each.value) for each in taken] == [
        (Kind.IP, "203.0.113.9"),
        (Kind.DOMAIN, "evil.example.org"),
        (Kind.NETWORK, "203.0.113.0/24"),
    ]
    assert taken[1].note == "phishing"
    assert [each.where for each in left] == ["line 6"]


def test_a_header_in_a_comment_is_read_as_feeds_write_it() -> None:
    feed = (
        '# all times UTC\n# "first_seen_utc","ioc_value","confidence_level"\n"2026-01-01 10:00:00","203.0.113.9","75"\n'
    )
    taken, _ = read("csv", feed)
    assert [(each.value, each.confidence) for each in taken] == [("203.0.113.9", 75)]


def test_chinese_headers_and_gb18030_are_read() -> None:
    taken, _ = read("csv", "指标,类型,说明\nevil.example.org,域名,仿冒\n".encode("gb18030"))
    assert [(each.value, each.note) for each in taken] == [("evil.example.org", "仿冒")]


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    with pytest.raises(Unreadable, match="line 2"):
        read("csv", "203.0.113.9\n" + "a" * 100_000)


def indicator(pattern: str, **more: object) -> dict[str, object]:
    return {"type": "indicator", "id": "indicator--1", "pattern": pattern, "pattern_type": "stix"} | more


def bundle(*objects: dict[str, object]) -> str:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects})


def test_a_stix_bundle_gives_its_indicators_with_validity_and_confidence() -> None:
    taken, left = read(
        "stix",
        bundle(
            indicator(
                "[ipv4-addr:value = '203.0.113.9' OR domain-name:value = 'evil.example.org']",
                confidence=90,
                valid_from="2026-01-01T00:00:00Z",
                valid_until="2027-01-01T00:00:00.000Z",
                name="C2",
            ),
            indicator("[file:hashes.'SHA-256' = '" + "ab" * 32 + "'] OR [url:value IN ('http://a.example.org/x', 'http://b.example.org/')]"),
            indicator("[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
            {"type": "ipv4-addr", "id": "ipv4-addr--1", "value": "203.0.113.77"},
        ),
    )  # fmt: skip
    assert [each.value for each in taken] == [
        "203.0.113.9",
        "evil.example.org",
        "ab" * 32,
        "a.example.org/x",
        "b.example.org/",
        "203.0.113.0/24",
    ]
    assert (taken[0].confidence, taken[0].valid_until_us, taken[0].note) == (90, 1_798_761_600_000_000, "C2")
    assert left == []


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (indicator("[ipv4-addr:value = '203.0.113.9']", revoked=True), "revoked"),
        (indicator("rule x {}", pattern_type="yara"), "yara"),
        (indicator("[ipv4-addr:value = '203.0.113.9' AND domain-name:value = 'a.example.org']"), "AND"),
        (indicator("[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [url:value = 'http://a.example.org']"), "FOLLOWEDBY"),
        (indicator("[ipv4-addr:value != '203.0.113.9']"), "!="),
        (indicator("[NOT ipv4-addr:value = '203.0.113.9']"), "NOT"),
        (indicator("[ipv4-addr:value = '203.0.113.9'] WITHIN 5 SECONDS"), "WITHIN"),
        (indicator("[ipv4-addr:value MATCHES '.*']"), "MATCHES"),
        (indicator("[process:name = 'x']"), "process:name"),
        (indicator("[ipv4-addr:value = "), "cannot be read"),
        (indicator(""), "no pattern"),
        (indicator("[ipv4-addr:value = '203.0.113.9']", valid_until="soon"), "time"),
    ],
)
def test_a_pattern_of_which_only_half_would_be_understood_is_left_out_and_said(
    item: dict[str, object], why: str
) -> None:
    taken, left = read("stix", bundle(item))
    assert taken == []
    assert len(left) == 1
    assert left[0].where == "indicator--1"
    assert why in left[0].reason


def test_quotes_and_backslashes_in_a_pattern_stay_within_their_text() -> None:
    assert comparisons(r"[url:value = 'http://a.example.org/?q=\'x\\'] OR [url:value='] OR [x']") == [
        ("url:value", "http://a.example.org/?q='x\\"),
        ("url:value", "] OR [x"),
    ]


def attribute(kind: str, value: str, **more: object) -> dict[str, object]:
    return {"type": kind, "value": value, "to_ids": True} | more


ATTRIBUTES = [
    attribute("ip-dst|port", "203.0.113.9|443"),
    attribute("domain|ip", "evil.example.org|203.0.113.10"),
    attribute("filename|sha256", "a.exe|" + "ab" * 32),
    attribute("hostname", "c2.example.org", to_ids=False),
    attribute("btc", "1abc"),
    attribute("ip-src", "10.0.0.1"),
    attribute("domain|ip", "evil.example.org"),
]


@pytest.mark.parametrize("layout", ["event", "search", "manifest"])
def test_a_misp_event_gives_the_attributes_meant_for_detection_in_each_layout(layout: str) -> None:
    objects = [{"Attribute": ATTRIBUTES[5:]}]
    inner = {"info": "campaign", "Orgc": {"name": "CIRCL"}, "Attribute": ATTRIBUTES[:5], "Object": objects}
    text = {"event": {"Event": inner}, "search": {"response": [{"Event": inner}]}, "manifest": inner}[layout]
    taken, left = read("misp", json.dumps(text))
    assert [(each.kind, each.value) for each in taken] == [
        (Kind.IP, "203.0.113.9"),
        (Kind.DOMAIN, "evil.example.org"),
        (Kind.IP, "203.0.113.10"),
        (Kind.SHA256, "ab" * 32),
    ]
    assert {(each.source, each.note) for each in taken} == {("CIRCL", "campaign")}
    assert [each.reason.split()[0] for each in left] == ["not", "type", "an", "the"]


@pytest.mark.parametrize("form", ["stix", "misp"])
def test_a_file_cut_in_the_middle_is_refused_as_a_whole(form: str) -> None:
    stix = bundle(indicator("[ipv4-addr:value = '203.0.113.9']"))
    text = stix if form == "stix" else json.dumps({"Event": {"Attribute": ATTRIBUTES}})
    with pytest.raises(Unreadable) as refused:
        read(form, text[:-3])
    assert str(refused.value).startswith("no JSON: ")
    assert "  " not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.why.zh.startswith("不是完好的 JSON")


def test_the_form_of_a_file_is_seen_by_its_beginning() -> None:
    forms = {bundle(): "stix", json.dumps({"Event": {"Attribute": []}}): "misp", "203.0.113.9\n": "csv"}
    assert [format_of(io.BytesIO(text.encode())) for text in forms] == list(forms.values())
    with pytest.raises(Unreadable, match="unpack"):
        format_of(io.BytesIO(b"PK\x03\x04\0\0"))
    with pytest.raises(Unreadable, match="empty"):
        format_of(io.BytesIO(b" \n"))
