"""Matches in a file of their own, to be read in the order in which their events happened, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from shouwang.eventstore.embedded.rows import MATCH_COLUMNS, match_of, match_row
from shouwang.model import Match


class MatchSpool:
    """The file is of use once this was left, and only for as long as it is needed: it survives no power cut."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._db = apsw.Connection(str(path))
        self._db.pragma("journal_mode", "off")
        self._db.pragma("synchronous", "off")
        self._db.execute(f"CREATE TABLE match ({MATCH_COLUMNS})")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close(True)

    def add(self, matches: Iterable[Match]) -> None:
        rows = [match_row(match) for match in matches]
        with self._db:
            self._db.executemany("INSERT INTO match VALUES (?,?,?,?,?,?,?,?,?)", rows)
        self.size += len(rows)


def by_time(path: Path) -> Iterator[Match]:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        for row in db.execute(f"SELECT {MATCH_COLUMNS} FROM match ORDER BY time_us, event_id, rowid"):  # noqa: S608  # constants
            yield match_of(row)
    finally:
        db.close(True)
