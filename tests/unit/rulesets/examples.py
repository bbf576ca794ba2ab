"""A rule's own ``tests:``: raw lines on which it must fire and must not. Format: docs/reference/rules.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.ruleset import Correlation, Rule
from shouwang.model import Event

ZONE = ZoneInfo("Asia/Shanghai")
START_US = 1_795_479_330_000_000
"""2026-11-24 08:15:30 in Shanghai."""
MOST_REPEATS = 1000


@dataclass(frozen=True, slots=True)
class Line:
    parser: str
    raw: str
    repeat: int = 1
    every_s: float = 0.0
    also: frozenset[str] = frozenset()
    """Other rules, by file stem, that rightly fire on the same line."""
    at: str = ""
    """Time of day in China, ``HH:MM``, where that matters."""
    after_s: float = 0.0
    """Seconds after the scene's start."""

    def events(self, first_id: int = 0, start_us: int = START_US) -> Iterator[Event]:
        """As received one after another; ``{n}`` in the text is the number of the repetition, from 1."""
        if self.at:
            hour, minute = map(int, self.at.split(":"))
            start_us += ((hour * 60 + minute) - (8 * 60 + 15)) * 60_000_000
        start_us += int(self.after_s * 1_000_000)
        for number in range(self.repeat):
            at_us = start_us + int(number * self.every_s * 1_000_000)
            yield event_of(self.parser, self.raw.replace("{n}", str(number + 1)), first_id + number, at_us)


@dataclass(frozen=True, slots=True)
class Scene:
    """Lines one after another, for a correlation."""

    name: str
    lines: tuple[Line, ...]
    count: int = 0
    group: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[str] = frozenset()

    def events(self) -> list[Event]:
        """In order of time; lines start together, or ``after_s``."""
        found: list[Event] = []
        for line in self.lines:
            found += line.events(first_id=len(found))
        return sorted(found, key=lambda event: event.time_us)


def event_of(parser: str, raw: str, number: int, at_us: int = START_US) -> Event:
    """The event of one raw line, received and dated ``at_us``."""
    origin = Origin(source="test:", received_us=at_us, reference_us=at_us, zone=ZONE, live=False)
    event = PARSERS[parser](raw.encode(), origin)
    event.id = number.to_bytes(16, "big")
    event.time_us = at_us
    return event


def stem(rule: Rule | Correlation) -> str:
    return rule.path.stem


def matching(rule: Rule) -> list[Line]:
    return [_line(each) for each in _list(_section(rule), "match")]


def not_matching(rule: Rule) -> list[Line]:
    return [_line(each) for each in _list(_section(rule), "no_match")]


def firing(correlation: Correlation) -> list[Scene]:
    return [_scene(each) for each in _list(_section(correlation), "fires")]


def quiet(correlation: Correlation) -> list[Scene]:
    return [_scene(each) for each in _list(_section(correlation), "quiet")]


def _section(rule: Rule | Correlation) -> Mapping[str, object]:
    section = rule.extra.get("tests")
    wanted = {"fires", "quiet"} if isinstance(rule, Correlation) else {"match", "no_match"}
    assert isinstance(section, dict), f"{rule.path} has no tests"
    assert set(section) == wanted, f"{rule.path}: tests must hold {sorted(wanted)}"
    return section


def _list(section: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    listed = section[key]
    assert isinstance(listed, list), f"{key} must be a list"
    assert listed, f"{key} is empty"
    assert all(isinstance(each, dict) for each in listed)
    return listed


def _line(written: Mapping[str, object]) -> Line:
    assert written.keys() <= {"parser", "raw", "repeat", "every_s", "also", "at", "after_s"}, (
        f"unknown key in {written}"
    )
    parser, raw = written["parser"], written["raw"]
    assert isinstance(parser, str)
    assert isinstance(raw, str)
    repeat, every_s = written.get("repeat", 1), written.get("every_s", 0)
    assert isinstance(repeat, int)
    assert 0 < repeat <= MOST_REPEATS
    assert isinstance(every_s, int | float)
    assert every_s >= 0
    at = written.get("at", "")
    assert isinstance(at, str)
    assert re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d|", at), "at: '02:30', in quotes"
    after_s = written.get("after_s", 0)
    assert isinstance(after_s, int | float)
    return Line(parser, raw, repeat, float(every_s), _names(written), at, float(after_s))


def _scene(written: Mapping[str, object]) -> Scene:
    assert written.keys() <= {"name", "events", "count", "group", "also"}, f"unknown key in {written}"
    count, group = written.get("count", 0), written.get("group", {})
    assert isinstance(count, int)
    assert isinstance(group, dict)
    lines = tuple(_line(each) for each in _list(written, "events"))
    return Scene(str(written["name"]), lines, count, group, _names(written))


def _names(written: Mapping[str, object]) -> frozenset[str]:
    also = written.get("also", [])
    assert isinstance(also, list)
    return frozenset(map(str, also))
