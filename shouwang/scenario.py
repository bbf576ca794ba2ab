"""A drill's scenario: which lines arrive when, and what the system owes. Pure: text in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from shouwang.errors import UsageError
from shouwang.mistakes import mistake
from shouwang.model import Grade
from shouwang.words import Words

SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?")
SPAN_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}
PLACE = re.compile(r"\{(n|time:rfc3164|time:rfc3339|time:clf|time:epoch)(?:\+(\d+))?\}")
LIKE_A_PLACE = re.compile(r"(?<![${%])\{[a-z]+(?::[a-z0-9]+)?(?:\+\d+)?\}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MAX_LINES = 1_000_000


def span_s(value: object) -> float:
    """``90``, ``90s``, ``2m``, ``1.5h`` -> seconds."""
    read = SPAN.fullmatch(str(value).strip())
    if read is None:
        raise ValueError(
            Words(f"{value!r} 不是时长，可写 90s、2m 或 1h", f"{value!r} is no span of time: write 90s, 2m or 1h")
        )
    return float(read[1]) * SPAN_S[read[2]]


Span = Annotated[float, BeforeValidator(span_s)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Inject(Strict):
    """Lines that arrive from one simulated source."""

    at: Span = 0.0
    """From the scenario's start, in seconds."""
    name: str = ""
    format: str = "syslog"
    """A parser of ``collectors.registry.PARSERS``."""
    source: str = "drill"
    lines: tuple[str, ...] = Field(min_length=1)
    count: int = Field(default=1, ge=1, le=100_000)
    """How often the lines are sent."""
    every: Span = 1.0
    """Between two rounds, in seconds."""

    @model_validator(mode="after")
    def _places_are_known(self) -> Inject:
        """A misspelt place would go out as text, and the rules would seem to have failed."""
        for line in self.lines:
            for found in LIKE_A_PLACE.findall(line):
                if not PLACE.fullmatch(found):
                    known = "{n} {n+1} {time:rfc3164} {time:rfc3339} {time:clf} {time:epoch}"
                    raise ValueError(
                        Words(f"没有占位符 {found}，可用：{known}", f"there is no place {found}; known: {known}")
                    )
        return self


class Expect(Strict):
    """What the system owes: an alert of this rule, in time, in an incident of this grade."""

    rule: str
    """Sigma id of the rule or correlation."""
    within: Span = 60.0
    """From the first line of ``inject``, or of the scenario, to the alert, in the scenario's seconds."""
    inject: str = ""
    grade: Literal["I", "II", "III", "IV"] | None = None

    @property
    def expected_grade(self) -> Grade | None:
        return Grade[self.grade] if self.grade else None


class Scenario(Strict):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    title: str
    title_zh: str = ""
    start: datetime
    """Where the replay clock begins; with a zone."""
    injects: tuple[Inject, ...] = Field(min_length=1)
    expect: tuple[Expect, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Scenario:
        if self.start.tzinfo is None:
            raise ValueError(
                Words(
                    "start 须带时区，例如 2026-11-24T09:00:00+08:00",
                    "start needs a zone, for example 2026-11-24T09:00:00+08:00",
                )
            )
        names = {inject.name for inject in self.injects}
        for expect in self.expect:
            if expect.inject and expect.inject not in names:
                raise ValueError(
                    Words(
                        f"expect 所指的 inject {expect.inject!r} 不存在",
                        f"expect names the inject {expect.inject!r}, which is not there",
                    )
                )
        if sum(len(inject.lines) * inject.count for inject in self.injects) > MAX_LINES:
            raise ValueError(Words(f"超过 {MAX_LINES} 行", f"more than {MAX_LINES} lines"))
        return self

    @property
    def start_us(self) -> int:
        return round(self.start.timestamp() * 1_000_000)

    def first_us(self, inject: str) -> int:
        """When the first line of the named inject, or of any, arrives."""
        return self.start_us + round(min(i.at for i in self.injects if inject in ("", i.name)) * 1_000_000)


@dataclass(frozen=True, slots=True)
class Arrival:
    at_us: int
    format: str
    source: str
    raw: bytes


def read(text: str, name: str) -> Scenario:
    """Raises ``UsageError`` that names the file, the place and what to do."""
    try:
        return Scenario.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise UsageError(
            Words(f"{place} 不是有效的 YAML。", f"{place} is no YAML."),
            hint=Words("完整的情景示例见 docs/how-to/drill.md。", "docs/how-to/drill.md shows a whole scenario."),
        ) from wrong
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        what = mistake(first, "field", Scenario)
        raise UsageError(
            Words(f"{name}: {place or '全文'}: {what.zh}。", f"{name}: {place or 'the file'}: {what.en}."),
            hint=Words("完整的情景示例见 docs/how-to/drill.md。", "docs/how-to/drill.md shows a whole scenario."),
        ) from wrong


def arrivals(scenario: Scenario) -> list[Arrival]:
    """Every line with its time filled in, in order of arrival."""
    zone = scenario.start.tzinfo or UTC
    return sorted(_all(scenario, zone), key=lambda arrival: arrival.at_us)


def _all(scenario: Scenario, zone: tzinfo) -> Iterator[Arrival]:
    for inject in scenario.injects:
        for number in range(inject.count):
            at_us = scenario.start_us + round((inject.at + number * inject.every) * 1_000_000)
            for line in inject.lines:
                yield Arrival(at_us, inject.format, inject.source, _filled(line, at_us, number, zone).encode())


def _filled(line: str, at_us: int, number: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(0, zone) + timedelta(microseconds=at_us)

    def fill(place: re.Match[str]) -> str:
        kind, base = place[1], int(place[2] or 0)
        match kind:
            case "n":
                return str(base + number)
            case "time:rfc3164":
                return f"{MONTHS[moment.month - 1]} {moment.day:2d} {moment:%H:%M:%S}"
            case "time:clf":
                return f"{moment.day:02d}/{MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S %z}"
            case "time:epoch":
                return f"{at_us / 1_000_000:.3f}"
            case _:
                return moment.isoformat(timespec="milliseconds")

    return PLACE.sub(fill, line)


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert as the drill saw it come."""

    rule_id: str
    alert_id: str
    at_us: int
    incident_id: str
    grade: Grade | None


@dataclass(frozen=True, slots=True)
class Mark:
    """One expectation, judged."""

    rule: str
    detected: bool
    alert: str
    incident: str
    time_to_alert_s: float | None
    within_s: float
    in_time: bool
    expected_grade: str | None
    grade: str | None
    graded_as_expected: bool | None

    @property
    def passed(self) -> bool:
        return self.detected and self.in_time and self.graded_as_expected is not False


def score(scenario: Scenario, raised: list[Raised]) -> list[Mark]:
    """One mark an expectation; the first alert of its rule counts."""
    return [_mark(scenario, expect, [r for r in raised if r.rule_id == expect.rule]) for expect in scenario.expect]


def _mark(scenario: Scenario, expect: Expect, raised: list[Raised]) -> Mark:
    first = min(raised, key=lambda r: r.at_us, default=None)
    delay_s = (first.at_us - scenario.first_us(expect.inject)) / 1_000_000 if first else None
    wanted = expect.expected_grade
    return Mark(
        rule=expect.rule,
        detected=first is not None,
        alert=first.alert_id if first else "",
        incident=first.incident_id if first else "",
        time_to_alert_s=delay_s,
        within_s=expect.within,
        in_time=delay_s is not None and delay_s <= expect.within,
        expected_grade=wanted.name if wanted else None,
        grade=first.grade.name if first and first.grade else None,
        graded_as_expected=None if wanted is None else bool(first and first.grade == wanted),
    )
