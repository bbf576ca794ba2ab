"""Samples and files -> events, as a source would have delivered them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.registry import FORMATS, PARSERS
from collectors.sniff import sniff
from detection.authoring.ruletests import Sample, Scene
from detection.sigma.faults import RuleFault
from shouwang.model import Event
from shouwang.words import Words

ZONE: Final = ZoneInfo("Asia/Shanghai")
START_US: Final = 1_795_479_330_000_000
"""2026-11-24 08:15:30 in China: when the samples of a test were received, and happened."""
_START_MINUTES: Final = 8 * 60 + 15


def of_sample(sample: Sample, beside: Path, first: int = 0) -> Iterator[Event]:
    """``{n}`` in the text is the number of the repetition, from 1. A file's events keep their own times.

    Raises ``RuleFault`` when there is no such parser or file.
    """
    if sample.file:
        yield from of_file(beside.parent / sample.file, sample.parser or "auto", first)
        return
    start_us = START_US + round(sample.after_s * 1_000_000)
    if sample.minutes >= 0:
        start_us += (sample.minutes - _START_MINUTES) * 60_000_000
    text = sample.raw if sample.event is None else orjson.dumps(sample.event).decode()
    parser = _parser(sample, text.encode())
    for number in range(sample.repeat):
        at_us = start_us + int(number * sample.every_s * 1_000_000)
        origin = Origin("test:", at_us, at_us, ZONE, live=False)
        event = PARSERS[parser](text.replace("{n}", str(number + 1)).encode(), origin)
        event.id, event.time_us = (first + number).to_bytes(16, "big"), at_us
        yield event


def _parser(sample: Sample, raw: bytes) -> str:
    name = sample.parser or sniff(raw, "")
    if name not in PARSERS:
        raise RuleFault(
            Words(
                f"没有解析器 {name!r}；可用：{'、'.join(FORMATS)}",
                f"there is no parser {name!r}; known: {', '.join(FORMATS)}",
            ),
            *sample.where,
            "parser",
        )
    return name


def of_file(path: Path, format: str = "auto", first: int = 0) -> Iterator[Event]:
    if format != "auto" and format not in FORMATS:
        raise RuleFault(
            Words(
                f"没有解析器 {format!r}；可用：{'、'.join(FORMATS)}",
                f"there is no parser {format!r}; known: {', '.join(FORMATS)}",
            )
        )
    origin = Origin(f"file:{path}", START_US, START_US, ZONE, live=False)
    try:
        for number, piece in enumerate(records(path, format)):
            if isinstance(piece, Damage):
                raise RuleFault(Words(f"{path} 已损坏：{piece.reason.zh}", f"{path} is damaged: {piece.reason.en}"))
            event = PARSERS[piece.parser](piece.raw, origin)
            event.id = (first + number).to_bytes(16, "big")
            yield event
    except OSError as wrong:
        raise RuleFault(
            Words(f"无法读取 {path}：{wrong.strerror}", f"{path} cannot be read: {wrong.strerror}")
        ) from None


def of_scene(scene: Scene, beside: Path) -> list[Event]:
    """In order of time."""
    found: list[Event] = []
    for sample in scene.samples:
        found += of_sample(sample, beside, len(found))
    return sorted(found, key=lambda event: event.time_us)
