"""A hunt's match as a line of JSON, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, cast

import orjson

from shouwang.eventjson import clean, event_json
from shouwang.model import Event, Match, Severity, Value
from shouwang.timespan import rfc3339

Json = dict[str, Value]
ENVELOPE: Final = ("event.id", "event.ingested", "event.original", "event.original_base64", "shouwang.source")
"""Of an event's JSON, what a match does not repeat."""


def match_line(match: Match, event: Event, zone: tzinfo) -> bytes:
    """As ``scan --json`` writes it; ``match`` holds the fields that alerts and correlations go by."""
    fields = event_json(event, zone)
    for name in ENVELOPE:
        fields.pop(name, None)
    return line(
        {
            "rule_id": match.rule_id,
            "title": match.title,
            "level": match.severity.name.lower(),
            "time": rfc3339(match.time_us, zone),
            "source": match.source,
            "event_id": match.event_id.hex(),
            "fields": fields,
            "match": dict(match.fields),
            "tags": list(match.tags),
            "time_us": match.time_us,
            "received_us": match.received_us,
        }
    )


def line(said: Mapping[str, Value]) -> bytes:
    return orjson.dumps(clean(dict(said)), option=orjson.OPT_APPEND_NEWLINE)


def match_of(said: Json) -> Match:
    """Of what ``match_line`` wrote."""
    return Match(
        rule_id=str(said["rule_id"]),
        title=str(said["title"]),
        severity=Severity[str(said["level"]).upper()],
        event_id=bytes.fromhex(str(said["event_id"])),
        time_us=cast(int, said["time_us"]),
        received_us=cast(int, said["received_us"]),
        source=str(said["source"]),
        fields=cast(Json, said["match"]),
        tags=tuple(cast("list[str]", said["tags"])),
    )
