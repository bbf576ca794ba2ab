"""The systemd journal, through ``journalctl``; goes on behind its cursor through rotation, vacuuming and reboots.

Two habits of journalctl (seen in systemd 252) are worked around. ``--after-cursor`` with a cursor whose entry is gone
leaves out the first entry that is still there: ``--cursor`` is asked instead, and the entry that comes compared.
``--follow`` shows the current boot only, even behind a cursor of the last one: ``--merge`` takes that back.
"""

from __future__ import annotations

import logging
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import IO, Final

from collectors.origin import Origin
from collectors.parsers import journald
from collectors.sources.base import Chunk, Deliver
from collectors.sources.journalcursor import JournalMark, read_cursor
from collectors.sources.journalentry import Entry, EntrySplitter
from collectors.sources.reading import marked, read_record
from collectors.sources.saying import NOT_STARTED
from collectors.sources.selfevent import JOURNAL_GAP, self_event
from shouwang.clock import Clock
from shouwang.model import Event, Level, SourceStatus
from shouwang.timespan import rfc3339
from shouwang.words import Words, words

log = logging.getLogger(__name__)

CHUNK_EVENTS: Final = 1000
GATHER_S: Final = 0.2
TOO_LONG: Final = "entry_too_long"
FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 60.0

_FOLLOWING: Final = Words("在读", "following")
_EMPTY: Final = Words("尚无日志：日志为空或不能读取", "no entry yet: the journal is empty, or cannot be read")
_NO_SEEK: Final = "seek to cursor"
_BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class JournalSettings:
    directory: str = ""
    """Of journal files; empty: the host's own."""
    history_s: float = 7 * 86400.0
    """So much of the past is read on the very first start."""
    journalctl: str = "journalctl"


class JournalSource:
    def __init__(self, settings: JournalSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._level, self._detail = Level.OK, NOT_STARTED

    @property
    def id(self) -> str:
        return f"journald:{self._settings.directory}" if self._settings.directory else "journald"

    def status(self) -> SourceStatus:
        return SourceStatus(self.id, self._level, self._detail)

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        reading = _Reading(self, self._clock, deliver, cursors.get(self.id, b"").decode("utf-8", "replace"))
        pause_s = FIRST_PAUSE_S
        while not stop.is_set():
            before = reading.entries
            complaint = self._follow(reading, stop)
            if stop.is_set():
                break
            if _NO_SEEK in complaint and reading.seeks:
                reading.seek_failed(complaint)
                continue
            self.say(Level.BROKEN, _explained(complaint or "journalctl ended"))
            pause_s = FIRST_PAUSE_S if reading.entries > before else min(pause_s * 2, LONGEST_PAUSE_S)
            stop.wait(pause_s)

    def say(self, level: Level, detail: Words) -> None:
        if level is not Level.OK and detail != self._detail:
            log.warning("%s: %s", self.id, detail)
        self._level, self._detail = level, detail

    def _follow(self, reading: _Reading, stop: threading.Event) -> str:
        """Until journalctl ends, or we are to; what it complained of last."""
        settings = self._settings
        command = [settings.journalctl, "--output=json", "--all", "--follow", "--no-tail", "--merge"]
        if settings.directory:
            command.append(f"--directory={settings.directory}")
        command.append(reading.start(settings.history_s))
        try:
            with _started(command) as (output, errors):
                self.say(Level.DEGRADED, _EMPTY)
                return self._read(reading, output, errors, stop)
        except OSError as error:
            return f"{settings.journalctl} cannot be started: {error.strerror}"

    def _read(self, reading: _Reading, output: IO[bytes], errors: IO[bytes], stop: threading.Event) -> str:
        complaint, ended = "", False
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(errors, selectors.EVENT_READ)
            while not stop.is_set() and not ended:
                ready = selector.select(GATHER_S)
                for key, _ in ready:
                    data = os.read(key.fd, _BLOCK_BYTES)
                    if not data:
                        selector.unregister(key.fileobj)
                        ended |= key.fileobj is output
                    elif key.fileobj is output:
                        reading.take(data)
                    else:
                        complaint = _last_line(complaint, data)
                reading.pass_on(all_of_it=not ready or ended)
                if complaint:
                    self.say(Level.DEGRADED if reading.heard else Level.BROKEN, _explained(complaint))
                elif reading.heard:
                    self.say(Level.OK, _FOLLOWING)
            reading.pass_on(all_of_it=True)
            if ended and errors in {key.fileobj for key in selector.get_map().values()}:
                complaint = _last_line(complaint, errors.read() or b"")
        return complaint


class _Reading:
    """Entries -> chunks; knows where it stands over every start of journalctl."""

    def __init__(self, source: JournalSource, clock: Clock, deliver: Deliver, cursor: str) -> None:
        self.entries = 0
        self.heard = False
        """Whether this start of journalctl showed anything."""
        self.seeks = False
        """Whether journalctl was told to start at a cursor."""
        self._source = source
        self._clock = clock
        self._deliver = deliver
        self._cursor = cursor
        """Of the last entry that was delivered."""
        self._expected = ""
        """The entry that journalctl must show first; else it is gone."""
        self._lost: str | None = None
        """Why the place of the cursor could not be found; told with the first entry after it."""
        self._splitter = EntrySplitter()
        self._started_us = clock.now_us()
        self._events: list[Event] = []
        self._drops = 0
        self._held = cursor
        self._held_since = 0.0

    def start(self, history_s: float) -> str:
        """The option that makes journalctl begin at the right entry."""
        self._splitter, self.heard = EntrySplitter(), False
        self._started_us = self._clock.now_us()
        self.seeks = bool(self._cursor) and self._lost is None
        self._expected = self._cursor if self.seeks else ""
        if self.seeks:
            return f"--cursor={self._cursor}"
        return "--lines=all" if self._cursor else f"--since=@{self._started_us // 1_000_000 - int(history_s)}"

    def seek_failed(self, why: str) -> None:
        self._lost = why

    def take(self, data: bytes) -> None:
        for entry in self._splitter.feed(data):
            self._take(entry)

    def pass_on(self, *, all_of_it: bool) -> None:
        waits = time.monotonic() - self._held_since < GATHER_S
        while self._events or self._drops:
            if len(self._events) < CHUNK_EVENTS and waits and not all_of_it:
                return
            self._hand_over()

    def _take(self, entry: Entry) -> None:
        self.heard = True
        if self._expected:
            expected, self._expected = self._expected, ""
            if entry.cursor == expected:
                return
            self._lost = "its last entry was removed (vacuumed)"
        if self._lost is not None:
            last, mark = read_cursor(self._cursor), read_cursor(entry.cursor)
            if last and mark and not mark.is_after(last):
                return
            self._events.append(self._gap(last, mark))
            self._lost = None
        if not self._events:
            self._held_since = time.monotonic()
        if entry.line is None:
            self._drops += 1
        elif entry.line.raw:
            self._events.append(self._event(entry))
        self.entries += 1
        self._held = entry.cursor or self._held
        if len(self._events) >= CHUNK_EVENTS:
            self._hand_over()

    def _hand_over(self) -> None:
        drops = {(self._source.id, TOO_LONG): self._drops} if self._drops else {}
        chunk = Chunk(self._events, {self._source.id: self._held.encode()} if self._held else {}, drops)
        self._deliver(chunk)
        self._cursor = self._held
        self._events, self._drops = [], 0

    def _event(self, entry: Entry) -> Event:
        assert entry.line is not None
        now_us, mark = self._clock.now_us(), read_cursor(entry.cursor)
        origin = Origin(
            source=self._source.id,
            received_us=now_us,
            reference_us=now_us,
            zone=UTC,
            live=mark is None or mark.time_us > self._started_us,
        )
        return read_record(journald.parse, entry.line.raw, marked(origin, entry.line), journald.NAME)

    def _gap(self, last: JournalMark | None, first: JournalMark | None) -> Event:
        start, end = (rfc3339(each.time_us, UTC) if each else "an unknown time" for each in (last, first))
        why = self._lost or "unknown"
        return self_event(
            self._source.id,
            self._clock.now_us(),
            JOURNAL_GAP,
            f"The journal has nothing any more from {start} to {end}: {why}.",
            {"event.start": start, "event.end": end, "event.reason": why},
        )


@contextmanager
def _started(command: Sequence[str]) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    process = subprocess.Popen(  # noqa: S603  # an argument list; the only outside words are a folder and a cursor
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", "SYSTEMD_COLORS": "0"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as output, process.stderr as errors:
        try:
            yield output, errors
        finally:
            process.kill()
            process.wait()


def _last_line(before: str, data: bytes) -> str:
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else before


def _explained(complaint: str) -> Words:
    """journalctl speaks English; what to do about it, both languages."""
    if "permission" in complaint.lower() or "not seeing messages" in complaint:
        return Words(
            f"{complaint}（运行守望的用户须加入 systemd-journal 组）",
            f"{complaint} (this user must be in the group systemd-journal)",
        )
    return words(complaint)
