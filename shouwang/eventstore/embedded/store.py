"""The embedded event store: a SQLite file and sealed segments in the home. ``shouwang.eventstore.base``
says what it promises."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Literal, cast, overload

from shouwang.clock import Clock, SystemClock
from shouwang.errors import UsageError
from shouwang.eventstore.base import (
    Batch,
    Count,
    DayLedger,
    Exported,
    Facts,
    Page,
    Part,
    Position,
    PutResult,
    Rehydrate,
    Told,
    Verified,
)
from shouwang.eventstore.embedded import checking, search, upkeep
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.journal import Journal
from shouwang.eventstore.embedded.ledger import Days, read_latest, read_ledger
from shouwang.eventstore.embedded.reading import Reading
from shouwang.eventstore.embedded.room import Room
from shouwang.eventstore.embedded.segments.asks import Grouping
from shouwang.eventstore.embedded.segments.recovering import Recovered
from shouwang.eventstore.embedded.segments.rounds import Rounds
from shouwang.model import Event, Finding, Match
from shouwang.query import Query
from shouwang.retention import FLOOR_DAYS
from shouwang.timespan import EPOCH, day_of
from shouwang.words import Words

_YEAR_2000_US, _YEAR_9000_US = 946_684_800_000_000, 221_845_392_000_000_000
_KINDS = {"events": "event", "matches": "match"}


class EmbeddedStore:
    """Any thread may call anything: writes queue behind one another, reads wait for nobody.

    ``path`` is the file (``events.db``); ``zone`` the site's, which decides the ledger's day and where buckets start.
    Only one process may write the file: the daemon holds the home's lock. Raises ``StoreError`` when the file cannot be
    opened, is damaged, or is of a newer schema.
    """

    def __init__(
        self,
        path: Path,
        *,
        zone: tzinfo,
        rehydrate: Rehydrate,
        held: Callable[[date], str] = lambda _day: "",
        keep_days: int = FLOOR_DAYS,
        reserve_bytes: int = 0,
        clock: Clock | None = None,
    ) -> None:
        """``held``: the name of a legal hold that covers the day, else empty. ``reserve_bytes``: see ``Room``.
        ``keep_days``, ``clock``: for forecasts."""
        self._zone = zone
        self._held = held
        self._keep_days = keep_days
        self._clock = clock or SystemClock()
        self._room = Room(path.parent, reserve_bytes)
        self._database = Database(path)
        self._reading = Reading(self._database, rehydrate)
        self._rounds = Rounds(self._database, zone, self._room)
        self._journal = Journal(self._database, Days(zone), self._rounds.ids)
        self._damage: list[Finding] = []

    def __enter__(self) -> EmbeddedStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        self._room.admit()
        return self._journal.put(batch, cursors)

    def cursors(self) -> Mapping[str, bytes]:
        with self._database.reading() as db:
            rows = cast("list[tuple[str, bytes]]", db.execute("SELECT name, value FROM cursor").fetchall())
        return dict(rows)

    def read(self, query: Query, *, newest_first: bool, after: Position | None, limit: int) -> Page[Event]:
        return self._reading.read(query, newest_first=newest_first, after=after, limit=max(limit, 1))

    @overload
    def tail(self, kind: Literal["events"], after: Position | None, limit: int) -> Page[Event]: ...
    @overload
    def tail(self, kind: Literal["matches"], after: Position | None, limit: int) -> Page[Match]: ...
    def tail(self, kind: Literal["events", "matches"], after: Position | None, limit: int) -> Page[Event] | Page[Match]:
        if kind == "events":
            return self._reading.tail(after, max(limit, 1))
        with self._database.reading() as db:
            return search.tail_matches(db, after, max(limit, 1))

    def end(self, kind: Literal["events", "matches"]) -> Position:
        with self._database.reading() as db:
            return search.end(db, _KINDS[kind])

    def since(self, kind: Literal["events", "matches"], received_us: int) -> Position:
        if kind == "events":
            return self._reading.since(received_us)
        with self._database.reading() as db:
            return search.since(db, "match", received_us)

    def count(self, query: Query, *, by: str | None, bucket_s: int | None, top: int) -> list[Count]:
        """Always exact. Buckets of a day or an hour start at the site's midnight or hour; empty ones are left out."""
        if by is not None and bucket_s is not None:
            raise UsageError(Words("计数只能按字段或按时间之一。", "A count goes by a field or by time, not both."))
        if bucket_s is not None and bucket_s < 1:
            raise UsageError(
                Words(f"不能按 {bucket_s} 秒计数。", f"A bucket of {bucket_s} seconds cannot be counted."),
                hint=Words("至少 1 秒。", "It has at least 1 second."),
            )
        bucket = None if bucket_s is None else (bucket_s * 1_000_000, self._offset_us(query.from_us))
        return self._reading.count(query, Grouping(by, bucket, max(top, 0)))

    def days(self) -> list[DayLedger]:
        with self._database.reading() as db:
            return read_ledger(db)

    def running_days(self) -> list[DayLedger]:
        """The ledger with the digests of open days too, as they are now."""
        with self._database.reading() as db:
            return read_ledger(db, running=True)

    def waits(self) -> int:
        """Batches that were put and are not in the ledger yet."""
        return 0

    def latest(self) -> Mapping[str, int]:
        with self._database.reading() as db:
            return read_latest(db)

    def drop_day(self, day: date, *, now_us: int) -> list[DayLedger]:
        upkeep.refuse_to_drop(day, day_of(now_us, self._zone), self._held(day))
        return upkeep.forget_day(self._database, self._zone, day, now_us=now_us, changed=self._rounds.ids.refresh)

    def forget_day(self, day: date, *, now_us: int) -> None:
        """Of a store that is being filled from another, which has it all: no floor and no hold is asked."""
        upkeep.forget_day(self._database, self._zone, day, now_us=now_us, changed=self._rounds.ids.refresh)

    def maintain(self, now_us: int, budget_s: float) -> list[str]:
        done = ["gave up the reserve to clean up"] if self._room.give_up_reserve() else []
        until = time.monotonic() + budget_s
        done += self._rounds.work(now_us, until)
        done += upkeep.maintain(self._database, self._zone, now_us, max(until - time.monotonic(), 1.0))
        return [*done, "made the reserve"] if self._room.keep_reserve() else done

    def stop_upkeep(self) -> None:
        """Ends what ``maintain`` has under way in another thread; it is done again on the next start."""
        self._rounds.stop()

    def parts(self, day: date) -> list[Part]:
        with self._database.reading() as db:
            return upkeep.parts(db, self._database.path, self._zone, day)

    def facts(self, now_us: int) -> Facts:
        return upkeep.facts(self._database, self._room, self._keep_days, day_of(now_us, self._zone))

    def seal(self, now_us: int) -> list[str]:
        return self._rounds.seal_now(now_us)

    def verify(self, days: Collection[date], told: Told) -> Verified:
        """In a worker. ``health`` goes on to say what was found."""
        found, self._damage = checking.verify(self._database.path, self._zone, days, told)
        return found

    def export(self, day: date, form: str, file: int, told: Told) -> Exported:
        """In a worker."""
        return checking.export(self._database.path, self._zone, day, form=form, file=file, told=told)

    def health(self) -> list[Finding]:
        """Cheap; with what the last ``check`` found."""
        return [
            *self._damage,
            *self._rounds.findings(),
            *self._reading.health(),
            *upkeep.health(self._database, self._room, self._keep_days, self._today()),
        ]

    def check(self) -> list[Finding]:
        """Look for damage in the whole file: seconds a gigabyte. ``health`` goes on to say what was found."""
        self._damage = upkeep.check(self._database)
        return self._damage

    @property
    def home_id(self) -> str:
        """Of the home that it was made for; empty: none yet. See ``shouwang.homeid``."""
        with self._database.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE name = 'home'").fetchone()
        return str(row[0]) if row else ""

    def recover(self, home_id: str) -> Recovered | None:
        """Take up the segments of a lost ``events.db`` in this new one. See ``segments.recovering``."""
        return self._rounds.recover(home_id)

    def belong_to(self, home_id: str) -> None:
        with self._database.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('home', ?)", (home_id,))

    def close(self) -> None:
        self._reading.close()
        self._rounds.stop()
        self._database.close()

    def _today(self) -> date:
        return day_of(self._clock.now_us(), self._zone)

    def _offset_us(self, from_us: int) -> int:
        """The zone's offset at the query's start; of the year 2000 for open starts, where old zones had odd ones."""
        at = EPOCH + timedelta(microseconds=min(max(from_us, _YEAR_2000_US), _YEAR_9000_US))
        return (at.astimezone(self._zone).utcoffset() or timedelta(0)) // timedelta(microseconds=1)
