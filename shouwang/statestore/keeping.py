"""Which days a person has ordered to be kept, and which days have gone: the same whatever keeps the events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import apsw

from shouwang.model import Value
from shouwang.retention import LegalHold
from shouwang.statestore.rows import number, text


@dataclass(frozen=True, slots=True)
class Deletion:
    """One receipt day that has gone, or is going."""

    number: int
    day: date
    begun_us: int
    done_us: int
    """0: not known to have ended; it is looked at again."""
    dropped: bool
    """Whether it has gone; one that came under a hold meanwhile has not."""
    body: Mapping[str, Value]
    """``why``, ``sources`` (the day's ledger as it was, with digests), ``parts`` (what it was kept in, SHA-256)."""


class LegalHolds:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def put(self, hold: LegalHold) -> bool:
        """Whether the name was free; else nothing is changed."""
        self._db.execute(
            "INSERT OR IGNORE INTO legal_holds (name, first, last, reason, by, made_us) VALUES (?,?,?,?,?,?)",
            (hold.name, hold.first.isoformat(), hold.last.isoformat(), hold.reason, hold.by, hold.made_us),
        )
        return self._db.changes() == 1

    def remove(self, name: str) -> None:
        self._db.execute("DELETE FROM legal_holds WHERE name = ?", (name,))

    def all(self) -> list[LegalHold]:
        return [
            LegalHold(
                name=text(name),
                first=date.fromisoformat(text(first)),
                last=date.fromisoformat(text(last)),
                reason=text(reason),
                by=text(by),
                made_us=number(made_us),
            )
            for name, first, last, reason, by, made_us in self._db.execute(
                "SELECT name, first, last, reason, by, made_us FROM legal_holds ORDER BY first, name"
            )
        ]


class Deletions:
    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection

    def begin(self, day: date, at_us: int, body: Mapping[str, Value]) -> int:
        """The record's number."""
        self._db.execute(
            "INSERT INTO deletions (day, begun_us, done_us, dropped, body) VALUES (?,?,0,0,?)",
            (day.isoformat(), at_us, json.dumps(body)),
        )
        return self._db.last_insert_rowid()

    def done(self, deletion: int, at_us: int, *, dropped: bool) -> None:
        self._db.execute(
            "UPDATE deletions SET done_us = ?, dropped = ? WHERE number = ?", (at_us, int(dropped), deletion)
        )

    def unfinished(self) -> list[Deletion]:
        return self._found("WHERE done_us = 0 ORDER BY number")

    def newest(self, limit: int) -> list[Deletion]:
        return self._found("ORDER BY number DESC LIMIT ?", limit)

    def _found(self, rest: str, *values: int) -> list[Deletion]:
        sql = f"SELECT number, day, begun_us, done_us, dropped, body FROM deletions {rest}"  # noqa: S608  # constants
        return [
            Deletion(
                number(at),
                date.fromisoformat(text(day)),
                number(begun_us),
                number(done_us),
                bool(dropped),
                json.loads(text(body)),
            )
            for at, day, begun_us, done_us, dropped, body in self._db.execute(sql, values)
        ]
