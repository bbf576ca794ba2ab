"""The one thread that brings the spool into the cluster, oldest first, and books what arrived."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from shouwang.errors import StoreError
from shouwang.eventstore.base import PutResult
from shouwang.eventstore.elastic.bookings import Booking, Bookings
from shouwang.eventstore.elastic.bulk import Bulk, Outcome
from shouwang.eventstore.elastic.documents import Item
from shouwang.eventstore.elastic.setup import Setup
from shouwang.eventstore.elastic.spool import Entry, Marks, Payload, Spool
from shouwang.words import Words

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 15.0
PATIENCE_S: Final = 20.0
"""How long a put waits for a cluster that answers slowly."""
BACKLOG: Final = 3
"""Batches that wait; with more, nobody waits for his own."""
CLOSING_S: Final = 5.0

Published = Callable[[Bookings], None]


class Sender:
    """``publish`` tells the other writers what has been booked; it may raise ``StoreError``, and is called again."""

    def __init__(self, spool: Spool, setup: Setup, bulk: Bulk, prepare: Callable[[], None], publish: Published) -> None:
        self._spool = spool
        self._setup = setup
        self._bulk = bulk
        self._prepare = prepare
        self._publish = publish
        self._changed = threading.Condition()
        self._closing = False
        self._unpublished: Bookings | None = {}
        """``None``: nothing to tell. On the start others may not know what was booked last."""
        self._results: dict[int, PutResult] = {}
        self._done = 0
        self._tried = spool.next_number() - 1
        """The newest batch that was sent, or may have been before the start."""
        self.touched: set[str] = set()
        """Indices written since somebody took this set."""
        self.stripped = 0
        """Events kept without their fields since the start."""
        self.away: StoreError | None = None
        """Why nothing can be sent now."""
        self._thread = threading.Thread(target=self._run, name="elastic-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Sends what waits if the cluster takes it; else the spool keeps it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(CLOSING_S)

    def result(self, number: int) -> PutResult | None:
        """Of the batch, when it is in the cluster; ``None`` when it stays in the spool for now."""
        with self._changed:
            self._changed.notify_all()
            if self._spool.waiting <= BACKLOG:
                self._changed.wait_for(lambda: self._done >= number or self.away is not None, PATIENCE_S)
            return self._results.pop(number, None)

    def settle(self) -> None:
        """Wait for what was put before: who has put something reads it."""
        last = self._spool.next_number() - 1
        with self._changed:
            if 0 < self._spool.waiting <= BACKLOG:
                self._changed.wait_for(
                    lambda: self._spool.waiting == 0 or self._done >= last or self.away is not None, PATIENCE_S
                )

    def written(self) -> set[str]:
        with self._changed:
            taken, self.touched = self.touched, set()
            return taken

    # ------------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                busy = self._step()
            except StoreError as trouble:
                self._note(trouble)
            except Exception as bug:  # it must not end the thread: the spool would fill
                log.exception("Sending to Elasticsearch failed")
                what = f"{type(bug).__name__}: {bug}"
                self._note(
                    StoreError(
                        Words(f"向集群发送时出错（{what}）。", f"Sending to the cluster failed ({what})."),
                        hint=Words("会继续重试；守护进程日志有详情。", "It is tried again; the log says more."),
                    )
                )
            else:
                self._note(None)
                pause_s = FIRST_PAUSE_S
                if busy:
                    continue
                pause_s = 0.0
            with self._changed:
                if self._closing:
                    return
                if pause_s:
                    self._changed.wait_for(lambda: self._closing, pause_s)
                    pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
                else:
                    self._changed.wait_for(lambda: self._closing or self._spool.waiting > 0)
                    pause_s = FIRST_PAUSE_S

    def _step(self) -> bool:
        """Whether there was something to do."""
        if not self._spool.waiting and self._unpublished is None:
            return False
        self._prepare()
        entries = self._spool.oldest_few()
        together = len(entries) > 1 and self._together(entries)
        for entry in entries:
            self._book(entry, Outcome(created=[*entry.payload.items]) if together else self._sent(entry))
        if self._unpublished is not None:
            self._publish(self._unpublished)
            self._unpublished = None
        return True

    def _together(self, entries: Sequence[Entry]) -> bool:
        """A backlog goes in few requests. False where that did not do for all: then each goes by itself."""
        self._tried = max(self._tried, entries[-1].number)
        items = [item for entry in entries for item in entry.payload.items]
        with self._into({item.index for item in items}):
            return self._bulk.are_all_new(items)

    def _sent(self, entry: Entry) -> Outcome:
        again, self._tried = entry.number <= self._tried, max(self._tried, entry.number)
        with self._into({item.index for item in entry.payload.items}):
            return self._bulk.create(entry.payload.items, f"{self._spool.writer}:{entry.number}", again=again)

    @contextmanager
    def _into(self, indices: set[str]) -> Iterator[None]:
        self._setup.create(indices)
        try:
            yield
        except StoreError:
            self._setup.forget(indices)
            raise
        with self._changed:
            self.touched |= indices

    def _book(self, entry: Entry, outcome: Outcome) -> None:
        bookings, marks = booked(entry.payload, outcome), _moved(self._spool.marks(), outcome.created)
        self._spool.done(entry.number, bookings, marks)
        self._unpublished = {**(self._unpublished or {}), **bookings}
        stored = [item for item in outcome.created if item.account is not None]
        refused = [(bytes.fromhex(item.id), reason) for item, reason in outcome.refused if item.account is not None]
        with self._changed:
            self.stripped += outcome.stripped
            self._results[entry.number] = PutResult(len(stored), refused)
            self._results = {number: kept for number, kept in self._results.items() if number > entry.number - 100}
            self._done = entry.number
            self._changed.notify_all()

    def _note(self, trouble: StoreError | None) -> None:
        with self._changed:
            if trouble is not None and self.away is None:
                log.error("Elasticsearch takes nothing; events wait in the spool: %s", trouble)
            elif trouble is None and self.away is not None:
                log.info("Elasticsearch takes events again")
            self.away = trouble
            self._changed.notify_all()
        if trouble is not None:
            self._setup.again()


def booked(payload: Payload, outcome: Outcome) -> Bookings:
    """What the batch adds to the ledger. Its drops count with the first of its events, or by its cursors."""
    found: Bookings = {}
    for item in outcome.created:
        account = item.account
        if account is None:
            continue
        booking = found.setdefault((account.day, account.source), Booking())
        booking.latest_us = max(booking.latest_us, account.received_us)
        booking.bytes += account.size
        booking.digest += int.from_bytes(account.digest, "big")
        if account.dead:
            booking.drop(account.dead, 1)
        else:
            booking.stored += 1
    refused = [(item.account, reason) for item, reason in outcome.refused if item.account is not None]
    has_events = any(item.account is not None for item in payload.items)
    if found or (not payload.replayed if refused or not has_events else False):
        for account, reason in refused:
            found.setdefault((account.day, account.source), Booking()).drop(reason, 1)
        for drop in payload.drops:
            found.setdefault((drop.day, drop.source), Booking()).drop(drop.reason, drop.count)
    return found


def _moved(marks: Marks, created: list[Item]) -> Marks:
    events = max((item.seq for item in created if item.account is not None), default=0)
    matches = max((item.seq for item in created if item.account is None), default=0)
    return Marks(max(marks.events, events), max(marks.matches, matches))
