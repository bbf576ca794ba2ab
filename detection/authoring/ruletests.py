"""What a rule's file says it must do: records on which it fires, and on which it does not. Pure.

``tests:`` in the rule, or the same in a file beside it, ``NAME.test.yml``. The form is in docs/how-to/rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from detection.sigma.faults import RuleFault
from shouwang.words import Words

Where = tuple[str | int, ...]
MOST_REPEATS: Final = 1000
_OF_RULE: Final = frozenset({"match", "no_match"})
_OF_CORRELATION: Final = frozenset({"fires", "quiet"})
_SAMPLE: Final = frozenset({"name", "parser", "raw", "event", "file", "repeat", "every_s", "after_s", "at", "also"})
_SCENE: Final = frozenset({"name", "events", "count", "group", "also"})
_CONTENTS: Final = ("raw", "event", "file")
_AT: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Sample:
    """One record as received, or a file of them."""

    where: Where
    name: str
    parser: str
    """Empty: by the content."""
    raw: str = ""
    event: Mapping[str, object] | None = None
    """A JSON record, instead of ``raw``."""
    file: str = ""
    """Beside the rule's file; instead of ``raw``."""
    repeat: int = 1
    every_s: float = 0.0
    after_s: float = 0.0
    """After the start of its scene."""
    minutes: int = -1
    """Of the day in China, where that matters; else -1."""
    also: frozenset[str] = frozenset()
    """Other rules that rightly fire."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Records one after another."""

    where: Where
    name: str
    samples: tuple[Sample, ...]
    count: int | None = None
    """Of events that count, exactly."""
    group: tuple[str, ...] | None = None
    """The one group that fires, as ``name=value``."""


@dataclass(frozen=True, slots=True)
class RuleTests:
    match: tuple[Sample, ...] = ()
    no_match: tuple[Sample, ...] = ()
    fires: tuple[Scene, ...] = ()
    quiet: tuple[Scene, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.match) + len(self.no_match) + len(self.fires) + len(self.quiet)


def read(section: object, *, of_correlation: bool) -> RuleTests:
    """Raises ``RuleFault`` with the keys that lead to the cause."""
    if not isinstance(section, dict):
        raise RuleFault(Words("tests 应为映射", "tests must be a map"))
    known = _OF_CORRELATION if of_correlation else _OF_RULE
    _no_others(section, known, ())
    if of_correlation:
        return RuleTests(fires=_scenes(section, "fires"), quiet=_scenes(section, "quiet"))
    return RuleTests(match=_samples(section, "match", ()), no_match=_samples(section, "no_match", ()))


def _no_others(section: Mapping[object, object], known: frozenset[str], where: Where) -> None:
    for key in section:
        if key not in known:
            raise RuleFault(
                Words(
                    f"此处没有 {key!r}；可用：{'、'.join(sorted(known))}",
                    f"{key!r} is not known here; {', '.join(sorted(known))} are",
                ),
                *where,
                str(key),
            )


def _list(section: Mapping[object, object], key: str, where: Where) -> list[Mapping[object, object]]:
    listed = section.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise RuleFault(Words(f"{key} 应为映射的列表", f"{key} must be a list of maps"), *where, key)
    return listed


def _samples(section: Mapping[object, object], key: str, where: Where) -> tuple[Sample, ...]:
    return tuple(_sample(each, (*where, key, number)) for number, each in enumerate(_list(section, key, where)))


def _sample(written: Mapping[object, object], where: Where) -> Sample:
    _no_others(written, _SAMPLE, where)
    if sum(key in written for key in _CONTENTS) != 1:
        raise RuleFault(
            Words("raw、event、file 须有且只能有一项", "one of raw, event and file is needed, and only one"), *where
        )
    if _text(written, "file", where).startswith("/"):
        raise RuleFault(
            Words("file 应为规则所在目录下的路径", "file must be a path from the rule's folder"), *where, "file"
        )
    event = written.get("event")
    if event is not None and not isinstance(event, dict):
        raise RuleFault(Words("event 应为映射：一条 JSON 记录", "event must be a map: a JSON record"), *where, "event")
    return Sample(
        where,
        _text(written, "name", where) or str(int(where[-1]) + 1),
        _text(written, "parser", where) or ("json" if event is not None else ""),
        _text(written, "raw", where),
        event,
        _text(written, "file", where),
        int(_number(written, "repeat", where, default=1, least=1, most=MOST_REPEATS)),
        _number(written, "every_s", where),
        _number(written, "after_s", where),
        _minutes(_text(written, "at", where), where),
        _names(written, where),
    )


def _scenes(section: Mapping[object, object], key: str) -> tuple[Scene, ...]:
    return tuple(_scene(each, (key, number)) for number, each in enumerate(_list(section, key, ())))


def _scene(written: Mapping[object, object], where: Where) -> Scene:
    _no_others(written, _SCENE, where)
    samples = _samples(written, "events", where)
    if not samples:
        raise RuleFault(Words("events 为空", "events is empty"), *where)
    group = written.get("group")
    if group is not None and not isinstance(group, dict):
        raise RuleFault(Words("group 应为字段与值的映射", "group must be a map of field and value"), *where, "group")
    count = None if "count" not in written else int(_number(written, "count", where))
    said = None if group is None else tuple(f"{name}={value}" for name, value in group.items())
    return Scene(where, _text(written, "name", where) or str(int(where[-1]) + 1), samples, count, said)


def _text(written: Mapping[object, object], key: str, where: Where) -> str:
    value = written.get(key, "")
    if not isinstance(value, str):
        raise RuleFault(
            Words(f"{key} 应为文本，形似数字时请加引号", f"{key} must be text, in quotes where it looks like a number"),
            *where,
            key,
        )
    return value


def _number(
    written: Mapping[object, object],
    key: str,
    where: Where,
    *,
    default: float = 0,
    least: float = 0,
    most: float = 10**6,
) -> float:
    value = written.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise RuleFault(
            Words(f"{key} 应为 {least:g} 至 {most:g} 的数字", f"{key} must be a number from {least:g} to {most:g}"),
            *where,
            key,
        )
    return value


def _minutes(text: str, where: Where) -> int:
    if not text:
        return -1
    found = _AT.fullmatch(text)
    if found is None:
        raise RuleFault(
            Words("at 应为加引号的时刻：'02:30'", "at must be a time of day in quotes: '02:30'"), *where, "at"
        )
    return int(found[1]) * 60 + int(found[2])


def _names(written: Mapping[object, object], where: Where) -> frozenset[str]:
    also = written.get("also", [])
    if not isinstance(also, list):
        raise RuleFault(Words("also 应为规则的列表", "also must be a list of rules"), *where, "also")
    return frozenset(map(str, also))
