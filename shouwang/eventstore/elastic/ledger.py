"""The days' ledger of all writers of a cluster: this one's from the spool, the others' as they have told it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from shouwang.eventstore.base import DayLedger, StoreAway
from shouwang.eventstore.elastic.bookings import MODULUS, Bookings, Row
from shouwang.eventstore.elastic.registry import Registry, Writer
from shouwang.eventstore.elastic.spool import Spool

_CLOSED: Final = "closed_before"


class Ledgers:
    """Raises ``StoreAway`` where the others' ledger was never read and the cluster is away."""

    def __init__(self, spool: Spool, registry: Registry) -> None:
        self._spool = spool
        self._registry = registry
        self._told_all = False
        self._others: list[Row] | None = None
        self._others_latest: Mapping[str, int] = {}
        self.home = str(spool.recall("home") or "")

    # ---------------------------------------------------------------------------------- towards the others

    def publish(self, bookings: Bookings) -> None:
        """What was booked, to the other writers; the first time the last two days whole."""
        own = self._spool.rows()
        days = sorted({row.ledger.day.isoformat() for row in own})[-2:]
        rows = [
            row
            for row in own
            if (row.ledger.day.isoformat(), row.ledger.source) in bookings
            or (not self._told_all and row.ledger.day.isoformat() in days)
        ]
        me = Writer(self._spool.writer, socket.gethostname(), self._spool.marks(), self._spool.latest())
        self._registry.publish(me, self.home, rows)
        self._told_all = True

    def compare(self) -> None:
        """A spool that was restored from a backup is behind what the cluster has of it: it is another writer's then."""
        known = self._registry.writer(self._spool.writer)
        own = self._spool.marks()
        if known is not None and (known.marks.events > own.events or known.marks.matches > own.matches):
            self._spool.begin_as_another()
            self._told_all = False

    # ---------------------------------------------------------------------------------------- what it says

    def days(self, *, running: bool = False) -> list[DayLedger]:
        """``running``: digests of open days too, as they are now."""
        found: dict[tuple[date, str], Row] = {}
        for row in [*self._spool.rows(), *self._of_others()]:
            key = (row.ledger.day, row.ledger.source)
            found[key] = _sum(found[key], row) if key in found else row
        closed = date.max if running else self._closed_before()
        return [_shown(found[key], closed) for key in sorted(found)]

    def latest(self) -> dict[str, int]:
        found = dict(self._latest_of_others())
        for source, time_us in self._spool.latest().items():
            found[source] = max(time_us, found.get(source, 0))
        return found

    def close_before(self, today: date) -> list[date]:
        """Digests of the days before today are shown from now on; those that were not before."""
        until = self._closed_before()
        if until is not None and until >= today:
            return []
        days = {row.ledger.day for row in [*self._spool.rows(), *self._of_others()]}
        self._spool.remember(_CLOSED, today.isoformat())
        return sorted(day for day in days if day < today and (until is None or day >= until))

    def forget(self, day: date) -> None:
        self._registry.forget_day(day.isoformat())
        self._spool.forget_day(day.isoformat())

    def _closed_before(self) -> date | None:
        kept = self._spool.recall(_CLOSED)
        return None if kept is None else date.fromisoformat(str(kept))

    def _of_others(self) -> list[Row]:
        try:
            self._others = [row for writer, row in self._registry.rows() if writer != self._spool.writer]
        except StoreAway:
            if self._others is None:
                raise
        return self._others

    def _latest_of_others(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        try:
            for writer in self._registry.writers():
                for source, time_us in writer.latest.items():
                    found[source] = max(time_us, found.get(source, 0))
        except StoreAway:
            return self._others_latest
        self._others_latest = found
        return found


def _sum(one: Row, other: Row) -> Row:
    dropped = dict(one.ledger.dropped)
    for reason, number in other.ledger.dropped.items():
        dropped[reason] = dropped.get(reason, 0) + number
    ledger = replace(
        one.ledger,
        received=one.ledger.received + other.ledger.received,
        stored=one.ledger.stored + other.ledger.stored,
        dropped=dropped,
        bytes=one.ledger.bytes + other.ledger.bytes,
    )
    return Row(ledger, (one.digest + other.digest) % MODULUS)


def _shown(row: Row, closed_before: date | None) -> DayLedger:
    closed = closed_before is not None and row.ledger.day < closed_before
    return replace(row.ledger, digest=row.digest.to_bytes(32, "big").hex() if closed else "")
