"""The values of one route's places out of an event, in as few steps as Python has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import lru_cache
from itertools import repeat
from typing import Final

from shouwang.model import ABSENT, Event, Found, Path, value_at
from shouwang.timespan import rfc3339

CONTEXT: Final = "\0context"
"""Begins the place of what intake knows of an event."""
TIME: Final[Path] = ("\0time", "")
"""The place of the event's own time."""


MINUTE: Final[Path] = ("\0minute", "")
"""The same without the seconds, which no part of a time is read from."""


@lru_cache(maxsize=4096)
def _minute(number: int) -> str:
    return rfc3339(number * 60_000_000, UTC)


class Places:
    """Places in order of their folders, read together."""

    def __init__(self, places: Sequence[Path]) -> None:
        self._folders: list[tuple[Path, list[str]]] = []
        for place in places:
            if not self._folders or self._folders[-1][0] != place[:-1]:
                self._folders.append((place[:-1], []))
            self._folders[-1][1].append(place[-1])

    def read(self, event: Event) -> list[Found]:
        """In the order given."""
        values: list[Found] = []
        for folder, keys in self._folders:
            held = value_at(event.doc, folder) if folder else event.doc
            if folder[:1] == (CONTEXT,):
                held = event.context
            elif folder == TIME[:1]:
                values.append(rfc3339(event.time_us, UTC))
                continue
            elif folder == MINUTE[:1]:
                values.append(_minute(event.time_us // 60_000_000))
                continue
            if isinstance(held, Mapping):
                values += map(held.get, keys, repeat(ABSENT))
            else:
                values += repeat(ABSENT, len(keys))
        return values
