"""What correlations remember: a line of counters each, and a row for each remembered event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apsw

from shouwang.statestore.rows import number, one


class Kept(NamedTuple):
    counters: bytes
    behind: str
    """Where in the matches it stands; empty when it goes along with all the others."""


class Correlations:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def get(self, name: str) -> Kept | None:
        for counters, behind in self._db.execute("SELECT counters, behind FROM correlations WHERE name = ?", (name,)):
            return Kept(bytes(counters), str(behind))
        return None

    def names(self) -> list[str]:
        return [str(name) for (name,) in self._db.execute("SELECT name FROM correlations ORDER BY name")]

    def rows(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Number and row, in order of arrival."""
        sql = (
            "SELECT remembered.number, row FROM remembered JOIN correlations ON id = correlation"
            " WHERE name = ? ORDER BY remembered.number"
        )
        for place, row in self._db.execute(sql, (name,)):
            yield number(place), bytes(row)

    def size(self, name: str) -> int:
        sql = "SELECT count(*) FROM remembered WHERE correlation = (SELECT id FROM correlations WHERE name = ?)"
        return number(one(self._db, sql, (name,)))

    def put(self, name: str, *, counters: bytes | None = None, behind: str | None = None) -> None:
        """What is ``None`` stays as it is."""
        sql = (
            "INSERT INTO correlations (name, counters, behind) VALUES (?1, ifnull(?2, x''), ifnull(?3, ''))"
            " ON CONFLICT (name) DO UPDATE SET counters = ifnull(?2, counters), behind = ifnull(?3, behind)"
        )
        self._db.execute(sql, (name, counters, behind))

    def write(self, name: str, rows: Iterable[tuple[int, bytes]], gone: Iterable[int]) -> None:
        """Add or replace rows; delete those that are gone. The correlation was ``put`` before."""
        ((id,),) = self._db.execute("SELECT id FROM correlations WHERE name = ?", (name,))
        sql = "INSERT OR REPLACE INTO remembered (correlation, number, row) VALUES (?, ?, ?)"
        self._db.executemany(sql, ((id, place, row) for place, row in rows))
        sql = "DELETE FROM remembered WHERE correlation = ? AND number = ?"
        self._db.executemany(sql, ((id, place) for place in gone))

    def forget(self, name: str) -> None:
        """All its rows."""
        sql = "DELETE FROM remembered WHERE correlation = (SELECT id FROM correlations WHERE name = ?)"
        self._db.execute(sql, (name,))

    def drop(self, name: str) -> None:
        self.forget(name)
        self._db.execute("DELETE FROM correlations WHERE name = ?", (name,))
