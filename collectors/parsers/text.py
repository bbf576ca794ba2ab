"""Any line: the whole of it is the message."""

from __future__ import annotations

from typing import Final

from collectors.origin import Origin
from collectors.parsers.record import decode
from collectors.shapes.text import text_shape
from shouwang.model import Event

SHAPE: Final = text_shape("generic.text", "text")


def parse(raw: bytes, origin: Origin) -> Event:
    """The time is that of receipt: a line of unknown form claims none."""
    return Event(
        time_us=origin.received_us,
        received_us=origin.received_us,
        source=origin.source,
        shape=SHAPE,
        doc={"message": decode(raw, origin)},
        raw=raw,
        context=origin.context if origin.encoding == "utf-8" else {**origin.context, "log.encoding": origin.encoding},
    )
