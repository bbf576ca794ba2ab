"""One record as received -> an Event that intake takes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from collectors.origin import Origin, Parser, settle
from collectors.parsers.dead import dead_event
from collectors.parsers.flags import flagged
from collectors.sources.lines import Line
from shouwang.model import Event, Value

_log = logging.getLogger(__name__)
PARSER_BROKE: Final = "parser_error"


def read_record(parser: Parser, raw: bytes, origin: Origin, name: str) -> Event:
    """A parser's bug costs one record its reading, never the stream: it becomes a dead letter."""
    try:
        event = parser(raw, origin)
    except Exception as bug:  # noqa: BLE001  # hostile bytes reach the parser; whatever breaks in it concerns one record
        _log.exception("The parser %s broke on a record of %s.", name, origin.source)
        return dead_event(raw, origin, PARSER_BROKE, f"{type(bug).__name__}: {bug}", name)
    if origin.live:
        settle(event)
    return event


def marked(origin: Origin, line: Line) -> Origin:
    """The origin of a record about which the reader has something to say."""
    if not line.flags:
        return origin
    context: Mapping[str, Value] = flagged(origin.context, line.flags)
    if line.length:
        context = {**context, "log.length_bytes": line.length}
    return replace(origin, context=context)
