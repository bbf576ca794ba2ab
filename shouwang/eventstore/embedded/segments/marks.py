"""Marks: rows of the table ``mark``, at which seals end. ``put`` writes one as the first act of each receipt hour.

A mark says what cursors, ledger and matches were when the event ``seq`` was the newest: a store that is made again from
segments up to there goes on as if it had stopped there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import cast

import apsw

from shouwang.eventstore.embedded.segments import manifest
from shouwang.eventstore.embedded.segments.footer import LedgerRow, State, plain_state, state_of


@dataclass(frozen=True, slots=True)
class Mark:
    hour_us: int
    """Start of the site's hour that begins after it."""
    state: State

    @property
    def seq(self) -> int:
        return self.state.seq


def write(db: apsw.Connection, hour_us: int) -> None:
    """Inside the transaction that brings the first events of the hour, before them."""
    newest = manifest.last_seq(db)
    before = cast("int | None", db.execute("SELECT max(seq) FROM mark WHERE seq < ?", (newest,)).get)
    state = State(
        newest,
        manifest.last_seq(db, "match"),
        dict(cast("list[tuple[str, bytes]]", db.execute("SELECT name, value FROM cursor").fetchall())),
        _ledger(db, manifest.sealed_to(db) if before is None else before),
    )
    db.execute(
        "INSERT OR REPLACE INTO mark VALUES (?, ?, ?)",
        (newest, hour_us, json.dumps(plain_state(state), separators=(",", ":")).encode("ascii")),
    )


def newest_hour_us(db: apsw.Connection) -> int:
    """Of the newest mark, sealed or not; 0 where there is none yet."""
    return cast(int, db.execute("SELECT hour_us FROM mark ORDER BY seq DESC LIMIT 1").get or 0)


def next_mark(db: apsw.Connection) -> Mark | None:
    """The oldest one that ends something unsealed."""
    row = db.execute(
        "SELECT hour_us, state FROM mark WHERE seq > ? ORDER BY seq LIMIT 1", (manifest.sealed_to(db),)
    ).fetchone()
    return None if row is None else Mark(cast(int, row[0]), state_of(json.loads(cast(bytes, row[1]))))


def clear(db: apsw.Connection) -> None:
    """Those that are sealed, but for the newest: ``write`` and ``newest_hour_us`` look at it."""
    db.execute("DELETE FROM mark WHERE seq < ?", (manifest.sealed_to(db),))


def _ledger(db: apsw.Connection, since_seq: int) -> list[LedgerRow]:
    """The rows that changed when ``since_seq`` was the newest event, or after."""
    drops: dict[tuple[str, str], dict[str, int]] = {}
    for day, source, reason, number in db.execute(
        "SELECT d.day, d.source, d.reason, d.count FROM ledger l JOIN ledger_drop d USING (day, source)"
        " WHERE l.touched >= ?",
        (since_seq,),
    ):
        drops.setdefault((day, source), {})[reason] = number
    return [
        LedgerRow(day, source, received, stored, size, digest.hex(), drops.get((day, source), {}))
        for day, source, received, stored, size, digest in db.execute(
            "SELECT day, source, received, stored, bytes, digest FROM ledger WHERE touched >= ? ORDER BY day, source",
            (since_seq,),
        )
    ]
