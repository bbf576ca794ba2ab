"""What a collector last said of itself becomes something for a person to do, or nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shouwang.attendance import Attendance, findings
from shouwang.model import Finding, Level
from shouwang.words import Words

NOW_US = 1_000_000_000_000
WELL = Attendance("1" * 32, "web01", "1", "abc", 200, 0, 1, NOW_US, False, 0, 0, False, 7, {"cut": 1})


def said(collector: Attendance) -> list[Finding]:
    return list(findings([collector], NOW_US, version="1", rules="abc"))


def test_one_that_does_well_is_no_finding() -> None:
    assert said(WELL) == []
    assert said(replace(WELL, seen_us=NOW_US - 80_000_000, waiting=9, waiting_bytes=1 << 20)) == []


@pytest.mark.parametrize(
    ("collector", "level", "what"),
    [
        (replace(WELL, seen_us=NOW_US - 600_000_000), Level.BROKEN, "web01: no word for 10 min"),
        (replace(WELL, seen_us=NOW_US - 600_000_000, ended=True), Level.DEGRADED, "was stopped"),
        (replace(WELL, seen_us=NOW_US + 600_000_000), Level.DEGRADED, "clock that is 600 s ahead"),
        (replace(WELL, version="0"), Level.DEGRADED, "is version 0; here it is 1"),
        (replace(WELL, rules="abd"), Level.DEGRADED, "has other rules"),
        (replace(WELL, faults={"r-1": 3}), Level.DEGRADED, "failed on events: r-1 3"),
        (replace(WELL, full=True), Level.BROKEN, "its spool is full"),
        (
            replace(WELL, troubles=(Finding(Level.BROKEN, Words("无此文件", "no such file")),)),
            Level.BROKEN,
            "Collector web01: no such file",
        ),
    ],
)
def test_what_is_wrong_is_told_once_with_the_host(collector: Attendance, level: Level, what: str) -> None:
    (found,) = said(collector)
    assert found.level is level
    assert what in found.what.en
    assert "web01" in found.what.zh
