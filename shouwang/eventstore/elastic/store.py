"""The event store on an Elasticsearch cluster. See ``shouwang.eventstore.base`` for what it promises.

What is put is durable on this host first (``spool``), then sent (``sender``). Reads see what was put through this store
as soon as it is in the cluster, and what others put within a second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, overload

from shouwang.attendance import Attendance
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
from shouwang.eventstore.elastic import checking, findings, snapshot
from shouwang.eventstore.elastic.belonging import Belonging
from shouwang.eventstore.elastic.bulk import Bulk
from shouwang.eventstore.elastic.collectors import Collectors
from shouwang.eventstore.elastic.connection import connect
from shouwang.eventstore.elastic.counting import Grouping, count
from shouwang.eventstore.elastic.health import ClusterHealth
from shouwang.eventstore.elastic.journal import Journal
from shouwang.eventstore.elastic.ledger import Ledgers
from shouwang.eventstore.elastic.mirror import Mirror
from shouwang.eventstore.elastic.place import Place
from shouwang.eventstore.elastic.registry import Registry
from shouwang.eventstore.elastic.search import Paging, Search
from shouwang.eventstore.elastic.sender import Sender
from shouwang.eventstore.elastic.setup import Setup
from shouwang.eventstore.elastic.spool import Spool, Waiting
from shouwang.eventstore.elastic.template import Names, event_mappings, match_mappings
from shouwang.eventstore.elastic.upkeep import Upkeep, refuse_to_drop
from shouwang.eventstore.embedded.growth import growth
from shouwang.model import Event, Finding, Match
from shouwang.query import Query
from shouwang.retention import FLOOR_DAYS
from shouwang.timespan import EPOCH, day_of
from shouwang.words import Words

PREFIX: Final = "shouwang"
SPOOL_BYTES: Final = 2 << 30
_YEAR_2000_US, _YEAR_9000_US = 946_684_800_000_000, 221_845_392_000_000_000


class ElasticStore:
    """Any thread may call anything. One process a spool: the daemon holds the home's lock.

    ``spool``: the file on this host; ``where``: the cluster, which need not answer yet; ``kinds``: ECS name -> type as
    in ``fields.toml``; ``collects``: it brings events into another home's cluster. Raises ``StoreError``,
    ``UsageError``, ``AccessError`` when the spool or the credentials cannot be used.
    """

    def __init__(
        self,
        spool: Path,
        where: Place,
        *,
        zone: tzinfo,
        rehydrate: Rehydrate,
        kinds: Mapping[str, str],
        prefix: str = PREFIX,
        spool_bytes: int = SPOOL_BYTES,
        held: Callable[[date], str] = lambda _day: "",
        keep_days: int = FLOOR_DAYS,
        clock: Clock | None = None,
        collects: bool = False,
    ) -> None:
        self._zone = zone
        self._held = held
        self._keep_days = keep_days
        self._clock = clock or SystemClock()
        self._names = Names(prefix)
        self._where = where
        self._client = connect(where)
        self._spool = Spool(spool, spool_bytes)
        self._registry = Registry(self._client, where, self._names)
        self._setup = Setup(self._client, where, self._names, kinds, collects=collects)
        self._ledgers = Ledgers(self._spool, self._registry)
        self._belonging = Belonging(self._spool, self._registry, self._setup, where, zone)
        self._collectors = Collectors(self._client, where, self._names)
        self._collects = collects
        self._upkeep = Upkeep(self._client, where, self._names)
        mappings = {"events": event_mappings(kinds), "matches": match_mappings()}
        self._cluster = ClusterHealth(self._client, where, self._names, mappings)
        self._search = Search(self._client, where, self._names, kinds=kinds, rehydrate=rehydrate)
        self._sender = Sender(self._spool, self._setup, Bulk(self._client, where), self._prepare, self._ledgers.publish)
        self._journal = Journal(self._spool, self._names, kinds, zone)
        self._snapshots = snapshot.Snapshots(
            self._client,
            where,
            self._names,
            registry=self._registry,
            spool=self._spool,
            written=self._sender.written,
        )
        self._sender.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._sender.close()
        self._search.close()
        self._client.close()
        self._spool.close()

    def _prepare(self) -> None:
        """Before something is sent: what the cluster knows of this writer is not ahead of the spool."""
        if self._setup.ready():
            self._ledgers.compare()

    # ------------------------------------------------------------------------------------------ writing

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        """``stored`` of a batch that stays in the spool for now counts events that may be replays."""
        number, result = self._journal.add(batch, cursors)
        sent = self._sender.result(number)
        if sent is None:
            return result
        return PutResult(sent.stored, [*result.refused, *sent.refused])

    def cursors(self) -> Mapping[str, bytes]:
        return self._spool.cursors()

    # ------------------------------------------------------------------------------------------ reading

    def read(self, query: Query, *, newest_first: bool, after: Position | None, limit: int) -> Page[Event]:
        paging = Paging(newest_first, max(limit, 1))
        if after is None:
            return self._search.read(query, self._now("events"), None, paging)
        vector, place = snapshot.page_end(after, newest_first=newest_first)
        return self._search.read(query, vector, place, paging)

    @overload
    def tail(self, kind: Literal["events"], after: Position | None, limit: int) -> Page[Event]: ...
    @overload
    def tail(self, kind: Literal["matches"], after: Position | None, limit: int) -> Page[Match]: ...
    def tail(self, kind: Literal["events", "matches"], after: Position | None, limit: int) -> Page[Event] | Page[Match]:
        passed = snapshot.arrival(after)
        if kind == "matches":
            self._belonging.refuse_usurped()
        vector = self._now(kind)
        if kind == "matches":
            return self._search.tail_matches(passed, vector, max(limit, 1))
        return self._search.tail_events(passed, vector, max(limit, 1))

    def end(self, kind: Literal["events", "matches"]) -> Position:
        return snapshot.at(self._now(kind))

    def since(self, kind: Literal["events", "matches"], received_us: int) -> Position:
        return snapshot.at(self._search.since(kind, self._now(kind), received_us))

    def count(self, query: Query, *, by: str | None, bucket_s: int | None, top: int) -> list[Count]:
        """Exact; where the server's own count would not be, events are read. Buckets as in the embedded store."""
        if by is not None and bucket_s is not None:
            raise UsageError(Words("计数只能按字段或按时间之一。", "A count goes by a field or by time, not both."))
        if bucket_s is not None and bucket_s < 1:
            raise UsageError(
                Words(f"不能按 {bucket_s} 秒计数。", f"A bucket of {bucket_s} seconds cannot be counted."),
                hint=Words("至少 1 秒。", "It has at least 1 second."),
            )
        bucket = None if bucket_s is None else (bucket_s * 1_000_000, self._offset_us(query.from_us))
        return count(self._search, query, self._now("events"), Grouping(by, bucket, max(top, 0)))

    def _now(self, kind: Literal["events", "matches"]) -> snapshot.Vector:
        self._sender.settle()
        return self._snapshots.now(kind)

    def _offset_us(self, from_us: int) -> int:
        """The zone's offset at the query's start; of the year 2000 for open starts, where old zones had odd ones."""
        at = EPOCH + timedelta(microseconds=min(max(from_us, _YEAR_2000_US), _YEAR_9000_US))
        return (at.astimezone(self._zone).utcoffset() or timedelta(0)) // timedelta(microseconds=1)

    # ------------------------------------------------------------------------------------------ the ledger

    def days(self) -> list[DayLedger]:
        self._sender.settle()
        return self._ledgers.days()

    def running_days(self) -> list[DayLedger]:
        """The ledger with the digests of open days too, as they are now."""
        self._sender.settle()
        return self._ledgers.days(running=True)

    def waits(self) -> int:
        """Batches that were put and are not in the ledger yet."""
        return self._spool.waiting

    def latest(self) -> Mapping[str, int]:
        self._sender.settle()
        return self._ledgers.latest()

    def drop_day(self, day: date, *, now_us: int) -> list[DayLedger]:
        refuse_to_drop(day, day_of(now_us, self._zone), self._held(day))
        self._belonging.refuse_usurped()
        self._sender.settle()
        gone = [row for row in self._ledgers.days() if row.day == day]
        self.forget_day(day, now_us=now_us)
        return gone

    def forget_day(self, day: date, *, now_us: int) -> None:  # the other store notes when
        """Of a store that is being filled from another, which has it all: no floor and no hold is asked."""
        self._upkeep.drop(day)
        self._setup.forget(self._names.index(kind, day.isoformat()) for kind in ("events", "matches"))
        self._ledgers.forget(day)

    def seal(self, now_us: int) -> list[str]:
        """The cluster keeps its own form."""
        return []

    def verify(self, days: Collection[date], told: Told) -> Verified:
        """Days that are closed. In a worker, on what the cluster gives back."""
        ledger = [row for row in self.days() if not days or row.day in days]
        return checking.verify(self._where, self._names, ledger, told)

    def export(self, day: date, form: str, file: int, told: Told) -> Exported:
        """In a worker."""
        self._sender.settle()
        self._snapshots.now("events")
        return checking.export(self._where, self._names, day, form=form, file=file, told=told)

    def parts(self, day: date) -> list[Part]:
        return self._upkeep.parts(day)

    def facts(self, now_us: int) -> Facts:
        """Of the cluster: ``free_bytes`` is that of the node with least. What is not sealed waits in the spool."""
        taken, free = sum(self._upkeep.sizes().values()), self._upkeep.free_bytes()
        seen = growth(self._ledgers.days(), taken, free, self._keep_days)
        return Facts(
            bytes=taken,
            free_bytes=free,
            bytes_a_day=seen.bytes_a_day,
            full_on=seen.full_on(day_of(now_us, self._zone)),
            paused=self._spool.is_full,
        )

    # ------------------------------------------------------------------------------------------------ care

    def maintain(self, now_us: int, budget_s: float) -> list[str]:
        if self._spool.waiting:
            return []  # a day is closed when nothing of it is on its way
        closed = self._ledgers.close_before(day_of(now_us, self._zone))
        if not closed:
            return []
        if not self._setup.has_lifecycles:
            self._upkeep.merge(closed)
        return [f"closed the ledger of {', '.join(map(str, closed))}"]

    def health(self) -> list[Finding]:
        found = [] if self._sender.away is None else [findings.away(self._sender.away, self._spool)]
        if self._sender.stripped:
            found.append(findings.stripped(self._sender.stripped))
        if self._collects:
            return found  # the cluster is another's care
        return [*found, *self._belonging.findings(), *self._cluster.findings(self._clock.now_us())]

    def waiting(self) -> Waiting:
        """What is on this host and not in the cluster yet."""
        return Waiting(self._spool.waiting, self._spool.waiting_bytes, self._spool.is_full)

    def tell(self, said: Attendance) -> None:
        """A collector's word on itself, for who owns the cluster. Raises ``StoreAway``."""
        self._collectors.tell(said)

    def mirror(self) -> Mirror:
        """Where alerts and incidents are copied to."""
        return Mirror(self._client, self._where, self._names, self._belonging.refuse_usurped)

    def collectors(self) -> list[Attendance]:
        """What each last told."""
        return self._collectors.all()

    # ------------------------------------------------------------------------------------------- whose it is

    @property
    def home_id(self) -> str:
        """Of the home that the spool was made for; empty: none yet. See ``shouwang.homeid``."""
        return str(self._spool.recall("home") or "")

    def belong_to(self, home_id: str) -> None:
        self._spool.remember("home", home_id)
        self._ledgers.home = home_id

    def recover(self, home_id: str) -> None:
        """A spool that is lost is not made again from elsewhere: its cursors are gone, and sources deliver again."""

    def stop_upkeep(self) -> None:
        """Nothing that takes long runs here."""

    def claim(self, *, take_over: bool = False) -> None:
        """The cluster is this home's, for the one daemon that correlates. Raises ``StoreError`` where it is another's.

        Once it was ours, a cluster that is away is not waited for. Raises ``StoreAway`` when it was never asked.
        """
        self._belonging.claim(self.home_id, take_over=take_over)

    def join(self) -> None:
        """Bring events into the cluster, which is another home's, of this version and time zone. Raises ``StoreError``
        where it is not.

        Once it was found so, a cluster that is away is not waited for. Raises ``StoreAway`` when it was never asked.
        """
        self._belonging.join()
