"""The JSON of an event, as search, API and scan give it. Pure."""

from __future__ import annotations

import base64
from datetime import tzinfo
from math import isfinite

from shouwang.comparison import record_text
from shouwang.model import Event, Value
from shouwang.timespan import rfc3339
from shouwang.visible import well_formed

_LARGEST = 2**63 - 1


def event_json(event: Event, zone: tzinfo) -> dict[str, Value]:
    r"""ECS names, dotted and flat, beside the envelope; the envelope's names win over the record's.

    Fit for any JSON writer: lone surrogates are shown as ``\udc80``, numbers that JSON or 64 bits cannot hold as text.
    ``event.original`` is read by the declared encoding (``log.encoding``), else as UTF-8, and shows other bytes as
    ``\xNN``; where the bytes are not UTF-8 ``event.original_base64`` has them whole.
    """
    found: dict[str, Value] = {
        "@timestamp": rfc3339(event.time_us, zone),
        "event.ingested": rfc3339(event.received_us, zone),
        "event.id": event.id.hex(),
        "event.dataset": event.shape.dataset,
        "shouwang.source": well_formed(event.source),
    }
    if event.asset_id:
        found["shouwang.asset"] = event.asset_id
    said = event.fields()
    for name in sorted(said):
        found.setdefault(well_formed(name), clean(said[name]))
    declared = event.context.get("log.encoding")
    found["event.original"] = record_text(event.raw, declared if isinstance(declared, str) else "utf-8")
    try:
        event.raw.decode("utf-8")
        found.pop("event.original_base64", None)
    except UnicodeDecodeError:
        found["event.original_base64"] = base64.b64encode(event.raw).decode("ascii")
    return found


def clean(value: Value) -> Value:
    """Fit for any JSON writer."""
    match value:
        case str():
            return well_formed(value)
        case bool() | None:
            return value
        case int():
            return value if -_LARGEST <= value <= _LARGEST else str(value)
        case float():
            return value if isfinite(value) else str(value)
        case list():
            return [clean(element) for element in value]
        case dict():
            return {well_formed(key): clean(inner) for key, inner in value.items()}
