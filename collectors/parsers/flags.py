"""What we say about a record beside what it says itself: the words that may stand in ``tags``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from shouwang.model import Shape, Value

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
TIME_NOT_BELIEVED: Final = "time_not_believed"
"""A live record dated far from its receipt: the receipt time stands in, the claim is ``event.created``."""
TRUNCATED: Final = "truncated"
"""Longer than a record may be; ``log.length_bytes`` is its true length."""
TRANSCODED: Final = "transcoded"
"""The file was UTF-16; the record is kept as UTF-8."""
DAMAGED: Final = "damaged"
"""The reader had to find its way past broken bytes before this record."""
UNKNOWN_ACTION: Final = "unknown_action"
"""A device's event whose ``event.action`` is none of those that rules know."""


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
