"""A home's events on their way to another store, while the daemon goes on: in a thread that gives way.

Killed anywhere it goes on: what was found equal is noted in the state store, and ids tell what is there. The last step,
with nothing running, is ``shouwang.switching``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from shouwang.clock import Clock
from shouwang.config import Config
from shouwang.errors import ShouwangError
from shouwang.eventstore.base import Position
from shouwang.eventstore.embedded.rows import refusal
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.eventstore.mover import Difference, Key, Movable, Mover, by_day, fingerprint
from shouwang.flows.alerting import POSITION
from shouwang.home import Home
from shouwang.model import Event, Finding, Level, Value
from shouwang.moves import MOVE, OPEN, Fault, Move, move_of
from shouwang.statestore.store import StateStore
from shouwang.storewiring import REHYDRATE, target_of
from shouwang.timespan import day_of
from shouwang.words import Words

log = logging.getLogger(__name__)

AGAIN_S: Final = 300.0
"""Between two looks at days that differ, where nobody asks for it."""
LONGEST_REST_S: Final = 1.0
SMALL_S: Final = 10.0
"""What came meanwhile is little when it is moved within this."""
KEEP_EVERY: Final = 20
"""Pages of what came meanwhile between two notes of how far it is."""
MOST_UNHANDLED: Final = 100_000
UPKEEP_S: Final = 5.0


class Ended(Exception):
    """The daemon ends, or the move was called off."""


@dataclass(slots=True)
class Progress:
    days: int = 0
    days_moved: int = 0
    day: date | None = None
    """Under way."""
    events: int = 0
    """Put since the daemon's start."""
    bytes: int = 0
    bytes_moved: int = 0
    began_s: float = 0
    began_bytes: int = 0

    def left_s(self) -> float | None:
        """An estimate, by the bytes moved since the start."""
        took_s, moved = time.monotonic() - self.began_s, self.bytes_moved - self.began_bytes
        if moved <= 0:
            return None
        return max(self.bytes - self.bytes_moved, 0) * took_s / moved


class Moving:
    """One thread runs it; any thread may ask."""

    def __init__(self, home: Home, config: Config, clock: Clock, events: Movable, state: StateStore) -> None:
        self._home = home
        self._config = config
        self._clock = clock
        self._events = events
        self._state = state
        self._wake = threading.Event()
        self.progress = Progress()

    @property
    def move(self) -> Move | None:
        return move_of(self._state.memory.get(MOVE))

    @property
    def is_due(self) -> bool:
        """The daemon shall start anew, and switch."""
        move = self.move
        return move is not None and move.stage == "ready" and move.not_before_us <= self._clock.now_us()

    def wake(self) -> None:
        self._wake.set()

    def findings(self) -> list[Finding]:
        move = self.move
        if move is None or not move.goes_on:
            return []
        found = []
        if move.faults:
            first = move.faults[0]
            what = Words(
                f"迁移：{len(move.faults)} 处与台账不符，首处 {first.day} {first.source}：{first.zh}。",
                f"Moving: {len(move.faults)} places differ, first {first.day} {first.source}: {first.en}.",
            )
            hint = Words(
                "会自动重试；`shouwang store migrate --status` 列出全部。",
                "It is tried again; `shouwang store migrate --status` lists all.",
            )
            found.append(Finding(Level.DEGRADED, what, hint))
        if move.why is not None:
            what = Words(f"迁移：切换推迟：{move.why.zh}", f"Moving: the switch was put off: {move.why.en}")
            found.append(Finding(Level.DEGRADED, what, Words("会自动重试。", "It is tried again.")))
        return found

    # ------------------------------------------------------------------------------------------- the thread

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            move = self.move
            if move is None or move.stage != "moving":
                self._wake.wait(LONGEST_REST_S)
                continue
            try:
                self.once(stop)
            except Ended:
                continue

    def once(self, stop: threading.Event) -> None:
        """Until the rest is small. Raises ``Ended``, ``ShouwangError``."""
        move = self._going_on(stop)
        target = target_of(self._home, self._config, self._clock, self._state, move.aim)
        try:
            cache = self._home.path / "cache"
            cache.mkdir(mode=0o700, exist_ok=True)

            def told(said: Mapping[str, Value]) -> None:
                self._going_on(stop)
                number = said.get("events")
                self.progress.events += number if isinstance(number, int) else 0

            def rest(took_s: float) -> None:
                stop.wait(min(took_s, LONGEST_REST_S))

            mover = Mover(
                self._events,
                target,
                REHYDRATE,
                refuses(target),
                self._config.site.zone,
                cache,
                told,
                rest,
            )
            self.progress = Progress(began_s=time.monotonic())
            while not self._round(mover, stop):
                if self._going_on(stop).faults:
                    self._wake.wait(AGAIN_S)
                    self._wake.clear()
        finally:
            target.close()

    def _round(self, mover: Mover, stop: threading.Event) -> bool:
        """Every day, then what came meanwhile. Whether the rest is small."""
        self._days(mover, stop)
        began = time.monotonic()
        self._tail(mover, stop)
        self._matches(mover, stop)
        move = self._going_on(stop)
        if move.faults or time.monotonic() - began > SMALL_S or self._unlike(move):
            return False
        self._keep(stop, lambda now: replace(now, stage="ready"))
        log.info("all days have moved to %s; the daemon starts anew and switches", move.aim)
        return True

    def _unlike(self, move: Move) -> list[date]:
        """Days that are over and have changed since they were found equal."""
        today = day_of(self._clock.now_us(), self._config.site.zone)
        return [day for day, mark in self._marks().items() if day < today and move.days.get(day.isoformat()) != mark]

    def _marks(self) -> dict[date, str]:
        return {day: fingerprint(rows) for day, rows in by_day(self._events.running_days()).items()}

    def _days(self, mover: Mover, stop: threading.Event) -> None:
        sizes: dict[date, int] = {}
        for row in self._events.running_days():
            sizes[row.day] = sizes.get(row.day, 0) + row.bytes
        marks, move = self._marks(), self._going_on(stop)
        done = {day for day, mark in marks.items() if move.days.get(day.isoformat()) in (mark, OPEN)}
        seen, now = self.progress, sum(sizes[day] for day in done)
        seen.days, seen.days_moved, seen.bytes, seen.bytes_moved = len(marks), len(done), sum(sizes.values()), now
        seen.began_bytes = seen.began_bytes or now
        for day, mark in marks.items():
            if self._going_on(stop).days.get(day.isoformat()) != mark:
                seen.day = day
                self._day(mover, day, stop)
                if day not in done:
                    seen.days_moved += 1
                    seen.bytes_moved += sizes[day]
        seen.day = None

    def _day(self, mover: Mover, day: date, stop: threading.Event) -> None:
        """One that goes on is copied once; the rest of it comes by the tail."""
        now_us, text = self._clock.now_us(), day.isoformat()
        is_over = day < day_of(now_us, self._config.site.zone)
        if not is_over and self._going_on(stop).days.get(text) == OPEN:
            return
        found, mark = mover.copy(day), OPEN
        if is_over and not found:
            mark, found = mover.check(day)
            if found and mover.begin_again(day, now_us):
                log.warning("%s was not given back as it was put; it is moved again", day)
                self._keep(stop, lambda now: replace(now, matches=""))
                found = mover.copy(day)
                if not found:
                    mark, found = mover.check(day)
        self._keep(stop, lambda now: _noted(now, text, "" if found else mark, found))
        mover.target.seal(now_us)
        mover.target.maintain(now_us, UPKEEP_S)

    def _tail(self, mover: Mover, stop: threading.Event) -> None:
        place, pages = Position(self._going_on(stop).events), 0
        while True:
            place, number = mover.tail(place)
            pages += 1
            if not number or pages % KEEP_EVERY == 0:
                mover.drain()
                token = place.token
                self._keep(stop, lambda now: replace(now, events=token))  # noqa: B023  # called at once
            if not number:
                return

    def _matches(self, mover: Mover, stop: threading.Event) -> None:
        """Those that alerting has handled: so that its place among them can be said in the other store."""
        token = self._going_on(stop).matches
        place, more = Position(token) if token else None, True
        but = unhandled(self._events, self._state)
        while more:
            place, more = mover.matches(place, but)
        mover.drain()
        self._keep(stop, lambda now: replace(now, matches=place.token if place else ""))

    # ---------------------------------------------------------------------------------------------- notes

    def _going_on(self, stop: threading.Event) -> Move:
        """Raises ``Ended``."""
        move = self.move
        if stop.is_set() or move is None or move.stage != "moving":
            raise Ended
        return move

    def _keep(self, stop: threading.Event, change: Callable[[Move], Move]) -> None:
        move = change(self._going_on(stop))
        with self._state.work() as tx:
            now = move_of(tx.memory.get(MOVE))
            if now is None or now.begun_us != move.begun_us:
                raise Ended
            tx.memory.put(MOVE, move.dumped())


def refuses(target: object) -> Callable[[Event], str]:
    """Why this store can never take an event."""
    if isinstance(target, EmbeddedStore):
        return refusal
    from shouwang.eventstore.elastic import documents  # noqa: PLC0415  # a client that others do without

    return documents.refusal


def unhandled(events: Movable, state: StateStore) -> frozenset[Key]:
    """Matches that alerting has not seen yet. Raises ``ShouwangError`` while it is far behind."""
    kept = state.memory.get(POSITION)
    place = Position(kept.decode()) if kept else None
    found: set[Key] = set()
    while items := (page := events.tail("matches", place, 1000)).items:
        found |= {(each.event_id, each.rule_id) for each in items}
        place = page.next
        if len(found) > MOST_UNHANDLED:
            raise ShouwangError(
                Words("告警处理积压过多，迁移等待。", "Alerting is far behind; the move waits for it."),
                hint=Words("会自动继续。", "It goes on by itself."),
            )
    return frozenset(found)


def _noted(move: Move, day: str, mark: str, found: list[Difference]) -> Move:
    others = [each for each in move.faults if each.day != day]
    faults = [Fault(each.day.isoformat(), each.source, each.what.zh, each.what.en) for each in found]
    days = {**move.days, day: mark} if mark else {name: each for name, each in move.days.items() if name != day}
    return replace(move, days=days, faults=(*others, *faults))
