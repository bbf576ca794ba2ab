"""What no parser could read: kept whole, with the reason."""

from __future__ import annotations

from collectors.origin import Origin
from collectors.shapes.text import dead_shape
from shouwang.model import Event


def dead_event(raw: bytes, origin: Origin, code: str, message: str, parser: str) -> Event:
    """``code`` counts (``json_invalid``), ``message`` explains, ``parser`` is the one to try again with."""
    return Event(
        time_us=origin.received_us,
        received_us=origin.received_us,
        source=origin.source,
        shape=dead_shape(parser),
        doc={"error.code": code, "error.message": message},
        raw=raw,
        context=origin.context,
    )


def parse(raw: bytes, origin: Origin) -> Event:
    """A record that its reader gave up on; the reader's reason stands in the origin's context."""
    code = origin.context.get("error.code")
    message = origin.context.get("error.message")
    return dead_event(
        raw,
        origin,
        code if isinstance(code, str) else "unreadable",
        message if isinstance(message, str) else "no parser reads this record",
        "dead",
    )
