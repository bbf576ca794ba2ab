"""Each modifier of Sigma 2.1, one by one."""

from __future__ import annotations

from base64 import b64encode

import pytest

from detection.sigma.faults import RuleFault
from detection.sigma.modifiers import KNOWN, predicates, read_key
from detection.sigma.predicates import Pattern
from shouwang.model import Value
from tests.unit.detection.sample import item

CASES: list[tuple[str, object, Value, bool]] = [
    ("f", "abc", "ABC", True),
    ("f", "abc", "abcd", False),
    ("f|cased", "abc", "ABC", False),
    ("f|cased", "abc", "abc", True),
    ("f|cased|contains", "B", "aBc", True),
    ("f|cased|contains", "b", "aBc", False),
    ("f|startswith", "adm", "Admin", True),
    ("f|startswith", "min", "Admin", False),
    ("f|endswith", "min", "Admin", True),
    ("f|endswith", "\\", "D:\\dir\\", True),
    ("f|contains", "DMI", "Admin", True),
    ("f|contains", 47, "pid 4711", True),
    ("f|contains", "a*c", "xaXXcx", True),
    ("f|startswith|endswith", "dmi", "Admin", True),
    ("f|contains|all", ["a", "n"], "Admin", True),
    ("f|contains|all", ["a", "z"], "Admin", False),
    ("f|neq", "abc", "ABC", False),
    ("f|neq", "abc", "x", True),
    ("f|neq", ["a", "b"], "b", False),
    ("f|neq", 5, 5, False),
    ("f|neq", 5, 6, True),
    ("f|contains|neq", "b", "abc", False),
    ("f|windash|contains", " -enc", "ps /enc x", True),
    ("f|windash|contains", " -enc", "ps \u2013enc x", True),
    ("f|windash|contains", " -enc", "ps \u2014enc x", True),
    ("f|windash|contains", " -enc", "ps \u2015enc x", True),
    ("f|windash|contains", " /enc", "ps -enc x", True),
    ("f|windash|contains", " -enc", "ps +enc x", False),
    ("f|contains|windash", " -a -b", "x /a \u2013b", True),
    ("f|windash", "-param-name", "/param-name", True),
    ("f|windash", "-param-name", "-param/name", False),
    ("f|re", "^a.c$", "abc", True),
    ("f|re", "B", "abc", False),
    ("f|re|i", "B", "abc", True),
    ("f|re", "a.c", "a\nc", False),
    ("f|re|s", "a.c", "a\nc", True),
    ("f|re", "^b", "a\nb", False),
    ("f|re|m", "^b", "a\nb", True),
    ("f|re", "a$", "a\n", False),
    ("f|re|m", "a$", "a\nb", True),
    ("f|re", r"(?<!x)a$", "a\n", False),
    ("f|re", r"(?<!x)a$", "ba", True),
    ("f|re", r"(?<=[$])a", "$a", True),
    ("f|re|startswith", "b", "ab", False),
    ("f|re|endswith", "a|b", "ab", True),
    ("f|re", "4[78]", 47, True),
    ("f|base64", "ping", b64encode(b"ping").decode(), True),
    ("f|base64|contains", "ping", "x " + b64encode(b"ping").decode() + " y", True),
    ("f|wide|base64", "cmd", b64encode("cmd".encode("utf-16-le")).decode(), True),
    ("f|utf16be|base64", "cmd", b64encode("cmd".encode("utf-16-be")).decode(), True),
    ("f|utf16|base64", "cmd", b64encode(b"\xff\xfe" + "cmd".encode("utf-16-le")).decode(), True),
    ("f|utf16le", "cmd", "c\0m\0d\0", True),
    ("f|utf16be|contains", "cmd", "x\0c\0m\0d", True),
    ("f|lt", 5, 4, True),
    ("f|lt", 5, 5, False),
    ("f|lte", 5, "5", True),
    ("f|gt", 5, "5.5", True),
    ("f|gte", 5, "four", False),
    ("f|gt", 5, None, False),
    ("f|gt", 0, True, False),
    ("f|gte", "5", 5, True),
    ("f|cidr", "10.0.0.0/8", "10.255.0.1", True),
    ("f|cidr", "10.0.0.0/8", "11.0.0.1", False),
    ("f|cidr", "10.0.0.0/8", "::ffff:10.1.2.3", True),
    ("f|cidr", "::/0", "10.1.2.3", False),
    ("f|cidr", "2001:db8::/64", "2001:0DB8:0::9", True),
    ("f|cidr", "fe80::/10", "fe80::1%eth0", True),
    ("f|cidr", "10.0.0.0/8", "10.1.2.300", False),
    ("f|cidr", "10.0.0.0/8", "-", False),
    ("f|cidr", "10.0.0.0/8", 167838211, False),
    ("f|cidr", "10.0.0.1", "10.0.0.1", True),
    ("f|exists", True, None, True),
    ("f|exists", True, "", True),
    ("f|exists", False, None, False),
    ("f|minute", 15, "2026-11-24T00:15:30Z", True),
    ("f|hour", 0, "2026-11-24T00:15:30Z", True),
    ("f|hour|gte", 22, "2026-11-24 22:01:02.5", True),
    ("f|hour|gte", 22, "2026-11-24T21:59:59+08:00", False),
    ("f|day", 24, "2026-11-24", True),
    ("f|week", 48, "2026-11-24T00:00:00Z", True),
    ("f|month|lt", 12, "2026-11-24T00:00:00Z", True),
    ("f|year", 2026, 1_795_479_330, True),
    ("f|year", 2026, 1_795_479_330_000, True),
    ("f|year", 2026, "1795479330000000", True),
    ("f|year", 2026, "2026-13-45T00:00:00Z", False),
    ("f|year", 2026, "soon", False),
]


@pytest.mark.parametrize(("key", "value", "found", "expected"), CASES)
def test_a_modifier_means_what_the_specification_says(key: str, value: object, found: Value, expected: bool) -> None:
    assert item(key, value, {"f": found}) is expected


@pytest.mark.parametrize("key", ["f|lt", "f|cidr", "f|re", "f|hour", "f|contains"])
def test_a_field_that_is_missing_matches_nothing(key: str) -> None:
    assert not item(key, {"f|cidr": "::/0"}.get(key, "1"), {})


def test_neq_holds_of_a_missing_field() -> None:
    assert item("f|neq", "a", {})


def test_exists_looks_at_presence_only() -> None:
    assert item("f|exists", False, {})
    assert not item("f|exists", True, {})
    assert item("f|exists", True, {"f": {"inner": 1}})


@pytest.mark.parametrize(
    ("key", "mine", "theirs", "expected"),
    [
        ("f|fieldref", "Ops", "OPS", True),
        ("f|fieldref|cased", "Ops", "OPS", False),
        ("f|fieldref|neq", "a", "b", True),
        ("f|fieldref|neq", "a", "A", False),
        ("f|fieldref|startswith", "abc", "AB", True),
        ("f|fieldref|endswith", "abc", "bc", True),
        ("f|fieldref|contains", "abc", "b", True),
        ("f|contains|fieldref", "abc", "d", False),
        ("f|fieldref", 5, "5", True),
        ("f|fieldref", ["a", "b"], "b", True),
    ],
)
def test_fieldref_compares_with_the_other_field(key: str, mine: Value, theirs: Value, expected: bool) -> None:
    assert item(key, "g", {"f": mine, "g": theirs}) is expected


def test_fieldref_to_a_missing_or_null_field_is_no_match() -> None:
    assert not item("f|fieldref", "g", {"f": "a"})
    assert not item("f|fieldref", "g", {"f": None, "g": None})
    assert item("f|fieldref|neq", "g", {"f": "a"})


@pytest.mark.parametrize("text", ["非法登录", "whoami", "\U0001f600 smile", "ab"])
@pytest.mark.parametrize("before", [b"", b"x", b"xy", b"xyz"])
@pytest.mark.parametrize("after", [b"", b"q", b"qr"])
def test_base64offset_finds_text_at_any_position(text: str, before: bytes, after: bytes) -> None:
    encoded = b64encode(before + text.encode() + after).decode()
    assert item("f|base64offset|contains", text, {"f": encoded})


@pytest.mark.parametrize("text", ["非法登录", "IEX", "\U0001f600"])
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_wide_base64offset_takes_any_script(text: str, before: str) -> None:
    encoded = b64encode((before + text + "z").encode("utf-16-le")).decode()
    assert item("f|wide|base64offset|contains", text, {"f": encoded})


def test_expand_takes_the_values_given_and_leaves_escaped_marks() -> None:
    values = {"name": ["srv1", "srv*"]}
    found = predicates(read_key("f|expand"), r"\%plain%name%", values)
    assert [p.tokens[0] for p in found if isinstance(p, Pattern)] == ["%plainsrv1", "%plainsrv"]


def test_a_placeholder_without_expand_is_plain_text() -> None:
    assert item("f", "%TEMP%", {"f": "%temp%"})


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("f|contians", "a", "unknown modifier 'contians'"),
        ("f|expand", "%x%", "placeholder %x% has no values"),
        ("f|base64", "a*", "wildcards cannot be encoded"),
        ("f|utf16", "a", "base64 or base64offset must follow"),
        ("f|base64offset", "a", "one byte"),
        ("f|i", "a", "belong to re"),
        ("f|re", "(", "no regular expression"),
        ("f|re", "a)(b", "no regular expression"),
        ("f|re|startswith", "(?=a)a)(b", "no regular expression"),
        ("f|cidr", "10.1.2.3/8", "no network"),
        ("f|cidr", "fe80::1%1/64", "no network"),
        ("f|exists", "yes", "true or false"),
        ("f|exists|all", True, "cannot be combined"),
        ("f|lt", "many", "takes a number"),
        ("f|lt", True, "takes a number"),
        ("f|lt|gt", 1, "two comparisons"),
        ("f|re|cidr", "a", "cannot be combined"),
        ("f|re|windash", "-a", "cannot be combined"),
        ("f|contains", None, "null takes no modifier"),
        ("|exists", True, "needs a field"),
        ("f", {"a": 1}, "a value must be"),
    ],
)
def test_what_has_no_meaning_is_refused_with_the_reason(key: str, value: object, reason: str) -> None:
    with pytest.raises(RuleFault, match=reason):
        predicates(read_key(key), value, {})


def test_every_modifier_of_the_specification_is_known() -> None:
    named = (
        "all startswith endswith contains exists cased neq windash re i m s base64 base64offset utf16le utf16be utf16"
        " lt lte gt gte minute hour day week month year cidr expand fieldref"
    )
    assert set(named.split()) == KNOWN
    assert read_key("f|wide") == read_key("f|utf16le")
