"""The JSON text of one EVTX record, as the evtx library gives it."""

from __future__ import annotations

from collectors.origin import Origin
from collectors.parsers.json import parse_as
from shouwang.model import Event


def parse(raw: bytes, origin: Origin) -> Event:
    """Same shapes as ``json``; the name says which reader made the record."""
    return parse_as("evtx", raw, origin)
