"""From what a parser has read to an Event: decoding of bytes, believing of times, flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from collectors.origin import Origin
from collectors.parsers.times import Moment, is_plausible, rfc3339
from shouwang.model import Event, Shape, Value

Doc: TypeAlias = dict[str, Value]

MALFORMED: Final = "malformed"
"""The record breaks its format's rules; what could be read was read."""
AMBIGUOUS: Final = "ambiguous"
"""Two readings are possible because somebody else's text looks like the format: the contested field is left out."""
TIME_ASSUMED_ZONE: Final = "time_assumed_zone"
"""The time named no zone; the source's was taken."""
TIME_UNUSABLE: Final = "time_unusable"
"""No time, or one that cannot be: the receipt time stands in."""
BAD_ADDRESS: Final = "bad_address"
"""An address field held something else; it is kept as text."""
BAD_TEXT: Final = "bad_text"
"""Bytes or escapes that are no characters are shown escaped."""
OMITTED: Final = "omitted_for_size"
"""The source left a field out because it was too large."""


def decode(raw: bytes, origin: Origin) -> str:
    """Never fails: what is no text in the source's encoding becomes ``\\xNN``."""
    try:
        return raw.decode(origin.encoding, "backslashreplace")
    except LookupError:
        return raw.decode("utf-8", "backslashreplace")


def flagged(context: Mapping[str, Value], flags: Sequence[str]) -> dict[str, Value]:
    """The context with the flags among its ``tags``, each once."""
    held = context.get("tags")
    tags: list[Value] = list(held) if isinstance(held, list) else []
    tags += [flag for flag in flags if flag not in tags]
    return {**context, "tags": tags}


def overlay(shape: Shape, doc: Doc, context: Mapping[str, Value]) -> None:
    """What we say of a record outranks a field of the same name in a flat document; its own tags stay beside ours."""
    if not any(prefix == "" for prefix, _ in shape.prefixes):
        return
    ours, own = context.get("tags"), doc.get("tags")
    if isinstance(ours, list) and own is not None:
        held: list[Value] = list(own) if isinstance(own, list) else [own]
        doc["tags"] = held + [tag for tag in ours if tag not in held]
    if "event.created" in context and "event.created" in doc:
        doc["event.created"] = context["event.created"]


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
