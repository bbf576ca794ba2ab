"""The daemon's side of compaction: a day that is over, and wholly sealed, becomes one file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final, cast

import apsw

from shouwang import faults
from shouwang.errors import ShouwangError, StoreError
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.ledger import Days
from shouwang.eventstore.embedded.segments import manifest
from shouwang.eventstore.embedded.segments.footer import DAILY
from shouwang.eventstore.embedded.segments.jobs import Jobs
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.product import Product, product_of
from shouwang.words import Words

log = logging.getLogger(__name__)

MOST_FILES: Final = 8
"""Of a day that was compacted: more, and it is compacted again."""
AGAIN_US: Final = 3_600_000_000
"""When a day that could not be compacted is tried again."""


class Compactor:
    def __init__(self, database: Database, days: Days, jobs: Jobs, changed: Callable[[apsw.Connection], None]) -> None:
        """``changed``: as for ``Sealer``."""
        self._database = database
        self._days = days
        self._jobs = jobs
        self._changed = changed
        self._failed: dict[str, tuple[int, ShouwangError]] = {}

    @property
    def failed(self) -> ShouwangError | None:
        """Why a day could not be compacted, of one that could not."""
        return next((error for _, error in self._failed.values()), None)

    def compact(self, now_us: int) -> str:
        """One day; what was done, empty where nothing is due. A day that fails is left for an hour, others go on."""
        for day, parts in self._due(now_us):
            if day in self._failed and abs(now_us - self._failed[day][0]) < AGAIN_US:
                continue
            try:
                made = self._compact(day, parts, now_us)
            except ShouwangError as failed:
                if self._jobs.stopped:
                    raise
                log.warning("the segments of %s stay as they are: %s", day, failed.whole)
                self._failed[day] = (now_us, failed)
                continue
            self._failed.pop(day, None)
            return f"made one segment of {day} from {len(parts)}, {made.segment.rows} events"
        return ""

    def _due(self, now_us: int) -> list[tuple[str, list[Segment]]]:
        """Days, oldest first."""
        with self._database.reading() as db:
            all_parts, sealed_to, resume_to = manifest.segments(db), manifest.sealed_to(db), manifest.resume_to(db)
            hot = db.execute("SELECT received_us FROM event WHERE seq > ? ORDER BY seq LIMIT 1", (sealed_to,)).get
        open_day = self._days.of(now_us if hot is None else min(now_us, cast(int, hot)))
        found = []
        for day, grouped in groupby(all_parts, key=lambda each: each.day):
            parts = list(grouped)
            whole = any(each.kind == DAILY for each in parts)
            resumable = all(
                each.to_seq <= resume_to for each in parts
            )  # a lost database goes back to there, and no day is split
            if day < open_day and resumable and (not whole or len(parts) > MOST_FILES):
                found.append((day, parts))
        return found

    def _compact(self, day: str, parts: Sequence[Segment], now_us: int) -> Product:
        with self._database.reading() as db:
            home = str(db.execute("SELECT value FROM meta WHERE name = 'home'").get or "")
        paths = [each.path for each in parts]
        answer = self._jobs.run(
            "store.compact", {"events": str(self._database.path), "home": home, "day": day, "paths": list(paths)}
        )
        faults.reach("compact.answered")
        made = product_of(answer["file"])
        with self._database.writing() as db:
            if manifest.of_day(db, day) != list(parts) or made.segment.rows != sum(each.rows for each in parts):
                raise StoreError(
                    Words(f"{day} 的分段在合并期间有变动。", f"The segments of {day} changed while they were made one.")
                )
            manifest.bury(db, paths, now_us)
            manifest.insert(db, made.segment, made.sums)
            self._changed(db)
            faults.reach("compact.swapped")
        faults.reach("compact.committed")
        return made
