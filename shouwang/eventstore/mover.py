"""One store's days -> another store, each proven; then what came meanwhile. Repeatable: ids tell what is there.

A day counts as moved when what the other store gives back, read whole, has the digests of this one's ledger.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol, TypeVar

from shouwang.eventstore.base import Batch, DayLedger, EventStore, Position, Rehydrate, StoreAway
from shouwang.eventstore.exported import batches
from shouwang.model import Event, Match, Value
from shouwang.timespan import midnight_us
from shouwang.words import Words

T = TypeVar("T")
BATCH_EVENTS: Final = 2_000
PAGE: Final = 500
"""Of what came meanwhile."""
PATIENCE_S: Final = 120.0
PAUSE_S: Final = 0.2
_HALF_DAY_US: Final = 43_200_000_000
_NOTHING: Final = "0" * 64
"""The digest of no event."""


class Movable(EventStore, Protocol):
    def running_days(self) -> list[DayLedger]: ...
    def waits(self) -> int: ...
    def forget_day(self, day: date, *, now_us: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """What keeps a day from being moved."""

    day: date
    source: str
    what: Words


Rows = Mapping[str, DayLedger]
"""Of one day, by source."""
Key = tuple[bytes, str]
"""Of a match: event and rule."""


@dataclass(frozen=True, slots=True)
class Mover:
    """``refusal``: why ``target`` can never take an event, else empty. ``folder``: for temporary files. ``told``: gets
    each progress, and may raise to end it. ``rest``: called with the seconds that a piece of work took."""

    source: Movable
    target: Movable
    rehydrate: Rehydrate
    refusal: Callable[[Event], str]
    zone: tzinfo
    folder: Path
    told: Callable[[Mapping[str, Value]], None] = lambda _said: None
    rest: Callable[[float], None] = lambda _took: None

    # -------------------------------------------------------------------------------------------- days

    def rows(self, day: date) -> Rows:
        """The source's, as they are now."""
        return {row.source: row for row in self.source.running_days() if row.day == day}

    def copy(self, day: date) -> list[Difference]:
        """What the target lacks of it; it may go on growing. Gives what can never get there."""
        rows = self.rows(day)
        if not differences(day, rows, self._there(day)):
            return []
        noon_us = midnight_us(day, self.zone) + _HALF_DAY_US
        refused: dict[tuple[str, str], int] = {}
        with tempfile.TemporaryFile(dir=self.folder) as spool:
            made = self.source.export(day, "jsonl", spool.fileno(), self.told)
            if rows == self.rows(day) and (wrong := _not_as_booked(day, rows, made.sources, _BEFORE)):
                return wrong
            for events in batches(spool, self.rehydrate, BATCH_EVENTS):
                self._take(events, noon_us, refused)
        return [Difference(day, source, _never(reason, number)) for (source, reason), number in refused.items()]

    def check(self, day: date) -> tuple[str, list[Difference]]:
        """The day's fingerprint, and what differs between the ledgers or when it is read back."""
        rows = self.rows(day)
        self._book_drops(day, rows)
        found = differences(day, rows, self._there(day))
        if not found:
            with tempfile.TemporaryFile(dir=self.folder) as spool:
                made = self._patiently(lambda: self.target.export(day, "jsonl", spool.fileno(), self.told))
            found = _not_as_booked(day, rows, made.sources, _AFTER)
        return fingerprint(rows), found

    def begin_again(self, day: date, now_us: int) -> bool:
        """Forget what the target has of a day that it gives back otherwise than it booked it, matches too. Whether it
        was done: not where its ledger has something that the source's has not."""
        if differences(day, self.rows(day), self._there(day)):
            return False
        self.target.forget_day(day, now_us=now_us)
        return True

    def compare(self, day: date) -> list[Difference]:
        """By the ledgers alone, with the digests of what was put."""
        rows = self.rows(day)
        self._book_drops(day, rows)
        return differences(day, rows, self._there(day))

    def _there(self, day: date) -> Rows:
        self.drain()
        return {row.source: row for row in self._patiently(self.target.running_days) if row.day == day}

    def _book_drops(self, day: date, rows: Rows) -> None:
        """Where the events are the same, so that no dead letter is booked that is yet to come."""
        there = self._there(day)
        lacks: dict[tuple[str, str], int] = {}
        for source, row in rows.items():
            held = there.get(source)
            if (held.digest if held else _NOTHING) != row.digest:
                continue
            for reason, number in row.dropped.items():
                if (more := number - (held.dropped.get(reason, 0) if held else 0)) > 0:
                    lacks[source, reason] = more
        if lacks:
            self._put(Batch([], drops=lacks, received_us=midnight_us(day, self.zone) + _HALF_DAY_US))
            self.drain()

    # ------------------------------------------------------------------------------- what came meanwhile

    def tail(self, after: Position) -> tuple[Position, int]:
        """The next page of what arrived after then, whatever its day; and how many it had."""
        page = self.source.tail("events", after, PAGE)
        if page.items:
            self._take(page.items, page.items[-1].received_us, {})
        return page.next or after, len(page.items)

    def matches(self, after: Position | None, but: Collection[Key]) -> tuple[Position | None, bool]:
        """The next page of matches, in their order; up to the first of ``but``. False: no more now."""
        page = self.source.tail("matches", after, PAGE)
        going: list[Match] = []
        for match in page.items:
            if (match.event_id, match.rule_id) in but:
                break
            going.append(match)
        if going:
            self._put(Batch([], going))
        if len(going) < len(page.items) or not page.items:
            return after, False
        return page.next, True

    def drain(self) -> None:
        """Wait until the target has what was put. Raises ``StoreAway``."""
        until = time.monotonic() + PATIENCE_S
        while self.target.waits():
            if time.monotonic() > until:
                raise StoreAway(
                    Words("新存储长时间没有收下日志。", "The new store has taken nothing for a while."),
                    hint=Words("`shouwang doctor` 可查看原因。", "`shouwang doctor` may say why."),
                )
            self.told({})
            time.sleep(PAUSE_S / 10)

    def _take(self, events: Sequence[Event], received_us: int, refused: dict[tuple[str, str], int]) -> None:
        taken = []
        for event in events:
            if reason := self.refusal(event):
                refused[event.source, reason] = refused.get((event.source, reason), 0) + 1
            else:
                taken.append(event)
        self._put(Batch(taken, received_us=received_us))

    def _put(self, batch: Batch) -> None:
        began = time.monotonic()
        self._patiently(lambda: self.target.put(batch, {}))
        self.told({"events": len(batch.events)})
        self.rest(time.monotonic() - began)

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Of a store that is away for a moment."""
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return ask()
            except StoreAway:
                if time.monotonic() > until:
                    raise
                self.told({})
                time.sleep(PAUSE_S)


# ------------------------------------------------------------------------------------------ comparing


def by_day(ledger: Iterable[DayLedger]) -> dict[date, dict[str, DayLedger]]:
    """And by source; the oldest first."""
    found: dict[date, dict[str, DayLedger]] = {}
    for row in sorted(ledger, key=lambda row: row.day):
        found.setdefault(row.day, {})[row.source] = row
    return found


def fingerprint(rows: Rows) -> str:
    """The same for the same ledger of a day."""
    said = [(s, r.received, r.stored, r.bytes, r.digest, sorted(r.dropped.items())) for s, r in sorted(rows.items())]
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def differences(day: date, rows: Rows, there: Rows) -> list[Difference]:
    """Per source, what the two ledgers say differently."""
    found = []
    for source in sorted({*rows, *there}):
        one, other = _said(rows.get(source)), _said(there.get(source))
        if one == other:
            continue
        names = [name for name in one if one[name] != other[name]]
        zh = "；".join(f"{_NAMES[name].zh} {other[name]}，应为 {one[name]}" for name in names)
        en = "; ".join(f"{_NAMES[name].en} {other[name]} instead of {one[name]}" for name in names)
        found.append(Difference(day, source, Words(zh, en)))
    return found


_NAMES: Final[Mapping[str, Words]] = {
    "received": Words("接收", "received"),
    "stored": Words("入库", "stored"),
    "dropped": Words("丢弃", "dropped"),
    "bytes": Words("字节", "bytes"),
    "digest": Words("摘要", "digest"),
}


def _said(row: DayLedger | None) -> dict[str, str]:
    if row is None:
        return {"received": "0", "stored": "0", "dropped": "-", "bytes": "0", "digest": _NOTHING}
    dropped = ", ".join(f"{reason} {number}" for reason, number in sorted(row.dropped.items()) if number) or "-"
    return {
        "received": str(row.received),
        "stored": str(row.stored),
        "dropped": dropped,
        "bytes": str(row.bytes),
        "digest": row.digest,
    }


_BEFORE: Final = Words("原存储读回", "the old store gave back")
_AFTER: Final = Words("新存储读回", "the new store gave back")


def _not_as_booked(day: date, rows: Rows, read: Mapping[str, Mapping[str, Value]], whose: Words) -> list[Difference]:
    found = []
    for source in sorted({*rows, *read}):
        row = rows.get(source)
        digest = row.digest if row else _NOTHING
        seen = read.get(source, {})
        if seen.get("digest", _NOTHING) != digest:
            number = seen.get("events", 0)
            what = Words(
                f"{whose.zh} {number} 条，摘要与台账不符",
                f"{whose.en} {number} events whose digest is not the ledger's",
            )
            found.append(Difference(day, source, what))
    return found


def _never(reason: str, number: int) -> Words:
    return Words(f"{number} 条新存储永远不收（{reason}）", f"the new store can never take {number} of it ({reason})")
