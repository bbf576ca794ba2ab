"""The ledger of what was not evaluated: by which correlation, in which stretch of receipt time, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import apsw

from shouwang.statestore.rows import number

JOINS_US = 3_600_000_000
"""A gap of the same kind within this time of the last one makes that one longer."""


class GapReason(StrEnum):
    AWAY = "away"
    """No daemon: what sources kept is read afterwards."""
    ADDED = "added"
    """A correlation is new: the last timespan is read again for it."""
    CHANGED = "changed"
    """Its rule was changed: the last timespan is read again, for what comes to join it."""
    RESUMED = "resumed"
    """It was not loaded for a while."""
    LATE = "late"
    """Matches came after the lateness; they were counted with what was still remembered."""
    EVICTED = "evicted"
    """Too much to remember."""
    FAULT = "fault"
    """The correlation itself failed on a match."""


FILLS = frozenset({GapReason.AWAY, GapReason.ADDED, GapReason.CHANGED, GapReason.RESUMED})
"""Those that are filled by themselves."""


@dataclass(frozen=True, slots=True)
class Gap:
    name: str
    """A correlation's id; empty: all of them."""
    reason: GapReason
    from_us: int
    to_us: int
    """Receipt time, UTC microseconds."""
    filled_us: int
    """When it was filled; 0: not, or not yet."""
    count: int
    """Of matches or remembered events that it is about; 0 where it is about none in particular."""


class Gaps:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def add(self, name: str, reason: GapReason, from_us: int, to_us: int) -> None:
        """One that is going to be filled."""
        sql = "INSERT INTO gaps (name, reason, from_us, to_us, filled_us, count) VALUES (?,?,?,?,0,0)"
        self._db.execute(sql, (name, reason.value, from_us, to_us))

    def extend(self, name: str, reason: GapReason, from_us: int, to_us: int, count: int) -> None:
        """Of a kind that is not filled: makes the last one longer, or is a new one."""
        sql = (
            "UPDATE gaps SET to_us = max(to_us, ?), count = count + ? WHERE number ="
            " (SELECT max(number) FROM gaps WHERE name = ? AND reason = ?) AND to_us >= ? RETURNING number"
        )
        if not list(self._db.execute(sql, (to_us, count, name, reason.value, from_us - JOINS_US))):
            sql = "INSERT INTO gaps (name, reason, from_us, to_us, filled_us, count) VALUES (?,?,?,?,0,?)"
            self._db.execute(sql, (name, reason.value, from_us, to_us, count))

    def fill(self, name: str, now_us: int) -> None:
        """All of this name that can be."""
        marks = ",".join("?" * len(FILLS))
        sql = f"UPDATE gaps SET filled_us = ? WHERE name = ? AND filled_us = 0 AND reason IN ({marks})"  # noqa: S608  # marks
        self._db.execute(sql, (now_us, name, *(reason.value for reason in FILLS)))

    def away(self) -> list[tuple[int, int]]:
        """When no daemon ran, in order."""
        rows = self._db.execute("SELECT from_us, to_us FROM gaps WHERE reason = 'away' ORDER BY from_us")
        return [(number(from_us), number(to_us)) for from_us, to_us in rows]

    def list(self, since_us: int = 0, limit: int = 1000) -> list[Gap]:
        """Those that reach into the time since; newest first."""
        return list(self._found(since_us, limit))

    def _found(self, since_us: int, limit: int) -> Iterator[Gap]:
        sql = (
            "SELECT name, reason, from_us, to_us, filled_us, count FROM gaps WHERE to_us >= ?"
            " ORDER BY number DESC LIMIT ?"
        )
        for name, reason, from_us, to_us, filled_us, count in self._db.execute(sql, (since_us, limit)):
            times = number(from_us), number(to_us), number(filled_us)
            yield Gap(str(name), GapReason(str(reason)), *times, number(count))
