"""Lucene text is read as the reference says, and refused with a column and a hint."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pytest

from shouwang.errors import UsageError
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
    Range,
    Wildcard,
    parse,
)

A, B, C = (Contains("", text) for text in "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", All()),
        ("*", All()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a b OR c", And((A, Or((B, C))))),
        ("NOT a", Not(A)),
        ("-a", Not(A)),
        ("a NOT b", And((A, Not(B)))),
        ("+a -b c", And((A, Not(B), C))),
        ("+a OR b", A),
        ("a OR b OR -c", And((Or((A, B)), Not(C)))),
        ("a OR NOT b", Or((A, Not(B)))),
        ("-(a OR b) c", And((Not(Or((A, B))), C))),
        ('"a b"', Contains("", "a b")),
        ("a*b", Wildcard("event.original", "*a*b*")),
        ("user.name:root", Eq("user.name", "root")),
        ("user.name:(root OR admin)", Or((Eq("user.name", "root"), Eq("user.name", "admin")))),
        ("user.name:(ro* -root)", And((Prefix("user.name", "ro"), Not(Eq("user.name", "root"))))),
        ("user.name:*", Exists("user.name")),
        ("_exists_:user.name", Exists("user.name")),
        ("user.name:r*t", Wildcard("user.name", "r*t")),
        ("user.name:r?", Wildcard("user.name", "r?")),
        (r"user.name:a\*", Eq("user.name", "a*")),
        (r"user.name:a\*b*", Prefix("user.name", "a*b")),
        (r"user.name:*\*", Wildcard("user.name", r"*\*")),
        (r"file.path:*\cmd.exe", Wildcard("file.path", r"*\cmd.exe")),
        (r"file.path:*\\cmd.exe", Wildcard("file.path", r"*\\cmd.exe")),
        (r"file.path:C\:\Windows\*", Eq("file.path", r"C:\Windows*")),
        (r'file.path:"C:\Windows\cmd.exe"', Eq("file.path", r"C:\Windows\cmd.exe")),
        (r'file.path:"C:\\Windows"', Eq("file.path", r"C:\Windows")),
        (r'"say \"hi\""', Contains("", 'say "hi"')),
        ("message:failed", Contains("message", "failed")),
        ('message:"Failed password"', Contains("message", "Failed password")),
        ("message:fail*", Wildcard("message", "*fail**")),
        ("source.ip:10.0.0.0/8", Cidr("source.ip", "10.0.0.0/8")),
        ('source.ip:"2001:db8::/32"', Cidr("source.ip", "2001:db8::/32")),
        ('source.ip:"2001:0DB8::9"', Cidr("source.ip", "2001:db8::9/128")),
        ("source.ip:10.1.2.3", Or((Eq("source.ip", "10.1.2.3"), Eq("source.ip", "::ffff:10.1.2.3")))),
        ("source.port:[1 TO 1023]", Range("source.port", "1", "1023", True, True)),
        ("source.port:{1 TO 1023]", Range("source.port", "1", "1023", False, True)),
        ("source.port:[1 TO *]", Range("source.port", "1", None, True, True)),
        ("x:[-5 TO 5}", Range("x", "-5", "5", True, False)),
        ("x:-5", Eq("x", "-5")),
        ("source.port:>1023", Range("source.port", "1023", None, False, False)),
        ("source.port:<=1023", Range("source.port", None, "1023", False, True)),
        ("x:(>5 AND <9)", And((Range("x", "5", None, False, False), Range("x", None, "9", False, False)))),
        ("用户:张三", Eq("用户", "张三")),
    ],
)
def test_text_becomes_the_node_it_means(text: str, expected: Node) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("@timestamp:2026-11-24", "2026-11-23T16:00:00", "2026-11-24T16:00:00"),
        ("@timestamp:[2026-11-24 TO 2026-11-25]", "2026-11-23T16:00:00", "2026-11-25T16:00:00"),
        ("@timestamp:{2026-11-24 TO 2026-11-26}", "2026-11-24T16:00:00", "2026-11-25T16:00:00"),
        ('@timestamp:"2026-11-24T08:30"', "2026-11-24T00:30:00", "2026-11-24T00:31:00"),
        ("event.ingested:>=2026-11-24T08:30:00Z", "2026-11-24T08:30:00", None),
        ('@timestamp:<"2026-11-24T08:30:00+00:00"', None, "2026-11-24T08:30:00"),
    ],
)
def test_a_time_is_the_sites_and_as_wide_as_written(text: str, low: str | None, high: str | None) -> None:
    bounds = [None if bound is None else bound + ".000000+00:00" for bound in (low, high)]
    field = text.split(":", maxsplit=1)[0]
    assert parse(text, zone=ZoneInfo("Asia/Shanghai")) == Range(field, bounds[0], bounds[1], True, False)


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("user.name:root AND", 19, "missing at the end"),
        ("(a OR b", 8, "closing parenthesis"),
        ("a OR )", 6, "not expected"),
        ('user.name:"root', 11, "Close the quotes"),
        ("OR a", 1, "nothing before it"),
        ("source.ip:fe80::1", 16, "quotes"),
        (r"file.path:C:\Windows", 11, r'file.path:"C:\Windows"'),
        ("url:http://x/y z", 5, 'url:"http://x/y"'),
        ("url.path:/admin", 10, 'url.path:"/admin"'),
        ("/var/log", 1, "Regular expressions"),
        ("a roam~", 3, "Fuzzy"),
        ("a^3", 1, "Boosting"),
        ('"a b"~3', 1, "Proximity"),
        ("a && b", 3, "Write AND"),
        ("a !b", 3, "Write AND"),
        ("[1 TO 5]", 1, "needs a field"),
        ("@timestamp:>now-1h", 12, "is no time"),
        ("user.*:root", 1, "wildcard"),
        ("a:(b:c)", 4, "inside the value"),
        ("_exists_:(a b)", 10, "one field name"),
        ("(" * 60 + "a" + ")" * 60, 52, "Flatten"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(UsageError, match=f"at column {column}:") as refused:
        parse(text)
    assert says in str(refused.value)
    assert refused.value.hint
    assert f"第 {column} 个字符处" in refused.value.message.zh
    assert re.search("[\u4e00-\u9fff]", refused.value.hint.zh)


def test_a_thousand_alternatives_are_read_and_an_endless_query_is_not() -> None:
    node = parse(" OR ".join(f"source.port:{n}" for n in range(1000)))
    assert isinstance(node, Or)
    assert len(node.parts) == 1000
    with pytest.raises(UsageError, match="at most"):
        parse("a " * 40_000)
