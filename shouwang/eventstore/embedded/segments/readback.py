"""A receipt day read back whole, from segments and journal. Workers only.

The manifest and the journal's rows of the day are read in one snapshot, so each event comes once. The files are read
after it: they never change, and one that a compaction has replaced meanwhile makes the caller begin the day again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Final, TypeVar, cast

from shouwang.errors import StoreError
from shouwang.eventstore.base import Stored
from shouwang.eventstore.embedded.rows import STORED_COLUMNS, Row, stored_of
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.sealing import reading
from shouwang.timespan import midnight_us
from shouwang.words import Words

T = TypeVar("T")
_TRIES: Final = 5
_NAMES: Final = STORED_COLUMNS.split(", ")


class Replaced(Exception):
    """A segment went while it was to be read: the manifest says by now what stands in its place."""


@dataclass(frozen=True, slots=True)
class Days:
    """``journal``: the path of ``events.db``."""

    journal: Path
    zone: tzinfo

    def bounds_us(self, day: date) -> tuple[int, int]:
        return midnight_us(day, self.zone), midnight_us(day + timedelta(days=1), self.zone)

    def stored(self, day: date) -> Iterator[Stored]:
        """Of one receipt day, in no promised order. Raises ``Replaced``, ``StoreError``."""
        with reading(self.journal) as db:
            segments = manifest.of_day(db, day.isoformat())
            rows = db.execute(
                f"SELECT {STORED_COLUMNS} FROM event WHERE seq > ? AND received_us >= ? AND received_us < ?",  # noqa: S608  # our own words and columns; values are bound
                (manifest.sealed_to(db), *self.bounds_us(day)),
            )
            yield from map(stored_of, rows)
        for segment in segments:
            yield from self._sealed(segment)

    def _sealed(self, segment: Segment) -> Iterator[Stored]:
        path = manifest.place(self.journal, segment.path)
        if not path.exists():
            self.explain(segment)
        for batch in layout.batches(path, _NAMES):
            columns = [batch.column(name).to_pylist() for name in _NAMES]
            for row in zip(*columns, strict=True):
                yield stored_of(cast(Row, row))

    def explain(self, segment: Segment) -> None:
        """Raises ``Replaced``, or ``StoreError`` where the manifest still names the file that is not there."""
        with reading(self.journal) as db:
            still = any(each.path == segment.path for each in manifest.of_day(db, segment.day))
        if not still:
            raise Replaced
        raise StoreError(
            Words(f"日志分段 {segment.path} 不见了。", f"The segment {segment.path} is missing."),
            hint=Words("请从备份恢复该文件。", "Restore it from the backup."),
        )


def until_whole(read: Callable[[], T]) -> T:
    """The result of ``read``, begun again when a segment was replaced under it."""
    for _ in range(_TRIES):
        try:
            return read()
        except Replaced:
            continue
    raise StoreError(
        Words("日志分段不断被替换，未能读完。", "Segments were replaced again and again while they were read."),
        hint=Words("请稍后重试。", "Try again later."),
    )
