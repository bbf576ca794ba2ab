"""The live log's memory: the last lines, and whether they are followed, paused or frozen. Pure.

On a quiet host nearly all that arrives is what the system says about itself. Unless it is asked for it is counted only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tui.wire import EventRow

METRICS, NOTICES = "host.metrics", "shouwang.self"
OWN = (METRICS, NOTICES)
"""Datasets of the system's own: how this host does, and what a source says about itself. No log can claim them."""

OWN_QUERY = f"event.dataset:({' OR '.join(OWN)})"

RANGES = ("1h", "24h", "7d", "30d")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave so far, newest first."""

    query: str
    events: tuple[EventRow, ...]
    next: str
    """Where to go on; ``""`` at the end."""
    narrowed: str
    """Why it may hold more than was asked for; ``""`` when it is exact."""


class Tail:
    KEPT = 5_000
    """Lines held; older ones are found by searching."""

    def __init__(self, *, own: bool = False) -> None:
        """``own``: the system's own lines are shown too."""
        self.own = own
        self.hidden = dict.fromkeys(OWN, 0)
        """The system's own lines that are not shown, by dataset, since the first line that is."""
        self.started = False
        self.after = ""
        self.following = True
        self.frozen = False
        self.fresh = 0
        """Lines that arrived since following stopped or the view was frozen."""
        self._events: deque[EventRow] = deque(maxlen=self.KEPT)
        self._ids: set[str] = set()
        self._still: tuple[EventRow, ...] = ()

    def start(self, after: str) -> None:
        self.started, self.after = True, after

    def take(self, events: Iterable[EventRow]) -> None:
        """Add lines in order of arrival; one that is there already (at least once) is not added again."""
        first_fill = not self._events
        for event in events:
            if event.id in self._ids:
                continue
            if not self.own and event.text("event.dataset") in self.hidden:
                self.hidden[event.text("event.dataset")] += 1
                continue
            if len(self._events) == self.KEPT:
                self._ids.discard(self._events[0].id)
            self._events.append(event)
            self._ids.add(event.id)
            if (self.frozen or not self.following) and not first_fill:
                self.fresh += 1

    def hide(self, counted: Mapping[str, int]) -> None:
        """Count those of before, by dataset."""
        for dataset in OWN:
            self.hidden[dataset] += counted.get(dataset, 0)

    def shown(self) -> Sequence[EventRow]:
        """Oldest first."""
        return self._still if self.frozen else tuple(self._events)

    def follow(self, *, on: bool) -> None:
        self.following = on
        if on and not self.frozen:
            self.fresh = 0

    def freeze(self, *, on: bool) -> None:
        self._still = tuple(self._events) if on else ()
        self.frozen = on
        if not on and self.following:
            self.fresh = 0
