"""A day of an archive -> the store, by way of a worker that has read and checked all of it first."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from shouwang import worker
from shouwang.archive import Entry
from shouwang.clock import Clock
from shouwang.errors import StoreError
from shouwang.eventstore.base import Batch, EventStore, PutResult, StoreAway
from shouwang.eventstore.exported import batches
from shouwang.model import Value
from shouwang.timespan import midnight_us
from shouwang.words import Words

PATIENCE_S: Final = 30.0
PAUSE_S: Final = 0.5
_TIMES_ITS_SIZE: Final = 4
"""Room that a file needs while it is taken in: checked rows beside it, then the journal."""


@dataclass(slots=True)
class Taken:
    events: int = 0
    stored: int = 0
    """That were not there before."""
    refused: int = 0
    drops: int = 0
    """Records that were received and not kept where the archive comes from, booked here now."""


@dataclass(frozen=True, slots=True)
class Archives:
    store: EventStore
    clock: Clock
    zone: tzinfo
    folder: Path
    """For temporary files."""

    def take(self, entry: Entry, file: int, told: Callable[[Mapping[str, Value]], None], lang: str) -> Taken:
        """``file``: open for reading. The same day again changes nothing. ``told`` may raise to end it.

        Raises ``UsageError`` for a file that is not what its entry says: then nothing of it was put.
        """
        self._require_room(os.fstat(file).st_size)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder) as spool, tempfile.TemporaryFile(dir=self.folder) as copy:
            worker.run("store.unpack", self._asked(entry, lang), files=[file, spool.fileno(), copy.fileno()], told=told)
            return self._put(entry, spool, told)

    def _asked(self, entry: Entry, lang: str) -> dict[str, Value]:
        return {
            "name": entry.name,
            "day": entry.day.isoformat(),
            "format": entry.form,
            "sha256": entry.sha256,
            "events": entry.events,
            "bytes": entry.bytes,
            "sources": {name: dict(each) for name, each in entry.sources.items()},
            "zone": str(self.zone),
            "now_us": self.clock.now_us(),
            "parsers": list(PARSERS),
            "lang": lang,
        }

    def _require_room(self, size: int) -> None:
        free = self.store.facts(self.clock.now_us()).free_bytes
        if free < size * _TIMES_ITS_SIZE:
            raise StoreError(
                Words(
                    f"磁盘空间不足：剩余 {free >> 20} MiB，导入需要 {size * _TIMES_ITS_SIZE >> 20} MiB。",
                    f"Too little room: {free >> 20} MiB are free, and {size * _TIMES_ITS_SIZE >> 20} MiB are needed.",
                ),
                hint=Words("请先腾出空间。", "Make room first."),
            )

    def _put(self, entry: Entry, spool: BinaryIO, told: Callable[[Mapping[str, Value]], None]) -> Taken:
        taken = Taken()
        noon_us = midnight_us(entry.day, self.zone) + 43_200_000_000
        for events in batches(spool, rehydrate):
            result = self._put_patiently(Batch(events, received_us=noon_us))
            taken.events += len(events)
            taken.stored += result.stored
            taken.refused += len(result.refused)
            told({"events": taken.events})
        taken.drops = self._book_drops(entry, noon_us)
        return taken

    def _put_patiently(self, batch: Batch) -> PutResult:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.store.put(batch, {})
            except StoreAway:
                if time.monotonic() > until:
                    raise
                time.sleep(PAUSE_S)

    def _book_drops(self, entry: Entry, noon_us: int) -> int:
        """What the ledger here lacks of the archive's: so a second time adds nothing."""
        held = {row.source: row.dropped for row in self.store.days() if row.day == entry.day}
        lacks: dict[tuple[str, str], int] = {}
        for source, row in entry.ledger.items():
            dropped = row["dropped"]
            assert isinstance(dropped, dict)
            for reason, number in dropped.items():
                assert isinstance(number, int)
                if (more := number - held.get(source, {}).get(reason, 0)) > 0:
                    lacks[source, reason] = more
        if lacks:
            self._put_patiently(Batch([], drops=lacks, received_us=noon_us))
        return sum(lacks.values())
