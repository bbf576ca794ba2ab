"""The bell: what rings, how often it rings again, and for how long it is muted. Pure.

What rings: a critical alert, and an incident of grade I or II. To the first look of a console nothing is new, so it
does not ring at once; what nobody has claimed rings a little later all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui import wire

FIRST_AGAIN_S, AGAIN_S = 30.0, 60.0
"""From the first ring to the second, and from each later one to the next. One ring stands for all that wait."""

MUTES_MIN = (5, 15, 30)
"""What may be chosen, in minutes. There is no mute without an end."""

GRAVE = ("I", "II")


@dataclass(frozen=True, slots=True)
class Caller:
    """One alert or incident that rings."""

    id: str
    incident: str
    """The incident's own id where it is one."""
    title: str
    claimed: bool
    """Somebody owns the incident: it rings once, when it is new, and not again."""


@dataclass(frozen=True, slots=True)
class Ring:
    newest: Caller
    waiting: int
    """How many there are that nobody has claimed or seen."""
    again: bool


def callers(alerts: Sequence[wire.AlertRow], incidents: Sequence[wire.IncidentRow]) -> Iterator[Caller]:
    """Alerts first, newest first."""
    claimed = {incident.id for incident in incidents if incident.state != "open"}
    for alert in alerts:
        if alert.severity == "critical":
            yield Caller(alert.id, alert.incident, alert.title, alert.incident in claimed)
    for incident in incidents:
        if incident.grade in GRAVE:
            yield Caller(incident.id, incident.id, incident.title, incident.id in claimed)


class Alarm:
    """One console's bell. ``monotonic`` gives seconds that never go back."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._known: set[str] | None = None
        self._seen: set[str] = set()
        self._fresh: list[Caller] = []
        self._waiting: list[Caller] = []
        self._again_at = 0.0
        self._muted_until = 0.0

    def take(self, found: Iterable[Caller]) -> None:
        """What there is now; the rest has been closed or claimed."""
        calling = list(found)
        if self._known is None:
            self._known = {caller.id for caller in calling}
            self._again_at = self._monotonic() + FIRST_AGAIN_S
        unheard = {caller.id for caller in self._fresh}
        self._fresh = [caller for caller in calling if caller.id not in self._known or caller.id in unheard]
        self._known.update(caller.id for caller in calling)
        self._waiting = [caller for caller in calling if not caller.claimed and caller.id not in self._seen]

    def ring(self) -> Ring | None:
        """The ring that is due now, at most one however many wait."""
        now = self._monotonic()
        if self.muted_s:
            return None
        if self._fresh:
            newest, self._fresh, self._again_at = self._fresh[0], [], now + FIRST_AGAIN_S
            return Ring(newest, self.waiting, again=False)
        if self._waiting and now >= self._again_at:
            self._again_at = now + AGAIN_S
            return Ring(self._waiting[0], self.waiting, again=True)
        return None

    @property
    def waiting(self) -> int:
        """How many go on ringing."""
        return len(self._waiting)

    def see(self, ids: Collection[str]) -> None:
        """A person has these before him: alerts, or incidents with all that they hold now.

        An incident that becomes grave under his hands is no news to him; a new alert rings once all the same.
        """
        self._fresh = [caller for caller in self._fresh if caller.id != caller.incident or caller.id not in ids]
        self._seen.update(caller.id for caller in self._waiting if caller.id in ids or caller.incident in ids)
        self._waiting = [caller for caller in self._waiting if caller.id not in self._seen]

    def mute(self, minutes: int) -> None:
        """From now on; 0 ends it."""
        self._muted_until = self._monotonic() + 60.0 * minutes

    @property
    def muted_s(self) -> float:
        """Seconds of silence left."""
        return max(0.0, self._muted_until - self._monotonic())
