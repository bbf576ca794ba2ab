"""Days that have been kept long enough go, each with a record of what it was. Over any event store.

The record is begun before the day goes and ended after, so a crash between leaves one that is unfinished: the next run
drops the day again, which is harmless, and ends it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, tzinfo

from shouwang.clock import Clock
from shouwang.eventstore.base import DayLedger, EventStore, Part, RetentionFloor
from shouwang.model import Finding, Level, Value
from shouwang.retention import LegalHold, clock_is_borne_out, due
from shouwang.statestore.store import StateStore
from shouwang.timespan import day_of
from shouwang.words import Words


class Retention:
    """One thread's. ``keep_days``: at least the legal floor."""

    def __init__(self, events: EventStore, state: StateStore, clock: Clock, *, zone: tzinfo, keep_days: int) -> None:
        self._events = events
        self._state = state
        self._clock = clock
        self._zone = zone
        self._keep_days = keep_days
        self._looked: date | None = None
        self._waits = False

    def step(self) -> list[str]:
        """Once a day; says what was done. Raises ``StoreError``: then the next call tries again."""
        today = day_of(self._clock.now_us(), self._zone)
        if today == self._looked:
            return []
        done = self._finish()
        days = {row.day for row in self._events.days()}
        with self._state.reading() as tables:
            holds = tables.legal_holds.all()
        going = due(days, today, self._keep_days, lambda day: holding(holds, day))
        self._waits = bool(going) and not clock_is_borne_out(days, today)
        if self._waits:
            return done
        for day in going:
            done.append(self._drop(day))
        self._looked = today
        return done

    def findings(self) -> list[Finding]:
        if not self._waits:
            return []
        return [
            Finding(
                Level.DEGRADED,
                Words(
                    "有日志已到留存期限，但最近七天的记录太少，时钟可能有误，暂不删除。",
                    "Days are due to go, but there are too few records of the last seven days to bear out the clock.",
                ),
                Words(
                    "请核对系统时间；连续两天有记录后自动继续。",
                    "Look at the clock; it goes on by itself when records have come on two days.",
                ),
            )
        ]

    def _finish(self) -> list[str]:
        with self._state.reading() as tables:
            unfinished = tables.deletions.unfinished()
        return [self._go_on(each.number, each.day) for each in unfinished]

    def _drop(self, day: date) -> str:
        ledger = [row for row in self._events.days() if row.day == day]
        body = record(f"keep_days = {self._keep_days}", ledger, self._events.parts(day))
        at_us = self._clock.now_us()
        with self._state.work() as tx:
            number = tx.deletions.begin(day, at_us, body)
            tx.audit(act="store.drop", target=day.isoformat(), at_us=at_us, detail=body)
        return self._go_on(number, day)

    def _go_on(self, number: int, day: date) -> str:
        """A day that came under a hold since stays; its record says so by ending as one that dropped nothing."""
        try:
            self._events.drop_day(day, now_us=self._clock.now_us())
        except RetentionFloor as refused:
            return self._end(number, day, "store.drop.refused", {"why": refused.message.en})
        return self._end(number, day, "store.dropped", {})

    def _end(self, number: int, day: date, act: str, detail: Mapping[str, Value]) -> str:
        at_us = self._clock.now_us()
        with self._state.work() as tx:
            tx.deletions.done(number, at_us, dropped=not detail)
            tx.audit(act=act, target=day.isoformat(), at_us=at_us, detail={"record": number, **detail})
        return f"{act} {day}"


def holding(holds: Collection[LegalHold], day: date) -> str:
    """The name of the first hold that covers the day; empty when none does."""
    return next((hold.name for hold in holds if hold.covers(day)), "")


def record(why: str, ledger: Collection[DayLedger], parts: Collection[Part]) -> dict[str, Value]:
    """What is kept of a day that goes."""
    return {
        "why": why,
        "sources": [
            {
                "source": row.source,
                "received": row.received,
                "stored": row.stored,
                "dropped": dict(row.dropped),
                "bytes": row.bytes,
                "digest": row.digest,
            }
            for row in ledger
        ],
        "parts": [{"name": part.name, "events": part.events, "sha256": part.sha256} for part in parts],
    }
