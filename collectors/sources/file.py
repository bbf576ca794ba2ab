"""Log files, followed through every kind of rotation; each line once, also when killed: see ``Delivery``."""

from __future__ import annotations

import glob
import threading
import time
from collections.abc import Mapping
from typing import Final

from collectors.origin import Parser
from collectors.sources.base import Deliver
from collectors.sources.book import CursorBook
from collectors.sources.catchup import Stopping
from collectors.sources.delivery import Delivery, FileSettings
from collectors.sources.joining import start_pattern
from collectors.sources.opening import shown
from collectors.sources.rotation import is_packed
from collectors.sources.saying import NOT_STARTED
from collectors.sources.tailing import Tailing
from shouwang.clock import Clock
from shouwang.model import Level, SourceStatus
from shouwang.words import Words

_SHARE: Final = 20
"""Looking at the files may take one part in so many of the time."""
_PRUNE_S: Final = 3600.0


class FileSource:
    """``path`` of the settings may be a pattern. Raises ``UsageError`` when its start pattern is none."""

    def __init__(self, settings: FileSettings, parsers: Mapping[str, Parser], clock: Clock) -> None:
        self._settings = settings
        self._parsers = parsers
        self._clock = clock
        self._pattern = start_pattern(settings.start_pattern, settings.encoding) if settings.start_pattern else None
        self._named = not glob.has_magic(settings.path)
        self._say(Level.OK, NOT_STARTED)

    @property
    def id(self) -> str:
        return f"file:{self._settings.path}"

    def status(self) -> SourceStatus:
        return SourceStatus(self.id, self._level, self._detail)

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        settings = self._settings
        book = CursorBook(self.id, cursors)
        delivery = Delivery(self.id, settings, parsers=self._parsers, clock=self._clock, deliver=deliver, book=book)
        tailing = Tailing(delivery, self._pattern, stop.is_set, grace_s=settings.grace_s, flush_s=settings.flush_s)
        try:
            tailing.resume()
            self._follow(tailing, stop)
        except Stopping:
            pass
        finally:
            tailing.close()

    def _follow(self, tailing: Tailing, stop: threading.Event) -> None:
        next_scan, next_prune = 0.0, time.monotonic() + _PRUNE_S
        while not stop.is_set():
            began = time.monotonic()
            if began >= next_scan:
                self._discover(tailing)
                took = time.monotonic() - began
                next_scan = began + max(self._settings.rescan_s, took * _SHARE)
            if began >= next_prune:
                tailing.prune()
                next_prune = began + _PRUNE_S
            busy = tailing.round()
            tailing.settled = True
            self._judge(tailing)
            if not busy:
                stop.wait(max(self._settings.poll_s, (time.monotonic() - began) * _SHARE))

    def _discover(self, tailing: Tailing) -> None:
        if self._named:
            tailing.discover(self._settings.path, named=True)
            return
        for path in sorted(glob.glob(self._settings.path, recursive=True)):  # noqa: PTH207  # patterns are absolute text
            if not is_packed(path):
                tailing.discover(path, named=False)

    def _judge(self, tailing: Tailing) -> None:
        files, trouble = tailing.files, list(tailing.trouble.values())
        if trouble and not files:
            self._say(Level.BROKEN, trouble[0])
        elif trouble:
            zh = f"{files} 个文件在读，{len(trouble)} 个不能读：{trouble[0].zh}"
            en = f"{files} files are read, {len(trouble)} are not: {trouble[0].en}"
            self._say(Level.DEGRADED, Words(zh, en))
        elif not files:
            path = shown(self._settings.path)
            self._say(Level.DEGRADED, Words(f"没有与 {path} 相符的文件", f"no file matches {path}"))
        else:
            self._say(Level.OK, Words(f"在读 {files} 个文件", f"following {files} file{'s' if files > 1 else ''}"))

    def _say(self, level: Level, detail: Words) -> None:
        self._level, self._detail = level, detail
