"""The daemon's side of sealing: what is due goes to a worker, what the worker made goes into the manifest.

The files are written first and named second, in one transaction; hot rows go last, a few at a time: ``sealed_to`` has
hidden them. So a kill anywhere leaves one consistent set, and at most files that nothing names (``tidying``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import apsw

from shouwang import faults
from shouwang.errors import StoreError
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.ledger import Days
from shouwang.eventstore.embedded.segments import manifest, marks
from shouwang.eventstore.embedded.segments.footer import plain_state
from shouwang.eventstore.embedded.segments.jobs import Jobs
from shouwang.eventstore.embedded.segments.marks import Mark
from shouwang.eventstore.embedded.segments.product import Product, product_of
from shouwang.model import Value
from shouwang.words import Words

HOUR_US: Final = 3_600_000_000
LATE_US: Final = 3 * HOUR_US
_LONGEST_PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Limits:
    hot_us: int = HOUR_US
    """How long a receipt hour stays in the journal after it ended: what is looked at most is found there."""
    rows: int = 200_000
    bytes: int = 128 << 20
    """Of one seal, ``bytes`` those of the records: a worker holds it in memory."""
    delete_s: float = 0.02
    """How long one step of deleting may hold up a ``put``, about."""


class Sealer:
    def __init__(
        self, database: Database, days: Days, jobs: Jobs, changed: Callable[[apsw.Connection], None], limits: Limits
    ) -> None:
        """``changed`` is called inside the transaction that changes the manifest."""
        self._database = database
        self._days = days
        self._jobs = jobs
        self._changed = changed
        self._limits = limits
        self._delete_rows = 500

    def mark(self, now_us: int) -> None:
        """Of hours that ended without a ``put`` after them."""
        hour_us = self._days.hour_us(now_us)
        with self._database.reading() as db:
            if not _lacks_mark(db, hour_us):
                return
        with self._database.writing() as db:
            if _lacks_mark(db, hour_us):
                marks.write(db, hour_us)

    def mark_here(self, now_us: int) -> None:
        """Behind the newest event, in the midst of its hour."""
        with self._database.writing() as db:
            newest = db.execute("SELECT max(seq) FROM mark").get or 0
            if manifest.last_seq(db) > max(cast(int, newest), manifest.sealed_to(db)):
                marks.write(db, self._days.hour_us(now_us))

    def due(self, now_us: int, *, at_once: bool = False) -> tuple[int, Mark] | None:
        """After which event, and up to which mark something is to be sealed. ``at_once``: however young it is."""
        with self._database.reading() as db:
            mark, after = marks.next_mark(db), manifest.sealed_to(db)
        if mark is None:
            return None
        ended = at_once or now_us >= mark.hour_us + self._limits.hot_us
        return (after, mark) if ended or mark.hour_us > now_us + HOUR_US else None  # the clock went back

    def is_late(self, now_us: int) -> bool:
        """Whether what was due long ago is not sealed."""
        with self._database.reading() as db:
            mark = marks.next_mark(db)
        return mark is not None and mark.hour_us + self._limits.hot_us + LATE_US <= now_us

    def seal(self, now_us: int, *, at_once: bool = False) -> str:
        """One seal; what was done, empty where nothing is due. Raises ``ShouwangError``; nothing has changed then."""
        due = self.due(now_us, at_once=at_once)
        if due is None:
            return ""
        after, mark = due
        with self._database.reading() as db:
            earlier = manifest.segments(db, "from_seq > :at", {"at": manifest.resume_to(db)})
        answer = self._jobs.run(
            "store.seal",
            {
                "events": str(self._database.path),
                "home": self._home(),
                "zone": str(self._days.zone),
                "after_seq": after,
                "to_seq": mark.seq,
                "state": cast(Value, plain_state(mark.state)),
                "earlier": [each.path for each in earlier],
                "most_rows": self._limits.rows,
                "most_bytes": self._limits.bytes,
            },
        )
        faults.reach("seal.answered")
        products = [product_of(each) for each in cast("list[Value]", answer["files"])]
        to, complete = cast(int, answer["to_seq"]), bool(answer["complete"])
        self._commit(after, to, complete, products)
        faults.reach("seal.committed")
        rows = sum(each.segment.rows for each in products)
        return f"sealed {rows} events into {', '.join(each.segment.path for each in products) or 'no file'}"

    def _commit(self, after: int, to: int, complete: bool, products: Sequence[Product]) -> None:
        with self._database.writing() as db:
            there = db.execute("SELECT count(*) FROM event WHERE seq > ? AND seq <= ?", (after, to)).get
            if manifest.sealed_to(db) != after or there != sum(each.segment.rows for each in products):
                raise StoreError(
                    Words(
                        "封存期间日志有变动，将重新封存。",
                        "Events went while they were being sealed: it is done again.",
                    )
                )
            for each in products:
                manifest.insert(db, each.segment, each.sums)
            manifest.advance(db, to, resumable=complete)
            marks.clear(db)
            self._changed(db)
            faults.reach("seal.inserted")

    def shed(self, until: float) -> int:
        """Delete what is sealed from the journal, with pauses for those who write; at least one step. How many rows."""
        gone = 0
        while not self._jobs.stopped:
            began = time.monotonic()
            with self._database.writing() as db:
                db.execute(
                    "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE seq <= ? ORDER BY seq LIMIT ?)",
                    (manifest.sealed_to(db), self._delete_rows),
                )
                number = db.changes()
            faults.reach("seal.deleted")
            ended = time.monotonic()
            gone += number
            if number < self._delete_rows or ended >= until:
                break
            self._delete_rows = _paced(self._delete_rows, ended - began, self._limits.delete_s)
            time.sleep(min(ended - began, _LONGEST_PAUSE_S))
        return gone

    def _home(self) -> str:
        with self._database.reading() as db:
            return str(db.execute("SELECT value FROM meta WHERE name = 'home'").get or "")


def _lacks_mark(db: apsw.Connection, hour_us: int) -> bool:
    newest = db.execute("SELECT seq, hour_us FROM mark ORDER BY seq DESC LIMIT 1").fetchone() or (0, 0)
    return cast(int, newest[1]) < hour_us and cast(int, newest[0]) < manifest.last_seq(db)


def _paced(rows: int, took_s: float, wanted_s: float) -> int:
    """How many rows the next step may have."""
    return max(min(int(rows * min(wanted_s / max(took_s, 1e-4), 2.0)), 10_000), 50)
