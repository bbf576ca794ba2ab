"""One record that speaks for several: ``message repeated 5 times: [ ... ]``. Pure.

The record stays one event in store and ledger; where events are counted, it counts for as many as it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from shouwang.model import Match

FIELD: Final = "event.repeated"
"""Of the event: how many records it stands for. Carried in its matches, but nothing that an alert is about."""
MOST: Final = 1000
"""A record counts for so many at most: one line must not cost what a million do."""
ID_BYTES: Final = 16


def unfolded(match: Match) -> Iterator[Match]:
    """The match as often as its event happened. The first has the event's own id, the others that and their number
    behind it: all are of one event and each counts."""
    times = match.fields.get(FIELD)
    if times is None:
        yield match
        return
    match = replace(match, fields={name: value for name, value in match.fields.items() if name != FIELD})
    yield match
    if isinstance(times, int):
        for number in range(1, min(times, MOST)):
            yield replace(match, event_id=match.event_id + number.to_bytes(2, "big"))


def event_id(counted: bytes) -> bytes:
    """The stored event's id, of the id by which it was counted."""
    return counted[:ID_BYTES]
