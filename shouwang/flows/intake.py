"""Chunks from sources -> events with ids and assets -> matches -> one ``put``. Collectors meet detection here, live.

Kill it anywhere: events, matches and cursors are one transaction of the store, so what was not stored is read again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from collectors.poison import ENGINE_FAULT, STORE_FAULT, poisoned
from collectors.sources.base import Chunk
from detection.matching import Rules
from shouwang.assets import AssetRegister
from shouwang.clock import Clock
from shouwang.errors import StoreError
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch, EventStore, StoreAway
from shouwang.model import DEAD_DATASET, Event, Finding, Level, Match
from shouwang.words import NOTHING, Words, words

log = logging.getLogger(__name__)

BATCH_EVENTS: Final = 1000
GATHER_S: Final = 0.2
"""How long the first event of a batch waits for company."""
HELD_EVENTS: Final = 20_000
HELD_BYTES: Final = 32 * 1024 * 1024
"""What waits before ``deliver`` blocks; one chunk is always taken."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
DRAIN_S: Final = 5.0
"""How long a store that is away is still asked when the daemon ends."""


class IntakeClosed(Exception):
    """Nothing is taken any more; what was not handed over is read again on the next start."""


class Intake:
    """A queue and the one thread that writes events. ``deliver`` may be called by any thread."""

    def __init__(
        self,
        store: EventStore,
        engine: Rules,
        clock: Clock,
        *,
        assets: AssetRegister,
        stored: Callable[[], None] = lambda: None,
    ) -> None:
        """``stored`` is called after each put that had matches: alerting need not wait for its next look."""
        self._store = store
        self._engine = engine
        self._clock = clock
        self._assets = assets
        self._stored = stored
        self._held: deque[Chunk] = deque()
        self._held_events = 0
        self._held_bytes = 0
        self._changed = threading.Condition()
        self._busy = False
        self._closing = False
        self._hurried = 0
        self._away = NOTHING
        self._gave_up = False
        self._until = 0.0
        """When closing: by when the store must have taken what is held."""
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self.received = 0
        """Records handed over since the start, kept or dropped."""
        self.put_events = 0
        self.dropped: Counter[tuple[str, str]] = Counter()
        """(source, reason) -> records that are not stored as what they are; dead letters among them."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stores all that was handed over. While the store is away that cannot be; then the sources' cursors tell."""
        with self._changed:
            self._closing = True
            self._until = time.monotonic() + DRAIN_S
            self._changed.notify_all()
        self._thread.join()

    def deliver(self, chunk: Chunk) -> None:
        """Blocks while too much waits: that is the sources' back pressure. Raises ``IntakeClosed``."""
        size_bytes = sum(len(event.raw) for event in chunk.events)
        with self._changed:
            while self._held_events and (
                self._held_events + len(chunk.events) > HELD_EVENTS or self._held_bytes + size_bytes > HELD_BYTES
            ):
                if self._closing:
                    break
                self._changed.wait()
            if self._closing:
                raise IntakeClosed
            self._held.append(chunk)
            self._held_events += len(chunk.events)
            self._held_bytes += size_bytes
            self._changed.notify_all()

    def settle(self, timeout_s: float) -> bool:
        """Wait until all that was handed over is stored; whether it is. Nothing waits for company meanwhile."""
        with self._changed:
            self._hurried += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._held and not self._busy, timeout_s)
            finally:
                self._hurried -= 1

    def findings(self) -> list[Finding]:
        found = []
        if self._away:
            found.append(
                Finding(
                    Level.BROKEN,
                    Words(
                        f"事件库暂时无法写入：{self._away.zh}", f"The event store takes nothing now: {self._away.en}"
                    ),
                    Words("各数据源正在等待，日志不会丢失。", "Sources wait; nothing is lost."),
                )
            )
        return found

    # ------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while chunks := self._gather():
            try:
                self._keep(chunks)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _gather(self) -> list[Chunk]:
        """Up to a batch, complete chunks only; empty: closed and nothing left."""
        with self._changed:
            self._changed.wait_for(lambda: self._held or self._closing)
            until = time.monotonic() + GATHER_S
            self._changed.wait_for(
                lambda: self._closing or self._hurried or self._held_events >= BATCH_EVENTS,
                timeout=until - time.monotonic(),
            )
            chunks: list[Chunk] = []
            number = 0
            while self._held and (not chunks or number + len(self._held[0].events) <= BATCH_EVENTS):
                chunk = self._held.popleft()
                chunks.append(chunk)
                number += len(chunk.events)
            self._held_events -= number
            self._held_bytes -= sum(len(event.raw) for chunk in chunks for event in chunk.events)
            self._busy = bool(chunks)
            self._changed.notify_all()
            return chunks

    def _keep(self, chunks: Sequence[Chunk]) -> None:
        events = [event for chunk in chunks for event in chunk.events]
        self._name(events)
        events, matches = self._matched(events)
        drops: Counter[tuple[str, str]] = Counter()
        cursors: dict[str, bytes] = {}
        for chunk in chunks:
            drops.update(chunk.drops)
            cursors.update(chunk.cursors)
        batch = Batch(events, matches, dict(drops), self._clock.now_us())
        if self._put(batch, cursors) and matches:
            self._stored()

    def _count(self, batch: Batch, refused: Mapping[bytes, str]) -> None:
        """What a put took."""
        self.put_events += len(batch.events)
        self.received += len(batch.events) + sum(batch.drops.values())
        self.dropped.update(batch.drops)
        for event in batch.events:
            if event.id in refused:
                self.dropped[event.source, refused[event.id]] += 1
            elif event.shape.dataset == DEAD_DATASET:
                self.dropped[event.source, str(event.get("error.code"))] += 1

    def _name(self, events: Sequence[Event]) -> None:
        """Ids in order of receipt, and assets."""
        for event, event_id in zip(events, give_ids(event.received_us for event in events), strict=True):
            event.id = event_id
            event.asset_id = self._assets.id_of(event)

    def _matched(self, events: list[Event]) -> tuple[list[Event], list[Match]]:
        try:
            return events, self._engine.match(events)
        except Exception:  # a rule's fault: events are stored all the same, each tried by itself below
            log.exception("Matching a batch failed; its events are tried one by one")
        kept: list[Event] = []
        matches: list[Match] = []
        for event in events:
            try:
                matches += self._engine.match([event])
                kept.append(event)
            except Exception as fault:  # noqa: BLE001  # logged above; the event is kept with this reason
                kept.append(poisoned(event, ENGINE_FAULT, fault))
        return kept, matches

    def _put(self, batch: Batch, cursors: Mapping[str, bytes]) -> bool:
        """The same batch until the store takes it. Gives up only when closing, and then for good: a later batch would
        move cursors past what this one held."""
        pause_s = FIRST_PAUSE_S
        while not self._gave_up:
            try:
                result = self._store.put(batch, cursors)
            except StoreError as away:
                self._note(away.whole)
                if not isinstance(away, StoreAway):
                    pause_s = LONGEST_PAUSE_S
            except Exception as bug:  # one event may break the store: it is looked for, the others are kept
                log.exception("The event store broke on a batch of %d events", len(batch.events))
                self._note(words(f"{type(bug).__name__}: {bug}"))
                if len(batch.events) > 1 or (batch.events and cursors):
                    return self._put_apart(batch, cursors)
                if batch.events and batch.events[0].context.get("error.code") != STORE_FAULT:
                    batch = replace(batch, events=[poisoned(batch.events[0], STORE_FAULT, bug)], matches=())
                    continue
            else:
                self._note(NOTHING)
                self._count(batch, dict(result.refused))
                return True
            self._wait(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        log.error("%d events were not stored; their sources give them again", len(batch.events))
        return False

    def _put_apart(self, batch: Batch, cursors: Mapping[str, bytes]) -> bool:
        """One by one, the cursors behind the last: an event that breaks the store must not stop the others."""
        for event in batch.events:
            matches = [each for each in batch.matches if each.event_id == event.id]
            if not self._put(Batch([event], matches, received_us=batch.received_us), {}):
                return False
        return self._put(Batch((), (), batch.drops, batch.received_us), cursors)

    def _note(self, away: Words) -> None:
        """Why the store takes nothing; empty when it does."""
        if away and not self._away:
            log.error("The event store takes nothing: %s", away)
        elif self._away and not away:
            log.info("The event store takes events again")
        self._away = away

    def _wait(self, pause_s: float) -> None:
        with self._changed:
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, timeout=pause_s)
                return
            left_s = self._until - time.monotonic()
            if left_s <= 0:
                self._gave_up = True
        time.sleep(max(0.0, min(left_s, FIRST_PAUSE_S)))
