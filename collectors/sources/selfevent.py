"""What a source says about itself in the stream it delivers: dataset ``shouwang.self``, stored and searchable."""

from __future__ import annotations

from datetime import UTC
from typing import Final

import orjson

from collectors.origin import Origin
from collectors.parsers.json import parse_self
from shouwang.model import Event, Value
from shouwang.timespan import rfc3339

FILE_GAP: Final = "file_gap"
"""Bytes of a file that could not be read any more."""
FILE_TRUNCATED: Final = "file_truncated"
FILE_DAMAGED: Final = "file_damaged"
"""A packed former file ends in the middle."""
NUL_SKIPPED: Final = "nul_skipped"
CURSOR_DAMAGED: Final = "cursor_damaged"
JOURNAL_GAP: Final = "journal_gap"
DATAGRAMS_LOST: Final = "datagrams_lost"
STREAM_BROKEN: Final = "stream_broken"
"""A sender's framing cannot be followed; its connection was closed."""


def self_event(source: str, now_us: int, action: str, message: str, fields: dict[str, Value] | None = None) -> Event:
    """``fields`` are ECS names; ``shouwang.*`` for what ECS has no name for."""
    doc: dict[str, Value] = {
        "@timestamp": rfc3339(now_us, UTC),
        "event.action": action,
        "event.kind": "state",
        "message": message,
        **(fields or {}),
    }
    origin = Origin(source=source, received_us=now_us, reference_us=now_us, zone=UTC, live=True)
    return parse_self(orjson.dumps(doc), origin)
