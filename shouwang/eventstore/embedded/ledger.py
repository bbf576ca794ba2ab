"""What was received, kept and dropped, per receipt day of the site's zone and source.

``digest`` grows with each batch: the sum of BLAKE2b-256(id + raw) over the events kept, modulo 2^256, dead letters
included. It is the same in any order, and is shown once the day is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from hashlib import blake2b
from typing import Final

import apsw

from shouwang.eventstore.base import Batch, DayLedger
from shouwang.model import DEAD_DATASET, Event
from shouwang.timespan import EPOCH
from shouwang.visible import well_formed

LATEST: Final = "latest/"
"""With a source's name: where the table ``meta`` has the receipt time of its newest event."""

_MODULUS: Final = 1 << 256


@dataclass(slots=True)
class Entry:
    """What one batch adds to one day and source."""

    received: int = 0
    stored: int = 0
    bytes: int = 0
    digest: int = 0
    latest_us: int = 0
    """Receipt time of the newest event; 0 without one."""
    drops: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, number: int) -> None:
        self.received += number
        self.drops[reason] = self.drops.get(reason, 0) + number


class Days:
    """Receipt time -> the zone's day. Remembers by minute: no zone of this century shifts within one."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._minutes: dict[int, str] = {}
        self._hours: dict[int, int] = {}

    def hour_us(self, time_us: int) -> int:
        """When the zone's hour of then began."""
        minute = time_us // 60_000_000
        hour_us = self._hours.get(minute)
        if hour_us is None:
            if len(self._hours) > 10_000:
                self._hours.clear()
            past = (EPOCH + timedelta(minutes=minute)).astimezone(self.zone).minute
            hour_us = self._hours[minute] = (minute - past) * 60_000_000
        return hour_us

    def of(self, time_us: int) -> str:
        minute = time_us // 60_000_000
        day = self._minutes.get(minute)
        if day is None:
            if len(self._minutes) > 10_000:
                self._minutes.clear()
            day = self._minutes[minute] = (EPOCH + timedelta(minutes=minute)).astimezone(self.zone).date().isoformat()
        return day


Entries = dict[tuple[str, str], Entry]


def entries_of(days: Days, events: Iterable[Event]) -> Entries:
    """Of events that the store has just taken."""
    found: Entries = {}
    for event in events:
        key = (days.of(event.received_us), event.source)
        entry = found.get(key)
        if entry is None:
            entry = found[key] = Entry()
        entry.latest_us = max(entry.latest_us, event.received_us)
        raw = event.raw
        entry.bytes += len(raw)
        entry.digest += int.from_bytes(blake2b(event.id + raw, digest_size=32).digest(), "big")
        if event.shape.dataset == DEAD_DATASET:
            entry.drop(str(event.doc.get("error.code") or "unreadable"), 1)
        else:
            entry.received += 1
            entry.stored += 1
    return found


def book_drops(found: Entries, days: Days, batch: Batch) -> None:
    for (source, reason), number in batch.drops.items():
        found.setdefault((days.of(batch.received_us), source), Entry()).drop(reason, number)


def book(db: apsw.Connection, found: Entries, newest: int) -> None:
    """Add to the tables, inside the batch's transaction. ``newest``: the event that was it before the batch."""
    for (day, unclean), entry in found.items():
        source = well_formed(unclean)
        held = db.execute("SELECT digest FROM ledger WHERE day = ? AND source = ?", (day, source)).fetchone()
        digest = (entry.digest + (int.from_bytes(held[0], "big") if held else 0)) % _MODULUS
        db.execute(
            "INSERT INTO ledger (day, source, received, stored, bytes, digest, touched)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET"
            " received = received + ?3, stored = stored + ?4, bytes = bytes + ?5, digest = ?6, touched = ?7",
            (day, source, entry.received, entry.stored, entry.bytes, digest.to_bytes(32, "big"), newest),
        )
        if entry.latest_us:
            db.execute(
                "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = max(value, ?2)",
                (LATEST + source, entry.latest_us),
            )
        for reason, number in entry.drops.items():
            db.execute(
                "INSERT INTO ledger_drop VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET count = count + ?4",
                (day, source, well_formed(reason), number),
            )


def read_ledger(db: apsw.Connection, day: date | None = None, *, running: bool = False) -> list[DayLedger]:
    """All days, or one; by day and source. Call it inside a transaction: it asks two tables. ``running``: digests of
    open days too, as they are now."""
    only, values = ("WHERE day = ?", (day.isoformat(),)) if day else ("", ())
    drops: dict[tuple[str, str], dict[str, int]] = {}
    for at, source, reason, number in db.execute(f"SELECT * FROM ledger_drop {only} ORDER BY 1, 2, 3", values):  # noqa: S608  # our own words and columns; values are bound
        drops.setdefault((at, source), {})[reason] = number
    rows = db.execute(
        f"SELECT day, source, received, stored, bytes, digest, closed FROM ledger {only} ORDER BY day, source",  # noqa: S608  # our own words and columns; values are bound
        values,
    )
    return [
        DayLedger(
            day=date.fromisoformat(at),
            source=source,
            received=received,
            stored=stored,
            dropped=drops.get((at, source), {}),
            bytes=size,
            digest=digest.hex() if closed or running else "",
        )
        for at, source, received, stored, size, digest, closed in rows
    ]


def read_latest(db: apsw.Connection) -> dict[str, int]:
    rows = db.execute("SELECT name, value FROM meta WHERE name >= ? AND name < ?", (LATEST, LATEST + "\U0010ffff"))
    return {name.removeprefix(LATEST): value for name, value in rows}


def close_days(db: apsw.Connection, today: date) -> list[str]:
    """Close every day before today; the days that were still open."""
    rows = db.execute(
        "SELECT DISTINCT day FROM ledger WHERE day < ? AND NOT closed ORDER BY day", (today.isoformat(),)
    ).fetchall()
    db.execute("UPDATE ledger SET closed = 1 WHERE day < ? AND NOT closed", (today.isoformat(),))
    return [str(row[0]) for row in rows]


def digest_of(records: Iterable[tuple[bytes, bytes]]) -> str:
    """Of (id, raw): what a closed day's digest must be."""
    total = sum(int.from_bytes(blake2b(id + raw, digest_size=32).digest(), "big") for id, raw in records)
    return (total % _MODULUS).to_bytes(32, "big").hex()
