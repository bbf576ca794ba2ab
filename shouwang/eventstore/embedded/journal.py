"""Writing: a batch, its matches, its drops and the cursors become one transaction."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Final

import apsw

from shouwang.eventstore.base import Batch, PutResult
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.ledger import Days, Entry, book, book_drops, entries_of
from shouwang.eventstore.embedded.rows import (
    EVENT_COLUMNS,
    MATCH_COLUMNS,
    Promoter,
    Row,
    match_row,
    refusal,
)
from shouwang.eventstore.embedded.segments import marks
from shouwang.eventstore.embedded.segments.manifest import last_seq
from shouwang.eventstore.embedded.segments.sealedids import SealedIds
from shouwang.model import Event
from shouwang.visible import well_formed

_INSERT_EVENT: Final = (
    f"INSERT INTO event ({', '.join(EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(EVENT_COLUMNS))}) "  # noqa: S608  # our own words and columns; values are bound
    "ON CONFLICT (id) DO NOTHING"
)
_INSERT_MATCH: Final = (
    f"INSERT INTO match ({MATCH_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608  # our own words and columns; values are bound
    "ON CONFLICT (event_id, rule_id) DO NOTHING"
)
# not OR IGNORE: that would also pass over a row that breaks another constraint, and lose it

_HOUR_US: Final = 3_600_000_000


class Journal:
    def __init__(self, database: Database, days: Days, sealed: SealedIds) -> None:
        self._database = database
        self._days = days
        self._sealed = sealed
        self._promoter = Promoter()
        self._hour_us: int | None = None
        """Of the newest mark; ``None``: not asked yet."""

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        """See ``EventStore.put``. ``stored`` counts the events that were not there before, dead letters too."""
        refused: list[tuple[bytes, str]] = []
        takeable: list[Event] = []
        for event in batch.events:
            reason = refusal(event)
            if reason:
                refused.append((event.id, reason))
            else:
                takeable.append(event)
        rows = [self._promoter.row(event) for event in takeable]
        ids = [event.id for event in takeable]
        while True:
            version, known = self._sealed.version, self._sealed.known(ids)
            with self._database.writing() as db:
                if self._sealed.version != version:
                    continue  # some of them may have been sealed since
                hour_us = self._mark(db, batch.received_us or (takeable[-1].received_us if takeable else 0))
                newest = last_seq(db)
                fresh = _insert(db, takeable, rows, known, newest)
                found = entries_of(self._days, fresh)
                if not _replayed(db, takeable, fresh, cursors):
                    self._book_refused(found, batch, refused)
                    book_drops(found, self._days, batch)
                book(db, found, newest)
                db.executemany(_INSERT_MATCH, map(match_row, batch.matches))
                _move(db, cursors)
            self._hour_us = hour_us
            return PutResult(stored=len(fresh), refused=refused)

    def _mark(self, db: apsw.Connection, received_us: int) -> int:
        """Where the batch is the first of its hour, what was before it is marked. Gives the newest mark's hour.

        A clock that goes back a little marks nothing, one that goes back for good begins anew.
        """
        marked_us = marks.newest_hour_us(db) if self._hour_us is None else self._hour_us
        hour_us = self._days.hour_us(received_us)
        if not received_us or marked_us - _HOUR_US <= hour_us <= marked_us:
            return marked_us
        marks.write(db, hour_us)
        return hour_us

    def _book_refused(
        self, found: dict[tuple[str, str], Entry], batch: Batch, refused: Sequence[tuple[bytes, str]]
    ) -> None:
        if not refused:
            return
        sources = {event.id: event.source for event in batch.events}
        day = self._days.of(batch.received_us)
        for id, reason in refused:
            found.setdefault((day, sources[id]), Entry()).drop(reason, 1)


def _insert(
    db: apsw.Connection, events: Sequence[Event], rows: Sequence[Row], known: Container[bytes], newest: int
) -> Sequence[Event]:
    """The events whose id was not there, nor ``known``; of two with one id in a batch the first."""
    if known:
        rows = [row for row in rows if row[0] not in known]
    before = db.total_changes()
    db.executemany(_INSERT_EVENT, rows)
    inserted = db.total_changes() - before
    if inserted == len(events):
        return events
    new = {row[0] for row in db.execute("SELECT id FROM event WHERE seq > ?", (newest,))}
    fresh: dict[bytes, Event] = {}
    for event in events:
        if event.id in new:
            fresh.setdefault(event.id, event)
    return list(fresh.values())


def _replayed(
    db: apsw.Connection, events: Sequence[Event], fresh: Sequence[Event], cursors: Mapping[str, bytes]
) -> bool:
    """Whether this very batch was put before: its drops are booked then. A batch without events is known by its
    cursors; one without those too is taken as new."""
    if events:
        return not fresh
    return bool(cursors) and all(
        (db.execute("SELECT value FROM cursor WHERE name = ?", (well_formed(name),)).get or b"") == value
        for name, value in cursors.items()
    )


def _move(db: apsw.Connection, cursors: Mapping[str, bytes]) -> None:
    for name, value in cursors.items():
        if value:
            db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (well_formed(name), value))
        else:
            db.execute("DELETE FROM cursor WHERE name = ?", (well_formed(name),))
