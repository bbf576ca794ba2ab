"""Short names for what every parser test does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.files import Record, records
from collectors.origin import Origin
from collectors.parsers.times import read_iso
from collectors.registry import PARSERS
from shouwang.model import Event, Logsource, Value
from tests.cases.seen import tags, view

__all__ = ["NOW_US", "SHANGHAI", "events_of", "origin", "read", "serves", "tags", "us", "view"]

SHANGHAI = ZoneInfo("Asia/Shanghai")


def us(text: str) -> int:
    """RFC 3339 text as UTC microseconds."""
    moment = read_iso(text, UTC)
    assert moment is not None
    return moment.time_us


NOW_US = us("2026-11-25T10:00:00+08:00")


def origin(
    *,
    now: int = NOW_US,
    zone: tzinfo = SHANGHAI,
    source: str = "file:/var/log/some.log",
    encoding: str = "utf-8",
    context: Mapping[str, Value] | None = None,
) -> Origin:
    return Origin(source, now, now, zone, live=False, encoding=encoding, context=context or {})


def read(parser: str, line: str | bytes, where: Origin | None = None) -> Event:
    raw = line.encode() if isinstance(line, str) else line
    event = PARSERS[parser](raw, where or origin())
    assert event.raw == raw
    return event


def events_of(path: Path, where: Origin | None = None) -> list[Event]:
    """A whole file through the reader and its parser."""
    pieces = list(records(path))
    assert all(isinstance(piece, Record) for piece in pieces), pieces
    return [PARSERS[piece.parser](piece.raw, where or origin()) for piece in pieces if isinstance(piece, Record)]


def serves(event: Event, product: str | None, category: str | None, service: str | None) -> bool:
    """Whether a rule written for this logsource sees the event."""
    rule = Logsource(product, category, service)
    return any(rule.covers(own) for own in event.shape.logsources)
