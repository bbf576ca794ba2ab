"""Which hits are one alert: a rule, a group, one stretch of activity. Pure. See docs/adr/0003.

What is remembered of open stretches lies in 64 small parts, so that a step writes only those it touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from detection.hits import Hit, Loss, Member

QUIET_US = 3_600_000_000
"""A stretch takes in what happens this long before its first or after its last event (or the timespan, if longer)."""
LONGEST_US = 24 * 3_600_000_000
"""A stretch that would grow beyond this (or two timespans, if longer) ends; the next event opens a new one."""
PARTS = 64
GROUPS_IN_PART = 512
"""Beyond, the group touched longest ago is let go: its next hit opens a new alert."""
STRETCHES_OF_GROUP = 4
"""Old and new times of one group can interleave, as when logs are imported beside live ones."""
SEEN = 4096
"""Deliveries remembered, so that a tail that repeats itself changes nothing."""


@dataclass(slots=True)
class Stretch:
    key: str
    """``Alert.key``."""
    first_us: int
    last_us: int

    def takes(self, time_us: int, timespan_us: int) -> bool:
        quiet_us, longest_us = max(QUIET_US, timespan_us), max(LONGEST_US, 2 * timespan_us)
        near = self.first_us - quiet_us <= time_us <= self.last_us + quiet_us
        return near and max(self.last_us, time_us) - min(self.first_us, time_us) <= longest_us

    def widen(self, time_us: int) -> None:
        self.first_us, self.last_us = min(self.first_us, time_us), max(self.last_us, time_us)


def digest(*parts: str, size: int) -> str:
    """Of texts, whatever characters they hold; no two sequences of texts are joined the same way."""
    joined = b"".join(b"%d:%b" % (len(raw), raw) for raw in (p.encode("utf-8", "surrogatepass") for p in parts))
    return hashlib.blake2b(joined, digest_size=size).hexdigest()


class Stretches:
    """The stretches of all rules and groups, read part by part as they are asked for."""

    def __init__(self, read: Callable[[str], bytes | None], *, groups_in_part: int = GROUPS_IN_PART) -> None:
        """``read`` gives the part kept under a name by an earlier ``changed``."""
        self._read = read
        self._parts: dict[str, dict[str, list[Stretch]]] = {}
        self._groups_in_part = groups_in_part

    def place(self, hit: Hit, member: Member, is_closed: Callable[[str], bool]) -> str:
        """The key of the alert that this event of the hit belongs to.

        ``is_closed``: whether an analyst has closed the alert of that key. Such a stretch still takes what happened
        within it, and nothing after it.
        """
        name = digest(hit.rule_id, *hit.group, size=8)
        part = self._part(f"{int(name[:2], 16) % PARTS:02x}")
        stretches = part.pop(name, [])
        part[name] = stretches
        for stretch in reversed(stretches):
            if not stretch.takes(member.time_us, hit.timespan_us):
                continue
            if is_closed(stretch.key) and not stretch.first_us <= member.time_us <= stretch.last_us:
                continue
            stretch.widen(member.time_us)
            stretches.remove(stretch)
            stretches.append(stretch)
            return stretch.key
        key = digest(hit.rule_id, *hit.group, str(member.time_us), size=16)
        stretches.append(Stretch(key, member.time_us, member.time_us))
        del stretches[:-STRETCHES_OF_GROUP]
        while len(part) > self._groups_in_part:
            del part[next(iter(part))]
        return key

    def widen(self, alert_key: str, rule_id: str, group: tuple[str, ...], first_us: int, last_us: int) -> None:
        """The alert of this key, of this group (with its holder's mark), turned out to reach so far."""
        name = digest(rule_id, *group, size=8)
        for stretch in self._part(f"{int(name[:2], 16) % PARTS:02x}").get(name, ()):
            if stretch.key == alert_key:
                stretch.widen(first_us)
                stretch.widen(last_us)

    def near(self, loss: Loss) -> list[str]:
        """The keys of the alerts that what was let go could have counted in."""
        name = digest(loss.rule_id, *loss.group, size=8)
        quiet_us = max(QUIET_US, loss.timespan_us)
        return [
            stretch.key
            for stretch in self._part(f"{int(name[:2], 16) % PARTS:02x}").get(name, ())
            if stretch.first_us - quiet_us <= loss.last_us and loss.first_us <= stretch.last_us + quiet_us
        ]

    def _part(self, name: str) -> dict[str, list[Stretch]]:
        if name not in self._parts:
            held = self._read(name)
            said: list[tuple[str, list[tuple[str, int, int]]]] = orjson.loads(held) if held else []
            self._parts[name] = {group: [Stretch(*one) for one in stretches] for group, stretches in said}
        return self._parts[name]

    def changed(self) -> dict[str, bytes]:
        """Every part that was asked for."""
        return {
            name: orjson.dumps(
                [(group, [(s.key, s.first_us, s.last_us) for s in stretches]) for group, stretches in part.items()]
            )
            for name, part in self._parts.items()
        }


class Seen:
    """The newest deliveries (rule and event), to tell a repeat."""

    def __init__(self, held: bytes | None) -> None:
        marks = held or b""
        self._marks = dict.fromkeys(marks[at : at + 8] for at in range(0, len(marks), 8))

    def is_repeat(self, rule_id: str, event_id: bytes) -> bool:
        """Whether this was asked before; from now on it was."""
        mark = bytes.fromhex(digest(rule_id, event_id.hex(), size=8))
        if mark in self._marks:
            return True
        self._marks[mark] = None
        if len(self._marks) > SEEN:
            del self._marks[next(iter(self._marks))]
        return False

    def kept(self) -> bytes:
        return b"".join(self._marks)
