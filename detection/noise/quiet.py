"""Whether a hit is held back, and by what: inhibitions first, then silences, then maintenance. Pure.

The first that fits is named. What is held still counts in correlations, has alerts of its own with exact counts, and
never mixes with what is not held: the holder is part of what makes an alert one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from detection.hits import Hit
from detection.noise.inhibit import Inhibitions
from detection.noise.maintenance import NEVER_HELD, Window
from detection.noise.matchers import Subject
from detection.noise.silence import Silence
from shouwang.model import Holder, Suppression


@dataclass(frozen=True, slots=True)
class Verdict:
    suppression: Suppression | None = None
    mark: str = ""
    """Of the holder, for the alert's key."""
    maintenance: str = ""
    """The window that it falls in without being held."""


HEARD: Final = Verdict()


@dataclass(frozen=True, slots=True)
class Quiet:
    """What may hold hits back in one step."""

    silences: Sequence[Silence]
    windows: Sequence[Window]
    inhibitions: Inhibitions
    zone: tzinfo

    def verdict(self, hit: Hit, subjects: Sequence[Subject], is_over: Callable[[str], bool]) -> Verdict:
        """``subjects``: each event of the hit. ``is_over``: whether the alert of that id is closed."""
        received_us = received(hit)
        if not subjects:
            return HEARD
        if inhibited := self.inhibitions.holder(subjects, received_us, is_over):
            name, alert = inhibited
            return _held(Suppression(Holder.INHIBIT, alert, name))
        for silence in self.silences:
            if silence.holds_at(received_us) and silence.matchers.fit(subjects):
                return _held(Suppression(Holder.SILENCE, silence.id, silence.reason))
        return self._maintained(hit, subjects, received_us)

    def _maintained(self, hit: Hit, subjects: Sequence[Subject], received_us: int) -> Verdict:
        for window in self.windows:
            times = window.under_way(received_us, self.zone)
            if times is None or not window.matchers.fit(subjects):
                continue
            if hit.severity >= NEVER_HELD:
                return Verdict(maintenance=window.id)
            return _held(Suppression(Holder.MAINTENANCE, window.id, window.reason), f"@{times[0]}")
        return HEARD


def _held(suppression: Suppression, when: str = "") -> Verdict:
    return Verdict(suppression, f"held={suppression.kind}:{suppression.id}{when}")


def received(hit: Hit) -> int:
    """When the newest of its events came: the moment that decides what holds it."""
    return max((member.received_us for member in hit.members), default=0)
