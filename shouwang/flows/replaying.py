"""A scenario's lines -> what a source would have delivered. A drill's way into the parsers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from collectors.origin import Origin, settle
from collectors.registry import FORMATS, PARSERS
from collectors.sources.base import Chunk
from shouwang.model import Event
from shouwang.scenario import Arrival

__all__ = ["FORMATS", "chunk"]


def chunk(arrivals: Iterable[Arrival], *, now_us: int, zone: tzinfo) -> Chunk:
    """As if they had all been received now; no cursor stands behind them."""
    return Chunk([_event(arrival, now_us, zone) for arrival in arrivals], {})


def _event(arrival: Arrival, now_us: int, zone: tzinfo) -> Event:
    origin = Origin(source=f"drill:{arrival.source}", received_us=now_us, reference_us=now_us, zone=zone, live=True)
    event = PARSERS[arrival.format](arrival.raw, origin)
    settle(event)
    return event
