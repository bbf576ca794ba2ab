"""What the store does with its segments, round after round: tidy, mark, seal, shed, compact, sweep."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import cast

from shouwang import worker
from shouwang.errors import ShouwangError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.embedded.database import Database
from shouwang.eventstore.embedded.ledger import Days
from shouwang.eventstore.embedded.room import Room
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import manifest, tidying
from shouwang.eventstore.embedded.segments.compactor import Compactor
from shouwang.eventstore.embedded.segments.jobs import Jobs
from shouwang.eventstore.embedded.segments.recovering import Recovered, recover
from shouwang.eventstore.embedded.segments.sealedids import SealedIds
from shouwang.eventstore.embedded.segments.sealer import Limits, Sealer
from shouwang.model import Finding, Level, Value
from shouwang.words import NOTHING, Words, many

log = logging.getLogger(__name__)


class Rounds:
    """One thread works at a time, the others wait; ``stop``, ``findings`` and ``ids`` are any thread's."""

    def __init__(self, database: Database, zone: tzinfo, room: Room, limits: Limits = Limits()) -> None:  # noqa: B008  # frozen
        self._database = database
        self._room = room
        self._jobs = Jobs()
        self.ids = SealedIds(self._ask)
        days = Days(zone)
        self._sealer = Sealer(database, days, self._jobs, self.ids.refresh, limits)
        self._compactor = Compactor(database, days, self._jobs, self.ids.refresh)
        self._tidy = False
        self._missing: list[str] = []
        self._failed: ShouwangError | None = None
        self._late = False
        self._working = threading.Lock()
        with database.reading() as db:
            for each in manifest.segments(db, "schema > :known", {"known": footers.SCHEMA}):
                raise footers.newer(each.path, each.schema)
            self.ids.refresh(db)

    def work(self, now_us: int, until: float) -> list[str]:
        """One round: of each kind of work at least a step where one is due. ``until``: of ``time.monotonic``.

        Says what was done. What fails is told by ``findings``, and the next round tries again.
        """
        with self._working:
            return self._round(now_us, until)

    def seal_now(self, now_us: int) -> list[str]:
        """All that was received until now; says what was done. Raises ``ShouwangError``."""
        with self._working:
            self._sealer.mark_here(now_us)
            done: list[str] = []
            while said := self._sealer.seal(now_us, at_once=True):
                done.append(said)
            self._sealer.shed(time.monotonic())
            return done

    def _round(self, now_us: int, until: float) -> list[str]:
        done: list[str] = []
        try:
            self._seal(now_us, until, done)
            while not self._room.tight() and (said := self._compactor.compact(now_us)):
                done.append(said)
                if time.monotonic() >= until:
                    break
            self._failed = None
        except ShouwangError as failed:
            self._tidy = False
            if not self._jobs.stopped:
                if self._failed is None or self._failed.whole != failed.whole:
                    log.warning("events are not sealed: %s; it is tried again", failed.whole)
                self._failed = failed
        finally:
            self._late = self._sealer.is_late(now_us)
        return done

    def _seal(self, now_us: int, until: float, done: list[str]) -> None:
        if not self._tidy:
            gone, aside = tidying.tidy(self._database)
            done += [f"removed {path}, which nothing named" for path in gone]
            done += [f"set {path} aside, which is of another store" for path in aside]
            self._tidy = True
        self._missing = tidying.missing(self._database)
        tidying.sweep(self._database, now_us)
        self._sealer.mark(now_us)
        while said := self._sealer.seal(now_us):
            done.append(said)
            if time.monotonic() >= until:
                break
        self._sealer.shed(until)

    def recover(self, home: str) -> Recovered | None:
        """See ``recovering.recover``."""
        found = recover(self._database, self._jobs, home)
        with self._database.reading() as db:
            self.ids.refresh(db)
        return found

    def stop(self) -> None:
        """What runs ends at once; it is done again on the next start."""
        self._jobs.stop()

    def findings(self) -> list[Finding]:
        found = []
        if self._failed is not None:
            found.append(_finding(Words("日志未能封存", "Events could not be sealed"), self._failed))
        elif self._late:
            found.append(Finding(Level.DEGRADED, _LATE, _LATE_HINT))
        if self._compactor.failed is not None:
            found.append(_finding(Words("日志分段未能合并", "Segments could not be compacted"), self._compactor.failed))
        if self._missing:
            found.append(_lost(self._missing))
        if aside := tidying.aside(self._database.path):
            found.append(_set_aside(aside))
        return found

    def _ask(self, asked: Mapping[str, Sequence[bytes]]) -> frozenset[bytes]:
        try:
            answer = worker.run(
                "store.ids",
                {
                    "events": str(self._database.path),
                    "asked": {path: [id.hex() for id in ids] for path, ids in asked.items()},
                },
            )
        except ShouwangError as failed:
            raise StoreAway(failed.message, hint=failed.hint) from failed
        for damaged in cast("list[Value]", answer["unread"]):
            log.warning("%s", damaged)
        return frozenset(bytes.fromhex(str(id)) for id in cast("list[Value]", answer["found"]))


_LATE = Words("日志封存落后超过三小时。", "Sealing is more than three hours behind.")
_LATE_HINT = Words(
    "日志仍在 events.db 中，可照常检索；若持续如此，请检查磁盘速度和处理器负载。",
    "The events are in events.db and can be searched; if it stays so, look at the disk's speed and the load.",
)


def _finding(what: Words, failed: ShouwangError) -> Finding:
    said = failed.message
    return Finding(Level.DEGRADED, Words(f"{what.zh}：{said.zh}", f"{what.en}: {said.en}"), failed.hint or NOTHING)


def _lost(paths: Sequence[str]) -> Finding:
    named = f"{paths[0]} ..." if len(paths) > 1 else paths[0]
    return Finding(
        Level.BROKEN,
        Words(f"缺少 {len(paths)} 个日志分段：{named}", f"{many(len(paths), 'segment')} missing: {named}"),
        Words(
            "请从备份恢复到原处；其他日期不受影响。",
            "Restore them from the backup to where they were; other days can be read.",
        ),
    )


def _set_aside(number: int) -> Finding:
    return Finding(
        Level.DEGRADED,
        Words(
            f"segments/{tidying.ASIDE} 中有 {number} 个移出的日志分段，其内容不在检索范围内。",
            f"{many(number, 'segment')} were set aside in segments/{tidying.ASIDE}: what they hold is not searched.",
        ),
        Words(
            "它们已损坏、属于其他数据目录，或比 events.db 新（曾恢复旧备份）。确认不再需要后删除。",
            "They are damaged, of another home, or newer than events.db (an older backup was restored)."
            " Delete them when nobody needs them.",
        ),
    )
