"""What a store kept -> the event, by the parser of today: a parser mended later improves old events."""

from __future__ import annotations

from datetime import UTC

from collectors.origin import Origin
from collectors.parsers.dead import dead_event
from collectors.registry import PARSERS
from shouwang.eventstore.base import Stored
from shouwang.model import Event


def rehydrate(stored: Stored) -> Event:
    """Times, id, source and asset are the stored ones; only the document is made again. Never raises for what it is
    given: a parser that this version does not know gives a dead letter."""
    encoding = stored.context.get("log.encoding")
    origin = Origin(
        source=stored.source,
        received_us=stored.received_us,
        reference_us=stored.time_us,
        zone=UTC,
        live=False,
        encoding=encoding if isinstance(encoding, str) else "utf-8",
        context=stored.context,
    )
    parser = PARSERS.get(stored.parser)
    if parser is None:
        event = dead_event(stored.raw, origin, "parser_unknown", f"no parser {stored.parser!r} here", stored.parser)
    else:
        event = parser(stored.raw, origin)
    event.id = stored.id
    event.time_us = stored.time_us
    event.asset_id = stored.asset_id
    event.context = stored.context
    return event
