"""The bell at work: what it says when it rings, and what was seen meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from tui.present import safe_text
from tui.session import Session

PRESENT_S = 30.0
"""So long after a key or a click somebody is there, and what stands whole on the screen is seen."""


class Say(Protocol):
    def __call__(self, text: str, tone: str = "good") -> None: ...


class Bell:
    def __init__(self, session: Session, ring: Callable[[], None]) -> None:
        self._session = session
        self._ring = ring
        self._muted = False

    def listen(self, seen: Collection[str], say: Say) -> None:
        """Ring when it is time. ``seen``: the ids that a person has before him."""
        alarm, words = self._session.alarm, self._session.words
        alarm.see(seen)
        if self._muted and not alarm.muted_s:
            say(words("muting.ended"), "high")
        self._muted = alarm.muted_s > 0
        if due := alarm.ring():
            self._ring()
            key = "alarm.again" if due.again else "alarm.new"
            say(words(key, n=due.waiting, id=safe_text(due.newest.id), title=safe_text(due.newest.title)), "critical")

    def mute(self, minutes: int, say: Say) -> None:
        """For so long; 0 lets it ring again."""
        self._session.alarm.mute(minutes)
        self._muted = minutes > 0
        say(self._session.words("muting.done" if minutes else "muting.ended", n=minutes))
