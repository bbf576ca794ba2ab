"""What each kind of node means for one event."""

from __future__ import annotations

import json

import pytest

from shouwang.model import Event, Value
from shouwang.query import (
    All,
    And,
    Cidr,
    Contains,
    Eq,
    Exists,
    Node,
    Not,
    Or,
    Prefix,
    Query,
    Range,
    Wildcard,
    matches,
    predicate,
)
from tests.contract.records import NOON_US, event_of, id_of
from tests.effort import calls, ends


def event(**fields: Value) -> Event:
    doc = {name.replace("_", ".", 1): value for name, value in fields.items()}
    return event_of("object", json.dumps(doc).encode(), id=id_of(1), received_us=NOON_US + 1)


def holds(node: Node, value: Value) -> bool:
    return matches(Query(node), event(user_name=value))


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("root", "ROOT", True),
        ("STRASSE", "straße", False),
        ("ÄÖÜ", "äöü", True),
        ("登录", "登录", True),
        ("22", 22, True),
        ("22.0", 22, True),
        ("22", 22.5, False),
        ("22", "22", True),
        ("22.0", "22", False),
        ("1e3", 1000, True),
        ("true", True, True),
        ("TRUE", True, True),
        ("1", True, False),
        ("root", ["ann", "Root"], True),
        ("root", ["ann", ["x", "Root"]], True),
        ("root", {"name": "root"}, False),
        ("null", None, False),
        ("", "", True),
        ("18446744073709551616", 2**64, True),
    ],
)
def test_equal_is_without_case_and_numbers_are_numbers(wanted: str, value: Value, expected: bool) -> None:
    assert holds(Eq("user.name", wanted), value) is expected


def test_an_absent_field_equals_nothing_and_does_not_exist() -> None:
    assert not matches(Query(Eq("user.name", "")), event())
    assert not matches(Query(Exists("user.name")), event())
    assert holds(Exists("user.name"), None)
    assert holds(Exists("user.name"), [])


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("*", "", True),
        ("a*", "ABC", True),
        ("*c", "abc", True),
        ("*b*", "abc", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("?b?", "abc", True),
        ("?", "", False),
        ("a?*c", "ac", False),
        ("*ab*ab*", "ab", False),
        ("*ab*ab*", "xabyabz", True),
        ("*aab", "aaab", True),
        (r"*\cmd.exe", r"C:\Windows\cmd.exe", True),
        (r"100\*", "100*", True),
        (r"100\*", "1000", False),
        (r"a\\*", r"a\b", True),
        ("a.c", "abc", False),
        ("a*c", "a\nc", True),
        ("?", "𝄞", True),
        ("登*", "登录失败", True),
        ("46*", 4625, True),
        ("tr*", True, True),
    ],
)
def test_wildcards_cover_the_whole_value(pattern: str, value: Value, expected: bool) -> None:
    assert holds(Wildcard("user.name", pattern), value) is expected


def test_a_hostile_wildcard_looks_for_each_of_its_pieces_once_however_long_the_value_is() -> None:
    def looks(pieces: int, length: int) -> int:
        asked = predicate(Wildcard("user.name", "*a" * pieces + "*b"))
        found = event(user_name="a" * length)
        assert not asked(found)
        return calls(lambda: asked(found))

    ends(lambda: looks(30, 100_000))
    dense = Wildcard("user.name", "*" + "a?" * 20 + "b*")
    ends(lambda: holds(dense, "a" * 20_000))
    assert not holds(dense, "a" * 20_000)
    assert looks(30, 50_000) == looks(30, 100_000) <= looks(1, 100_000) + 29 * 2


def test_prefix_and_contains_are_without_case() -> None:
    assert holds(Prefix("user.name", "AD"), "admin")
    assert holds(Prefix("user.name", "46"), [4625])
    assert not holds(Prefix("user.name", "min"), "admin")
    assert holds(Contains("user.name", "MIN"), ["x", "admin"])


@pytest.mark.parametrize(
    ("network", "value", "expected"),
    [
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.1/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "::FFFF:0a01:0203", True),
        ("::ffff:10.0.0.0/104", "10.1.2.3", True),
        ("2001:db8::/64", "2001:0DB8:0000:0000:0000:0000:0000:0009", True),
        ("2001:db8::/64", "2001:db8:0:1::9", False),
        ("fe80::/10", "fe80::1%14", True),
        ("fe80::/10", "febf::1", True),
        ("::1/128", "0:0:0:0:0:0:0:1", True),
        ("::/0", "10.1.2.3", False),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("10.0.0.0/8", "-", False),
        ("10.0.0.0/8", "10.1.2", False),
        ("10.0.0.0/8", ["-", "10.9.9.9"], True),
        ("nonsense", "10.1.2.3", False),
        ("10.0.0.0/8", 167772161, False),
    ],
)
def test_a_network_holds_its_addresses_in_any_spelling(network: str, value: Value, expected: bool) -> None:
    assert holds(Cidr("user.name", network), value) is expected


@pytest.mark.parametrize(
    ("low", "high", "value", "expected"),
    [
        ("9", "11", 10, True),
        ("9", "11", "10", True),
        ("9", "11", 11, False),
        ("9", None, 10**30, True),
        ("10.0.0.9", "10.0.0.11", "10.0.0.10", True),
        ("10.0.0.9", "10.0.0.11", "::ffff:10.0.0.10", True),
        ("2001:db8::9", None, "2001:db8::10", True),
        ("2026-11-24", "2026-11-25", "2026-11-24T23:00:00+08:00", True),
        ("2026-11-24T00:00:00Z", None, "2026-11-24T07:59:59+08:00", False),
        ("ann", "carl", "Bob", True),
        ("ann", "carl", "dora", False),
        ("ann", "carl", ["dora", "bob"], True),
        ("5", "6", ["4", "7"], False),
        (None, None, "x", True),
        (None, None, None, False),
    ],
)
def test_a_range_compares_numbers_addresses_times_else_text(
    low: str | None, high: str | None, value: Value, expected: bool
) -> None:
    node = Range("user.name", low, high, include_low=True, include_high=False)
    assert holds(node, value) is expected


def test_a_bound_counts_only_where_it_is_included() -> None:
    for low, high, expected in ((True, True, True), (False, True, False), (True, False, False)):
        assert holds(Range("user.name", "5", "5", low, high), 5) is expected


@pytest.mark.parametrize(
    ("raw", "wanted", "expected"),
    [
        (b"Failed Password", "failed password", True),
        ("ÄRGER 登录".encode(), "ärger 登", True),
        (b"\xff\xfe Failed", "failed", True),
        (b"\xff", r"\xff", True),
        ("登录失败".encode("gb18030"), "失败", True),
        (b"a\x00b", "\x00B", True),
        (rb'{"p":"C:\\Windows\\x"}', r"c:\windows", True),
        (rb'{"p":"C:\\Windows\\x"}', r"c:\\windows", True),
        (rb'{"m":"\u767b\u5f55 \u003cb\u003e \ud834\udd1e"}', "登录 <B> 𝄞", True),
        (rb'{"m":"\ud800"}', "x", False),
        (rb"C:\u767b", "登", False),
        ("\u212aelvin".encode(), "kelvin", True),
        (b"abc", "abcd", False),
        (b"", "", True),
    ],
)
def test_bare_text_is_looked_for_in_the_record_as_received(raw: bytes, wanted: str, expected: bool) -> None:
    assert matches(Query(Contains("", wanted)), event_of("line", raw, id=id_of(1))) is expected


def test_the_envelope_has_names() -> None:
    one = event_of(
        "coded", b'{"u":{"n":"root"},"event.id":"x"}', id=id_of(1), source="journald", received_us=NOON_US + 1
    )
    for node in (
        Eq("@timestamp", "2026-11-24T12:00:00+08:00"),
        Range("@timestamp", "2026-11-24T04:00:00Z", "2026-11-24T04:00:00Z", include_low=True, include_high=True),
        Range("event.ingested", "2026-11-24T04:00:00Z", None, include_low=False, include_high=False),
        Prefix("@timestamp", "2026-11-24T04"),
        Eq("event.id", id_of(1).hex().upper()),
        Eq("event.dataset", "TEST.coded"),
        Eq("shouwang.source", "journald"),
        Contains("event.original", '"ROOT"'),
        Eq("user.name", "Root"),
    ):
        assert matches(Query(node), one), node


def test_and_or_not_and_time_hold_together() -> None:
    root, ssh = Eq("user.name", "root"), Eq("process.name", "sshd")
    one = event(user_name="root", process_name="cron")
    assert matches(Query(Or((root, ssh))), one)
    assert not matches(Query(And((root, ssh))), one)
    assert matches(Query(And((root, Not(ssh)))), one)
    assert matches(Query(And(())), one)
    assert not matches(Query(Or(())), one)
    assert matches(Query(All(), NOON_US, NOON_US + 1), one)
    assert not matches(Query(All(), NOON_US + 1), one)
    assert not matches(Query(All(), 0, NOON_US), one)
    assert matches(Query(Not(All()), 0, 0, ids=(id_of(1),)), one)
