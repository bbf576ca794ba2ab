"""What every event store promises. Two implementations, one contract suite (``tests/contract``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar, overload

from shouwang.errors import StoreError
from shouwang.model import Event, Finding, Match, Value
from shouwang.query import Query
from shouwang.words import Words

T = TypeVar("T")


class StoreAway(StoreError):
    """The store cannot take anything now. Nothing is promised: put the SAME batch again, it is harmless."""

    kind = "store-away"


class RetentionFloor(StoreError):
    """A day younger than the legal floor, or under legal hold, was asked to go."""

    kind = "retention-floor"


@dataclass(frozen=True, slots=True)
class Batch:
    events: Sequence[Event]
    matches: Sequence[Match] = ()
    drops: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(source, reason) -> number of records received and not kept. Dead letters are not counted here: they come as
    events of dataset ``shouwang.dead``, are kept, and the ledger books them as dropped for ``doc["error.code"]``."""
    received_us: int = 0
    """Receipt time that decides the ledger day of ``drops``; that of events is their own."""


@dataclass(frozen=True, slots=True)
class PutResult:
    stored: int
    refused: Sequence[tuple[bytes, str]] = ()
    """(event id, reason) that this store will never take; the ledger has them as drops."""


class Position(NamedTuple):
    """Opaque to callers: where a page ended."""

    token: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    next: Position | None
    """Where to go on; for ``read`` ``None`` at the end, for ``tail`` always a position."""
    narrowed: str = ""
    """Why this page may hold more than the query asked for; empty when it is exact."""


@dataclass(frozen=True, slots=True)
class Count:
    key: Value
    """The value of ``by``, the bucket's start in microseconds, or ``None`` for the total."""
    count: int
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class DayLedger:
    """received == stored + sum(dropped), per receipt day (of the site's zone) and source."""

    day: date
    source: str
    received: int
    stored: int
    dropped: Mapping[str, int]
    bytes: int
    """Of the records kept, dead letters too."""
    digest: str = ""
    """Order-free sum of BLAKE2b-256(id + raw), modulo 2^256, over all events kept, dead letters too; hex. Empty until
    the day is closed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a store keeps a day in: a file, an index."""

    name: str
    events: int
    bytes: int
    sha256: str = ""
    """Of a file that does not change any more; empty: it may, or the store knows none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a person wants to know of the store itself."""

    bytes: int
    """That all events take, sealed or not, with what the store needs beside them."""
    free_bytes: int
    bytes_a_day: int
    """That it grows; 0: not known yet."""
    full_on: date | None
    """When the disk is full at this pace; ``None``: not before the first days go, or not known yet."""
    sealed_us: int = 0
    """All that was received before is sealed; 0: nothing yet, or this store seals nothing."""
    unsealed: int = 0
    """Events that are not sealed yet, at most."""
    reserved_bytes: int = 0
    """Set aside for cleaning up."""
    paused: bool = False
    """Nothing is taken: there is too little room."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was written."""

    what: Words
    part: str = ""
    """The name of the ``Part``; empty: none alone."""
    day: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read back and held against the manifest and the ledger."""

    days: int
    parts: int
    events: int
    bytes: int
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """One day as a file of an archive."""

    sha256: str
    size: int
    """Of the file."""
    events: int
    bytes: int
    """Of the records."""
    sources: Mapping[str, Mapping[str, Value]]
    """Source -> ``events``, ``bytes``, ``digest`` as in the ledger."""


Told = Callable[[Mapping[str, Value]], None]
"""Gets each progress of long work, and may raise to end it."""


class Stored(NamedTuple):
    """One event as a store keeps it: everything else is made from these."""

    id: bytes
    time_us: int
    received_us: int
    source: str
    parser: str
    raw: bytes
    context: Mapping[str, Value]
    asset_id: str


Rehydrate = Callable[[Stored], Event]
"""Makes the event from what was stored, by the parser of today (``collectors.rehydrate``)."""


class EventStore(Protocol):
    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        """Keep the batch and move the cursors, as one. Returns when durable. An empty cursor value removes the cursor.

        Events whose id is already there change nothing (a replay is harmless). Raises ``StoreAway``.
        """
        ...

    def cursors(self) -> Mapping[str, bytes]:
        """As of the last returned ``put``."""
        ...

    def read(self, query: Query, *, newest_first: bool, after: Position | None, limit: int) -> Page[Event]:
        """By (time_us, id). Pages that follow one another see one snapshot."""
        ...

    @overload
    def tail(self, kind: Literal["events"], after: Position | None, limit: int) -> Page[Event]: ...
    @overload
    def tail(self, kind: Literal["matches"], after: Position | None, limit: int) -> Page[Match]: ...
    def tail(self, kind: Literal["events", "matches"], after: Position | None, limit: int) -> Page[Event] | Page[Match]:
        """In order of arrival, at least once, never past one that appears later. ``after=None``: from the first."""
        ...

    def end(self, kind: Literal["events", "matches"]) -> Position:
        """The position after the newest one now; ``tail`` from here gives only what arrives later."""
        ...

    def since(self, kind: Literal["events", "matches"], received_us: int) -> Position:
        """A position that nothing received then or later stands before; ``tail`` from here may give somewhat older."""
        ...

    def count(self, query: Query, *, by: str | None, bucket_s: int | None, top: int) -> list[Count]:
        """How many, in all, by the values of one ECS field (most first), or by time bucket (oldest first)."""
        ...

    def days(self) -> list[DayLedger]: ...

    def latest(self) -> Mapping[str, int]:
        """Source -> receipt time of its newest record, dead letters too. Not known for what an older version stored."""
        ...

    def drop_day(self, day: date, *, now_us: int) -> list[DayLedger]:
        """Remove one receipt day; gives its ledger. Raises ``RetentionFloor`` under 184 days or under legal hold."""
        ...

    def parts(self, day: date) -> list[Part]:
        """What one receipt day is kept in."""
        ...

    def facts(self, now_us: int) -> Facts: ...

    def seal(self, now_us: int) -> list[str]:
        """What was received until now is put into the form that does not change any more; says what was done."""
        ...

    def verify(self, days: Collection[date], told: Told) -> Verified:
        """Read back these days, all without any, and hold them against the ledger."""
        ...

    def export(self, day: date, form: str, file: int, told: Told) -> Exported:
        """All events of one receipt day, dead letters too, into a file that is open for writing.

        ``form``: ``jsonl`` or ``parquet``, see ``shouwang.eventstore.exporting``.
        """
        ...

    def maintain(self, now_us: int, budget_s: float) -> list[str]:
        """Housekeeping within the budget; killable anywhere, repeatable. Says what was done."""
        ...

    def health(self) -> list[Finding]: ...

    def close(self) -> None: ...
