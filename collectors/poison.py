"""An event on which our own code broke: kept as a dead letter; the stream goes on and the record is not lost."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from collectors.origin import Origin
from collectors.parsers.dead import dead_event
from shouwang.model import Event

ENGINE_FAULT: Final = "engine_fault"
STORE_FAULT: Final = "store_fault"


def poisoned(event: Event, code: str, fault: Exception) -> Event:
    """With the id and the asset of the event. ``STORE_FAULT`` leaves its context out: that may be what broke."""
    reason = f"{type(fault).__name__}: {fault}".encode("utf-8", "backslashreplace").decode()
    context = {} if code == STORE_FAULT else event.context
    origin = Origin(
        source=event.source,
        received_us=event.received_us,
        reference_us=event.received_us,
        zone=UTC,
        live=True,
        context={**context, "error.code": code, "error.message": reason},
    )
    dead = dead_event(event.raw, origin, code, reason, "dead")
    dead.id, dead.asset_id = event.id, event.asset_id
    return dead
