"""One run over the files of a pattern: what is open, what is on its way out, what is known."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from collectors.sources.catchup import find_former, read_former, younger
from collectors.sources.cursor import FileCursor
from collectors.sources.delivery import Delivery, shown
from collectors.sources.joining import StartPattern
from collectors.sources.opening import CannotOpen, NotThere, Opened, content_fits, look, open_log
from collectors.sources.parked import Parked
from collectors.sources.rotation import Former, formers, holds, originals
from collectors.sources.selfevent import CURSOR_DAMAGED, FILE_GAP, FILE_TRUNCATED
from collectors.sources.tail import Read, TailedFile, Truncated

_COPY_FRESH_S: Final = 60.0
"""A copy beside a log that it equals is so long taken for the first half of copy-and-truncate."""
_ROUND_BLOCKS: Final = 16
"""Blocks read of one file before the next file has its turn."""


class Tailing:
    """Closes what it opened on ``close``. Raises what ``deliver`` raises."""

    def __init__(
        self,
        delivery: Delivery,
        pattern: StartPattern | None,
        stopping: Callable[[], bool],
        *,
        grace_s: float,
        flush_s: float,
    ) -> None:
        self._delivery = delivery
        self._book = delivery.book
        self._pattern = pattern
        self._stopping = stopping
        self._grace_s = grace_s
        self._flush_s = flush_s
        self._open: dict[str, TailedFile] = {}
        self._leaving: list[TailedFile] = []
        self._parked = Parked()
        self.settled = False
        """Whether the files found so far were opened with what stood in them; what comes from now on is live."""
        self.trouble: dict[str, str] = {}
        """Path -> why it cannot be read."""

    @property
    def files(self) -> int:
        return len(self._open) + len(self._parked)

    def resume(self) -> None:
        """Go on with every file that was not read to its end, wherever it is now."""
        damaged = self._book.damaged
        for name in damaged:
            message = f"The cursor {name} is damaged: its file is read from the start, some events may come twice."
            self._delivery.tell(CURSOR_DAMAGED, message, {})
        self._delivery.remove(damaged)
        waiting = self._book.unfinished()
        newest = {cursor.path: cursor.generation for cursor in waiting}
        for cursor in waiting:
            if not self._resumed_in_place(cursor):
                self._recover(cursor, newest=newest[cursor.path] == cursor.generation)
        self.prune()

    def prune(self) -> None:
        """Forget finished files of which nothing is left on disk."""
        gone = [
            self._book.forget(cursor)
            for cursor in self._book.finished()
            if not cursor.seen or (look(cursor.path) is None and find_former(cursor) is None)
        ]
        self._delivery.remove(gone)

    def discover(self, path: str, *, named: bool) -> None:
        """A path that the pattern gives. ``named``: it stands in the settings as it is, so its absence is trouble."""
        if path in self._open or path in self._parked:
            return
        try:
            opened = open_log(path)
        except CannotOpen as why:
            self.trouble.pop(path, None)
            if named or not (isinstance(why, NotThere) or os.path.isdir(path)):  # noqa: PTH112  # paths are text here
                self.trouble[path] = shown(str(why))
            return
        self.trouble.pop(path, None)
        self._begin(path, opened, headless=False)

    def round(self) -> bool:
        """Every file once. Whether anything was read."""
        busy = False
        for path, cursor, there in self._parked.wake():
            if there:
                self.discover(path, named=True)
            else:
                self._recover(cursor, newest=True)
        for path, file in list(self._open.items()):
            busy |= self._turn(path, file)
        for file in list(self._leaving):
            busy |= self._leave(file)
        self._park()
        return busy

    def close(self) -> None:
        for file in (*self._open.values(), *self._leaving):
            file.close()

    # ------------------------------------------------------------------------------------ one file's turn

    def _turn(self, path: str, file: TailedFile) -> bool:
        status = look(path)
        if status is None or (status.st_dev, status.st_ino) != file.identity:
            self._rotated(path, file)
            return True
        return self._read(file)

    def _read(self, file: TailedFile) -> bool:
        """Up to so many blocks. A truncated file begins anew."""
        busy = False
        try:
            for _ in range(_ROUND_BLOCKS):
                read = file.read()
                if read is None:
                    break
                busy = True
                self._give(file, read)
                if self._stopping():
                    break
        except Truncated:
            self._truncated(file)
            return True
        except OSError as error:
            self.trouble[file.path] = f"{shown(file.path)}: {error.strerror}"
            return False
        if file.reader.joiner.holds and time.monotonic() - file.reader.fed_at > self._flush_s:
            self._give(file, Read(file.reader.flush_record(), False, 0))
        return busy

    def _give(self, file: TailedFile, read: Read) -> None:
        self._delivery.give(file.reader, read.records, file.cursor(), backlog=read.backlog, nul_bytes=read.nul_bytes)

    def _begin(self, path: str, opened: Opened, *, headless: bool) -> None:
        """The file at ``path`` is not open yet: go on where it is known, else from its first byte."""
        inode = opened.status.st_ino
        identity = (opened.status.st_dev, inode)
        if any(each.identity == identity for each in (*self._open.values(), *self._leaving)):
            os.close(opened.fd)
            return
        known = next((each for each in self._book.of_inode(inode) if each.seen and content_fits(opened, each)), None)
        if known is None and self._is_fresh_copy(path, opened):
            os.close(opened.fd)
            return
        if known is None:
            self._recover_lost(path)
        start = replace(known, path=path, done=False) if known else self._book.start(path, *identity)
        file = self._open[path] = TailedFile(opened, start, self._pattern)
        file.reader.headless = headless
        if self.settled:
            file.backlog_end = 0

    def _recover_lost(self, path: str) -> None:
        """A new file has the name of one that is neither open nor read to its end."""
        alive = {each.reader.start.generation for each in (*self._open.values(), *self._leaving)}
        lost = [each for each in self._book.unfinished() if each.path == path and each.generation not in alive]
        for cursor in lost:
            self._recover(cursor, newest=cursor is lost[-1])

    def _is_fresh_copy(self, path: str, opened: Opened) -> bool:
        """Whether this is a log's copy that is still being made, or whose original is about to be truncated."""
        if time.time() - opened.status.st_ctime > _COPY_FRESH_S:
            return False
        live = (self._open.get(each) for each in originals(path))
        return any(file.reader.mark.position and content_fits(opened, file.cursor()) for file in live if file)

    # ------------------------------------------------------------------------- rotation, truncation, restart

    def _rotated(self, path: str, file: TailedFile) -> None:
        """Another file, or none, has the name now. The old descriptor is read on until nothing more comes."""
        del self._open[path]
        file.rotated = True
        self._leaving.append(file)
        while self._read(file) and file in self._leaving and not self._stopping():
            pass
        if look(path) is None:
            return
        cursor = file.cursor()
        match = next((each for each in formers(cursor.path) if each.inode == file.inode), None)
        self._read_unseen(cursor, match)
        try:
            self._begin(path, open_log(path), headless=file.reader.splitter.holds)
        except CannotOpen as why:
            self.trouble[path] = shown(str(why))

    def _leave(self, file: TailedFile) -> bool:
        if self._read(file) or time.monotonic() - file.grown_at < self._grace_s:
            return False
        if file in self._leaving:
            self._leaving.remove(file)
            records = file.reader.flush_all()
            self._delivery.give(file.reader, records, file.cursor(done=True), backlog=False)
            file.close()
        return False

    def _truncated(self, file: TailedFile) -> None:
        """The same file with other content: finish the old content from its copy, if there is one, and begin anew."""
        old = file.cursor()
        copy = find_former(old)
        fields: dict[str, str | int] = {"log.file.path": shown(file.path), "shouwang.offset": old.offset}
        if copy is not None:
            self._read_former(copy, old)
            message = (
                f"{shown(file.path)} was copied to {shown(copy.path)} and truncated; lines written in between are lost."
            )
        else:
            self._delivery.give(file.reader, file.reader.flush_all(), file.cursor(done=True), backlog=False)
            message = f"{shown(file.path)} was truncated; what was written after byte {old.seen} before that is lost."
        self._delivery.tell(FILE_TRUNCATED, message, {**fields})
        opened = Opened(os.dup(file.fd), os.fstat(file.fd))
        fresh = TailedFile(opened, self._book.start(file.path, *file.identity), self._pattern)
        fresh.backlog_end = 0
        fresh.rotated = file.rotated
        file.close()
        if file in self._leaving:
            self._leaving[self._leaving.index(file)] = fresh
        else:
            self._open[file.path] = fresh

    def _resumed_in_place(self, cursor: FileCursor) -> bool:
        try:
            opened = open_log(cursor.path)
        except CannotOpen as why:
            if not isinstance(why, NotThere):
                self.trouble[cursor.path] = shown(str(why))
            return False
        if opened.status.st_ino != cursor.inode or not content_fits(opened, cursor):
            os.close(opened.fd)
            return False
        self._begin(cursor.path, opened, headless=False)
        return True

    def _recover(self, cursor: FileCursor, *, newest: bool) -> None:
        """The cursor's file was rotated, packed, copied or removed while nobody looked.

        When nothing has its name (a file system not mounted yet), or it may not be read, the cursor is kept.
        """
        match = find_former(cursor)
        if match and match.inode == cursor.inode:
            self._read_renamed(match, cursor)
        elif match:
            self._read_former(match, cursor)
        elif look(cursor.path) is None or cursor.path in self.trouble:
            return
        else:
            message = (
                f"The file that was {shown(cursor.path)} is gone; what followed byte {cursor.offset} of it is lost."
            )
            fields: dict[str, str | int] = {"log.file.path": shown(cursor.path), "shouwang.offset": cursor.offset}
            self._delivery.tell(FILE_GAP, message, {**fields}, forget=cursor)
        if newest:
            self._read_unseen(cursor, match)

    def _read_renamed(self, former: Former, cursor: FileCursor) -> None:
        try:
            opened = open_log(former.path)
        except CannotOpen as why:
            self.trouble[former.path] = shown(str(why))
            return
        file = TailedFile(opened, cursor, self._pattern)
        file.rotated = True
        self._leaving.append(file)
        while self._read(file) and file in self._leaving and not self._stopping():
            pass

    def _read_unseen(self, cursor: FileCursor, match: Former | None) -> None:
        for former in younger(cursor, match, self._is_known):
            self._read_former(former, self._book.start(cursor.path, former.device, former.inode))

    def _read_former(self, former: Former, start: FileCursor) -> None:
        read_former(former, start, self._delivery, self._pattern, self._stopping)

    def _is_known(self, former: Former) -> bool:
        alive = {each.inode for each in (*self._open.values(), *self._leaving)}
        kept = (each for each in self._book.of_inode(former.inode) if each.seen)
        return former.inode in alive or any(holds(former.path, each) for each in kept)

    def _park(self) -> None:
        """Close the quietest files above the limit."""
        for path, file in self._parked.chosen(self._open):
            self._book.delivered(file.cursor())
            self._parked.add(path, file)
            del self._open[path]
