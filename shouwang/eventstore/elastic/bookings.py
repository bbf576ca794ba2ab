"""This writer's ledger, in the spool's file: a table by day and source. Grows with each batch that has arrived."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple, TypeAlias, cast

import apsw

from shouwang.eventstore.base import DayLedger
from shouwang.visible import well_formed

MODULUS: Final = 1 << 256
TABLES: Final = """
CREATE TABLE ledger (
    day TEXT NOT NULL, source TEXT NOT NULL, received INTEGER NOT NULL, stored INTEGER NOT NULL,
    bytes INTEGER NOT NULL, digest BLOB NOT NULL, dropped TEXT NOT NULL, PRIMARY KEY (day, source)
) WITHOUT ROWID;
CREATE TABLE latest (source TEXT PRIMARY KEY, received_us INTEGER NOT NULL) WITHOUT ROWID;
"""


_Cells: TypeAlias = tuple[str, str, int, int, int, bytes, str]


@dataclass(slots=True)
class Booking:
    """What one batch adds to one day and source."""

    stored: int = 0
    bytes: int = 0
    digest: int = 0
    latest_us: int = 0
    """Receipt time of the newest event; 0 without one."""
    drops: dict[str, int] = field(default_factory=dict)

    def drop(self, reason: str, number: int) -> None:
        self.drops[reason] = self.drops.get(reason, 0) + number

    @property
    def received(self) -> int:
        return self.stored + sum(self.drops.values())


Bookings: TypeAlias = dict[tuple[str, str], Booking]
"""By day and source."""


class Row(NamedTuple):
    """One writer's ledger of one day and source, its ``digest`` left open."""

    ledger: DayLedger
    digest: int
    """Running, also of a day that is open."""


def book(db: apsw.Connection, bookings: Bookings) -> None:
    """Inside the caller's transaction."""
    for (day, source), booking in bookings.items():
        held = db.execute("SELECT digest, dropped FROM ledger WHERE day = ? AND source = ?", (day, source)).fetchone()
        digest, dropped = (int.from_bytes(held[0], "big"), json.loads(held[1])) if held else (0, {})
        for reason, number in booking.drops.items():
            clean = well_formed(reason)
            dropped[clean] = dropped.get(clean, 0) + number
        digest = (digest + booking.digest) % MODULUS
        db.execute(
            "INSERT INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET "
            "received = received + ?3, stored = stored + ?4, bytes = bytes + ?5, digest = ?6, dropped = ?7",
            (
                day,
                source,
                booking.received,
                booking.stored,
                booking.bytes,
                digest.to_bytes(32, "big"),
                json.dumps(dropped),
            ),
        )
        if booking.latest_us:
            db.execute(
                "INSERT INTO latest VALUES (?1, ?2) ON CONFLICT DO UPDATE SET received_us = max(received_us, ?2)",
                (source, booking.latest_us),
            )


def rows(db: apsw.Connection) -> list[Row]:
    """By day and source."""
    found = db.execute(
        "SELECT day, source, received, stored, bytes, digest, dropped FROM ledger ORDER BY day, source"
    ).fetchall()
    return [
        Row(
            DayLedger(date.fromisoformat(day), source, received, stored, json.loads(dropped), size),
            int.from_bytes(digest, "big"),
        )
        for day, source, received, stored, size, digest, dropped in cast("list[_Cells]", found)
    ]


def latest(db: apsw.Connection) -> Mapping[str, int]:
    return {str(source): int(at_us) for source, at_us in db.execute("SELECT source, received_us FROM latest")}
