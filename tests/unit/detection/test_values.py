"""Plain values: wildcards, escapes, null, numbers, lists."""

from __future__ import annotations

import pytest

from shouwang.model import Value
from tests.unit.detection.sample import fires, item


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (r"a\*b", "a*b", True),
        (r"a\*b", "aXb", False),
        (r"a\\*b", "a\\XXb", True),
        (r"a\\*b", "a*b", False),
        (r"a\\\*b", r"a\*b", True),
        (r"a\\\*b", r"a\Xb", False),
        (r"a\?b", "a?b", True),
        (r"a\?b", "aXb", False),
        (r"C:\Windows\x", r"C:\Windows\x", True),
        (r"C:\\Windows\\x", r"C:\Windows\x", True),
        (r"\\srv", r"\srv", True),
        (r"\\\srv", r"\\srv", True),
        (r"\\\\srv", r"\\srv", True),
        ("a?b", "aXb", True),
        ("a?b", "ab", False),
        ("a?b", "a\nb", True),
        ("a*b", "a\n\nb", True),
        ("a*b", "AxxB", True),
        ("a*b*c", "abc", True),
        ("*a*ab*", "xaab", True),
        ("a*a", "a", False),
        ("*?", "", False),
        ("a**b", "ab", True),
        ("", "", True),
        ("", "x", False),
        ("100% [a-z] (x).+", "100% [A-Z] (x).+", True),
        ("*", "", True),
        ("Ärger", "äRGER", True),
        ("dir\\", "DIR\\", True),
    ],
)
def test_wildcards_and_escapes_read_as_specified(value: str, text: str, expected: bool) -> None:
    assert item("f", value, {"f": text}) is expected


@pytest.mark.parametrize(
    ("value", "found", "expected"),
    [
        (4688, 4688, True),
        (4688, "4688", True),
        (4688, "04688", True),
        (4688, 4688.0, True),
        (4688, " 4688", False),
        (4688, "46888", False),
        ("4688", 4688, True),
        ("46*", 4688, True),
        (1, True, False),
        (True, True, True),
        (True, "True", True),
        (True, 1, False),
        ("true", True, True),
        (1.5, "1.50", True),
        (2**64, float(2**64), True),
        (-1, "-1", True),
        (5, "9" * 5000, False),
    ],
)
def test_numbers_and_booleans_may_be_written_as_text(value: object, found: Value, expected: bool) -> None:
    assert item("f", value, {"f": found}) is expected


@pytest.mark.parametrize(
    ("doc", "null", "empty", "anything"),
    [
        ({}, True, False, False),
        ({"f": None}, True, False, False),
        ({"f": ""}, False, True, True),
        ({"f": []}, True, False, False),
        ({"f": [None]}, True, False, False),
        ({"f": 0}, False, False, True),
        ({"f": {"a": 1}}, False, False, True),
    ],
)
def test_null_missing_and_empty_differ(doc: dict[str, Value], null: bool, empty: bool, anything: bool) -> None:
    assert item("f", None, doc) is null
    assert item("f", "", doc) is empty
    assert item("f", "*", doc) is anything


def test_any_element_of_a_list_counts_and_a_pattern_never_spans_two() -> None:
    doc: dict[str, Value] = {"f": ["net", "user", ["deep"]]}
    assert item("f", "user", doc)
    assert item("f", "deep", doc)
    assert not item("f", "net*user", doc)
    assert not item("f|re|s", "net.*user", doc)
    assert item("f|contains|all", ["ne", "us"], doc)
    assert not item("f|neq", "user", doc)


def test_an_object_is_no_text() -> None:
    assert not item("f|contains", "a", {"f": {"a": "a"}})


def test_the_values_of_a_map_are_all_needed_and_those_of_a_list_are_choices() -> None:
    text = """
s:
  - f: a
    g: [1, 2]
  - h: null
    f: b
condition: s
"""
    assert fires(text, {"f": "a", "g": 2})
    assert not fires(text, {"f": "a", "g": 3})
    assert fires(text, {"f": "b"})
    assert not fires(text, {"f": "b", "h": 1})


def test_many_stars_on_a_long_value_take_no_time() -> None:
    assert not item("f", "*a" * 30 + "*b", {"f": "a" * 20_000})
