"""From what a parser has read to an Event: decoding of bytes, believing of times, flags."""

from __future__ import annotations

from collections.abc import Sequence

from collectors.origin import Origin
from collectors.parsers.flags import TIME_UNUSABLE, Doc, flagged, overlay
from collectors.parsers.times import Moment, is_plausible, rfc3339
from shouwang.model import Event, Shape


def decode(raw: bytes, origin: Origin) -> str:
    """Never fails: what is no text in the source's encoding becomes ``\\xNN``."""
    try:
        return raw.decode(origin.encoding, "backslashreplace")
    except LookupError:
        return raw.decode("utf-8", "backslashreplace")


def text_event(
    record: tuple[bytes, Origin], shape: Shape, doc: Doc, moment: Moment | None, flags: Sequence[str] = ()
) -> Event:
    """The event of a record. A time that is missing or cannot be is replaced by the receipt time and flagged."""
    raw, origin = record
    received_us = origin.received_us
    context = origin.context
    if moment is not None and is_plausible(moment.time_us, received_us):
        time_us = moment.time_us
    else:
        time_us = received_us
        flags = (*flags, TIME_UNUSABLE)
        if moment is not None and (claimed := rfc3339(moment.time_us)):
            context = {**context, "event.created": claimed}
    if origin.encoding != "utf-8":
        context = {**context, "log.encoding": origin.encoding}
    if flags:
        context = flagged(context, flags)
    if context:
        overlay(shape, doc, context)
    return Event(
        time_us=time_us,
        received_us=received_us,
        source=origin.source,
        shape=shape,
        doc=doc,
        raw=raw,
        context=context,
    )
