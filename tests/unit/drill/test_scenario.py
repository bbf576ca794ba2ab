"""A scenario is read strictly, filled in by its own clock, and judged without mercy."""

from __future__ import annotations

import re

import pytest

from shouwang.errors import UsageError
from shouwang.model import Grade
from shouwang.scenario import Raised, arrivals, read, score

TEXT = """
id: guessing
title: Password guessing
start: "2026-11-24T09:00:00+08:00"
injects:
  - name: guess
    at: 1m
    every: 5s
    count: 3
    lines: ["<86>{time:rfc3164} app-01 sshd[7]: port {n+40000} {not a place} ${jndi:ldap} {{x}}"]
  - at: 0s
    format: access
    lines: ['192.0.2.1 - - [{time:clf}] "GET / HTTP/1.1" 200 1']
expect:
  - {rule: r-1, inject: guess, within: 30s, grade: IV}
"""
START_US = 1_795_482_000_000_000


def test_lines_arrive_in_order_with_the_scenario_clock_in_them() -> None:
    came = arrivals(read(TEXT, "t"))
    assert [(a.at_us - START_US) // 1_000_000 for a in came] == [0, 60, 65, 70]
    assert came[0].raw == b'192.0.2.1 - - [24/Nov/2026:09:00:00 +0800] "GET / HTTP/1.1" 200 1'
    assert came[2].raw == b"<86>Nov 24 09:01:05 app-01 sshd[7]: port 40001 {not a place} ${jndi:ldap} {{x}}"


def test_an_alert_in_time_with_the_expected_grade_passes() -> None:
    (mark,) = score(read(TEXT, "t"), [Raised("r-1", "D-A-1", START_US + 70_000_000, "D-INC-1", Grade.IV)])
    assert mark.passed
    assert mark.time_to_alert_s == 10.0


@pytest.mark.parametrize(
    "raised",
    [
        [],
        [Raised("other", "D-A-1", START_US + 61_000_000, "", Grade.IV)],
        [Raised("r-1", "D-A-1", START_US + 91_000_000, "", Grade.IV)],
        [Raised("r-1", "D-A-1", START_US + 61_000_000, "", Grade.III)],
        [Raised("r-1", "D-A-1", START_US + 61_000_000, "", None)],
    ],
)
def test_a_missing_late_or_misgraded_alert_fails(raised: list[Raised]) -> None:
    (mark,) = score(read(TEXT, "t"), raised)
    assert not mark.passed


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"2026-11-24T09:00:00+08:00"', '"2026-11-24T09:00:00"', "zone"),
        ("inject: guess,", "inject: nobody,", "nobody"),
        ("at: 1m", "at: soon", "no span of time"),
        ("title: Password guessing", "titel: x", "title"),
        ("id: guessing", "id: ../../etc", "id"),
        ("count: 3", "count: 3\n    colour: red", "colour"),
        ("{time:rfc3164}", "{time:rfc3163}", "rfc3163"),
        ("{n+40000}", "{number}", "number"),
    ],
)
def test_a_wrong_scenario_says_where_and_what(old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        read(TEXT.replace(old, new), "t")
    assert re.search("[\u4e00-\u9fff]", refused.value.message.zh)


def test_broken_yaml_is_an_answer_not_a_traceback() -> None:
    with pytest.raises(UsageError, match="no YAML"):
        read("a: [", "t")
