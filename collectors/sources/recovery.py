"""Going on with files that rotation took away while nobody looked."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from collectors.sources.catchup import is_renamed, open_former, read_former, younger
from collectors.sources.cursor import HEAD_BYTES, FileCursor
from collectors.sources.delivery import Delivery
from collectors.sources.joining import StartPattern
from collectors.sources.openfiles import OpenFiles
from collectors.sources.opening import Opened, look, shown
from collectors.sources.rotation import Former, covered, formers, holds, is_packed
from collectors.sources.selfevent import FILE_GAP
from collectors.sources.tail import TailedFile
from shouwang.model import Value

_TRIES: Final = 20


class Recovery:
    """``drain`` reads an open file to its end."""

    def __init__(
        self,
        delivery: Delivery,
        files: OpenFiles,
        pattern: StartPattern | None,
        *,
        stopping: Callable[[], bool],
        drain: Callable[[TailedFile], None],
    ) -> None:
        self._delivery = delivery
        self._book = delivery.book
        self._files = files
        self._pattern = pattern
        self._stopping = stopping
        self._drain = drain

    def begin(self, path: str, live: os.stat_result | None) -> FileCursor | None:
        """A file that is not known has the name now, or none has: read what came before it, and say where it starts.

        ``None`` also when rotation took ``live`` from the path meanwhile: then it is the next look's.
        The cursors of all that is found unread are kept before any of it is read: a kill in between loses nothing.
        """
        before = self._book.of_path(path)
        alive = self._files.generations()
        for cursor in before:
            if not cursor.done and cursor.generation not in alive:
                self.recover(cursor, replaced=live is not None)
        return self._read_unseen(path, before[-1] if before else None, live)

    def missed(self, last: FileCursor) -> None:
        """Nothing was read of the last file, so what has its name and inode now may be the next one."""
        self._read_unseen(last.path, last, None)

    def recover(self, cursor: FileCursor, *, replaced: bool) -> None:
        """The rest of the cursor's file: from the renamed one, a packed one or a copy; else that is told.

        While nothing has its name (a file system not mounted yet) and nothing is found, the cursor is kept.
        """
        match = open_former(cursor)
        if match and not cursor.seen and self._was_read(cursor.path, match[1]):
            os.close(match[1].fd)
            match = None
        if match and is_renamed(match[0], cursor):
            self._follow_renamed(match[1], cursor)
        elif match:
            self.read(*match, cursor)
        elif replaced and not cursor.seen:
            self._delivery.remove([self._book.forget(cursor)])
        elif replaced:
            path = shown(cursor.path)
            fields: dict[str, Value] = {"log.file.path": path, "shouwang.offset": cursor.offset}
            message = f"The file that was {path} is gone; whatever followed byte {cursor.offset} was not read."
            self._delivery.tell(FILE_GAP, message, fields, forget=cursor)

    def read(self, former: Former, opened: Opened, start: FileCursor) -> None:
        """Closes it. Raises ``Stopping``."""
        try:
            read_former(former, opened, start, self._delivery, self._pattern, stopping=self._stopping)
        finally:
            os.close(opened.fd)

    def _was_read(self, path: str, opened: Opened) -> bool:
        """Whether the file begins with what was read of one that has no name any more: then it is that one's copy, and
        has the inode of another by chance. A beginning that is short may be any file's."""
        known = [each for each in self._homeless(path) if each.seen >= HEAD_BYTES]
        return bool(covered(opened, known))

    def _follow_renamed(self, opened: Opened, cursor: FileCursor) -> None:
        """It may still be written."""
        file = TailedFile(opened, cursor, self._pattern)
        self._files.leave(file)
        self._drain(file)

    def _read_unseen(self, path: str, last: FileCursor | None, live: os.stat_result | None) -> FileCursor | None:
        """What two rotations between two looks leave. Where the live file starts, if it still is that."""
        for _ in range(_TRIES):
            found = younger(last) if last else []
            if live and not _is_at(path, live):
                return None
            with ExitStack() as stack:
                opened = [(former, former.open()) for former in found]
                there = [(former, each) for former, each in opened if each]
                for _former, each in there:
                    stack.callback(os.close, each.fd)
                if len(there) < len(found):
                    continue
                self._read_on(path, there, start := self._book.start(path, live) if live else None)
                return start
        return None

    def _read_on(self, path: str, found: list[tuple[Former, Opened]], live: FileCursor | None) -> None:
        unseen: list[tuple[Former, Opened, FileCursor]] = []
        taken: set[int] = set()
        for former, opened in found:
            start = self._start(path, former, opened, taken)
            if start:
                taken.add(start.generation)
                unseen.append((former, opened, start))
        starts = [start for _former, _opened, start in unseen]
        self._delivery.begin([*starts, live] if live else starts)
        for former, opened, start in unseen:
            mine = Opened(os.dup(opened.fd), opened.status)
            if is_packed(former.path):
                self.read(former, mine, start)
            else:
                self._follow_renamed(mine, start)

    def _start(self, path: str, former: Former, opened: Opened, taken: set[int]) -> FileCursor | None:
        """From where it is still to be read; ``None``: it is known or being read. Whatever its name and packing is now,
        what was read of its content counts."""
        if self._files.has(opened.status.st_dev, former.inode):
            return None
        same = (each for each in self._book.of_inode(former.inode) if each.seen or not each.done)
        if any(holds(former, each) for each in same):
            return None
        known = covered(opened, [each for each in self._homeless(path) if each.generation not in taken])
        if not known:
            return self._book.start(path, opened.status)
        if known[-1].generation in self._files.generations():
            return None
        return replace(known[-1], device=opened.status.st_dev, inode=former.inode, done=False)

    def _homeless(self, path: str) -> list[FileCursor]:
        """Cursors whose own file has no name any more: its content may be in a packed one."""
        named = {former.inode: former for former in formers(path)}
        live, alive = look(path), self._files.generations()
        return [
            each
            for each in self._book.of_path(path)
            if each.seen
            and not (each.inode in named and holds(named[each.inode], each))
            and not (live and live.st_ino == each.inode and each.generation in alive)
        ]


def _is_at(path: str, live: os.stat_result) -> bool:
    now = look(path)
    return now is not None and (now.st_dev, now.st_ino) == (live.st_dev, live.st_ino)
