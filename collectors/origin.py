"""Where a record came from: what a parser may know beside the bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from collectors.parsers.flags import TIME_NOT_BELIEVED, flagged, overlay
from collectors.parsers.times import rfc3339
from shouwang.model import Event, Value

LATE_US: Final = 24 * 3600 * 1_000_000
EARLY_US: Final = 5 * 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class Origin:
    source: str
    """Source id, for example ``file:/var/log/auth.log``."""
    received_us: int
    reference_us: int
    """For times without a year: receipt time when live, the file's mtime on import."""
    zone: tzinfo
    """Of the source, for times without a zone."""
    live: bool
    """Live events far from their receipt time take the receipt time; imported ones keep theirs."""
    encoding: str = "utf-8"
    """Of text records: utf-8 or gb18030."""
    context: Mapping[str, Value] = field(default_factory=dict)
    """ECS fields for every event of this origin: ``log.file.path``, ``log.source.address``, ``host.name`` ..."""


Parser = Callable[[bytes, Origin], Event]
"""One record -> one event. Never raises on any bytes: what cannot be read is an event of dataset ``shouwang.dead``
(``collectors.parsers.dead``). Does not give the id. Pure."""


def settle(event: Event) -> None:
    """For live events: one dated over 24 h before or 5 min after its receipt takes the receipt time.

    The claim goes to ``event.created`` and the event is tagged ``time_not_believed``.
    """
    if -EARLY_US <= event.received_us - event.time_us <= LATE_US:
        return
    context = {**event.context, "event.created": rfc3339(event.time_us)}
    event.context = flagged(context, (TIME_NOT_BELIEVED,))
    event.time_us = event.received_us
    if isinstance(event.doc, dict):
        overlay(event.shape, event.doc, event.context)
