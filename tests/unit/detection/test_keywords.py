"""Keyword rules search the record as received."""

from __future__ import annotations

import pytest

from detection.naive import holds
from shouwang.model import Shape
from tests.unit.detection.sample import detection, event, shaped, text_event

LINE = "Nov 24 08:15:30 web-1 sshd[4711]: Failed password for root: 100% [a-z] 非法登录"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("k: [failed PASSWORD, nothing]", True),
        ("k: [nothing]", False),
        ("k: failed", True),
        ("k: [4711]", True),
        ("k: ['failed*root']", True),
        ("k: ['root*failed']", False),
        ("k: ['100% [a-z]']", True),
        ("k: [非法登录]", True),
        ("k: ['web-1 sshd']", True),
        ("k: {'|all': [Failed, root]}", True),
        ("k: {'|all': [Failed, ops]}", False),
        ("k: {'|re': 'sshd.4\\d+'}", True),
        ("k: {'|cased': 'failed'}", False),
        ("k: {'|startswith': 'nov 24'}", True),
        ("k: {'|contains': 'web-1'}", True),
        ("k: [{'|all': [x, y]}, 'root']", True),
    ],
)
def test_a_keyword_is_found_anywhere_in_the_line(written: str, expected: bool) -> None:
    assert holds(detection(f"{written}\ncondition: k"), text_event(LINE)) is expected


def test_a_keyword_is_found_in_keys_and_values_of_a_structured_record_but_never_across_two() -> None:
    record = event({"Event": {"System": {"Level": 4, "Data": ["one", "two\\three"]}, "Null": None}})
    for word, expected in [("system", True), ("TWO\\\\thr", True), ("4", True), ("one*two", False), ("none", False)]:
        assert holds(detection(f"k: ['{word}']\ncondition: k"), record) is expected


def test_a_text_parser_over_json_lines_is_searched_by_values_too() -> None:
    record = event({"message": "x"}, raw=rb'{"MESSAGE": "a \"quoted\" \u4e2d word"}', shape=shaped(parser="journald"))
    assert holds(detection("k: ['a \"quoted\" 中']\ncondition: k"), record)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_keywords_are_found_in_either_encoding(encoding: str) -> None:
    assert holds(detection("k: [非法]\ncondition: k"), text_event("用户 非法登录".encode(encoding)))


def test_any_bytes_can_be_searched() -> None:
    assert holds(detection("k: [needle]\ncondition: k"), text_event(b"\xff\xfe needle \x80"))


def test_what_a_syslog_line_carries_is_searched_as_the_object_it_is() -> None:
    raw = rb'<14>Nov 24 08:15:30 relay nxlog: {"EventID": 1, "Line": "C:\\a \u4e2d"}'
    shape = Shape(dataset="windows.security", parser="syslog", dialect="flat", paths={})
    for word, expected in [("C:\\\\a 中", True), ("line", True), ("relay", False), ("ID*Line", False)]:
        assert holds(detection(f"k: ['{word}']\ncondition: k"), event({}, raw=raw, shape=shape)) is expected


def test_what_a_parser_derived_is_no_text_of_the_record() -> None:
    record = event({"a": "b", "~ecs": {"process.name": "x.exe"}}, raw=b"<Event/>", shape=shaped(parser="xml"))
    assert not holds(detection("k: ['x.exe']\ncondition: k"), record)
    assert holds(detection("k: ['b']\ncondition: k"), record)
