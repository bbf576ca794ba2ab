"""The ledger of what was not evaluated: by which rule or correlation, in which stretch of receipt time, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import apsw

from shouwang.statestore.rows import number

JOINS_US: Final = 3_600_000_000
"""A gap of the same kind within this time of the last one makes that one longer."""
LONGEST_US: Final = 6 * 3_600_000_000
"""Beyond, another one begins, so that what lies behind can be made up for."""
SOON_US: Final = 60_000_000
"""Before it is first tried to make up for one: more of the kind may come."""


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
    """The rule or correlation itself failed on an event."""


CAUGHT_UP: Final = frozenset({GapReason.AWAY, GapReason.ADDED, GapReason.CHANGED, GapReason.RESUMED})
"""Those that end when what was missed has been read."""


class Hindrance(StrEnum):
    """Why a gap is still open after it was tried to make up for it."""

    NONE = ""
    WAITS = "waits"
    """Evaluated as far as can be; what may still be counted live is looked at once more when that is over."""
    ROOM = "room"
    """More to remember, or more matches, than evaluating it again may take."""
    FAULT = "fault"
    """The rule or correlation failed again."""
    GONE = "gone"
    """Its matches or events are not all stored any more."""
    FAR = "far"
    """Too long ago."""
    WINDOWS = "windows"
    """It is not known where the windows began."""


LASTING: Final = frozenset({Hindrance.GONE, Hindrance.FAR, Hindrance.WINDOWS})
"""It is not tried again."""


@dataclass(frozen=True, slots=True)
class Gap:
    number: int
    name: str
    """A rule's or correlation's id; empty: all correlations."""
    reason: GapReason
    from_us: int
    to_us: int
    """Receipt time, UTC microseconds."""
    filled_us: int
    """When it was filled; 0: not, or not yet."""
    count: int
    """Of events or matches that it is about; 0 where it is about none in particular."""
    first_us: int = 0
    last_us: int = 0
    """When these happened; 0 where it is about none in particular."""
    tries: int = 0
    next_us: int = 0
    """Not to be tried before."""
    why: Hindrance = Hindrance.NONE

    @property
    def fills(self) -> bool:
        """It will be filled without anybody's doing, as far as can be told."""
        return self.why not in LASTING and self.why is not Hindrance.FAULT


_COLUMNS: Final = "number, name, reason, from_us, to_us, filled_us, count, first_us, last_us, tries, next_us, why"


class Gaps:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def add(self, name: str, reason: GapReason, from_us: int, to_us: int) -> None:
        """One that ends when what was missed has been read."""
        sql = "INSERT INTO gaps (name, reason, from_us, to_us, filled_us, count) VALUES (?,?,?,?,0,0)"
        self._db.execute(sql, (name, reason.value, from_us, to_us))

    def extend(
        self,
        name: str,
        reason: GapReason,
        received: tuple[int, int],
        happened: tuple[int, int],
        count: int,
        *,
        why: Hindrance = Hindrance.NONE,
    ) -> None:
        """Of the other kinds: makes the last one longer, or is a new one. ``received``, ``happened``: from and to."""
        (from_us, to_us), (first_us, last_us) = received, happened
        sql = (
            "UPDATE gaps SET to_us = max(to_us, ?), count = count + ?, first_us = min(first_us, ?),"
            " last_us = max(last_us, ?) WHERE number = (SELECT max(number) FROM gaps WHERE name = ? AND reason = ?)"
            " AND filled_us = 0 AND why NOT IN ('gone', 'far', 'windows') AND to_us >= ? AND from_us >= ?"
            " RETURNING number"
        )
        bounds = (from_us - JOINS_US, to_us - LONGEST_US)
        if not list(self._db.execute(sql, (to_us, count, first_us, last_us, name, reason.value, *bounds))):
            sql = (
                "INSERT INTO gaps (name, reason, from_us, to_us, filled_us, count, first_us, last_us, next_us, why)"
                " VALUES (?,?,?,?,0,?,?,?,?,?)"
            )
            said = (name, reason.value, from_us, to_us, count, first_us, last_us, to_us + SOON_US, why.value)
            self._db.execute(sql, said)

    def fill(self, name: str, now_us: int) -> None:
        """All of this name that end when what was missed has been read."""
        marks = ",".join("?" * len(CAUGHT_UP))
        sql = f"UPDATE gaps SET filled_us = ? WHERE name = ? AND filled_us = 0 AND reason IN ({marks})"  # noqa: S608  # marks
        self._db.execute(sql, (now_us, name, *(reason.value for reason in CAUGHT_UP)))

    def close(self, gap: Gap, now_us: int) -> bool:
        """It is made up for, unless it has grown since it was read."""
        sql = "UPDATE gaps SET filled_us = ?, why = '' WHERE number = ? AND to_us = ? AND count = ? RETURNING number"
        return bool(list(self._db.execute(sql, (now_us, gap.number, gap.to_us, gap.count))))

    def put_off(self, gap: Gap, why: Hindrance, next_us: int) -> None:
        sql = "UPDATE gaps SET tries = tries + 1, why = ?, next_us = ? WHERE number = ?"
        self._db.execute(sql, (why.value, next_us, gap.number))

    def due(self, names: Iterable[str], now_us: int) -> list[Gap]:
        """Those of these names that may be made up for now, by evaluating again; oldest first."""
        sql = (
            f"SELECT {_COLUMNS} FROM gaps WHERE filled_us = 0 AND reason IN ('late', 'evicted', 'fault')"  # noqa: S608  # constants
            " AND why NOT IN ('gone', 'far', 'windows') AND next_us <= ?"
            " AND name IN (SELECT value FROM json_each(?)) ORDER BY next_us, number LIMIT 1000"
        )
        return list(self._read(sql, (now_us, json.dumps(sorted(names)))))

    def open(self) -> list[Gap]:
        """All that are not filled, however old; newest first."""
        sql = f"SELECT {_COLUMNS} FROM gaps WHERE filled_us = 0 ORDER BY number DESC LIMIT 10000"  # noqa: S608  # constants
        return list(self._read(sql, ()))

    def away(self) -> list[tuple[int, int]]:
        """When no daemon ran, in order."""
        rows = self._db.execute("SELECT from_us, to_us FROM gaps WHERE reason = 'away' ORDER BY from_us")
        return [(number(from_us), number(to_us)) for from_us, to_us in rows]

    def list(self, since_us: int = 0, limit: int = 1000) -> list[Gap]:
        """Those that reach into the time since; newest first."""
        sql = f"SELECT {_COLUMNS} FROM gaps WHERE to_us >= ? ORDER BY number DESC LIMIT ?"  # noqa: S608  # constants
        return list(self._read(sql, (since_us, limit)))

    def _read(self, sql: str, values: tuple[int | str, ...]) -> Iterator[Gap]:
        for place, name, reason, *numbers, why in self._db.execute(sql, values):
            from_us, to_us, filled_us, count, first_us, last_us, tries, next_us = map(number, numbers)
            yield Gap(
                number(place),
                str(name),
                GapReason(str(reason)),
                from_us,
                to_us,
                filled_us,
                count,
                first_us,
                last_us,
                tries,
                next_us,
                Hindrance(str(why)),
            )
