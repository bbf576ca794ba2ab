"""Going on with files that rotation took away while nobody looked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from collectors.sources.catchup import find_former, read_former, younger
from collectors.sources.cursor import FileCursor
from collectors.sources.delivery import Delivery
from collectors.sources.joining import StartPattern
from collectors.sources.openfiles import OpenFiles
from collectors.sources.opening import CannotOpen, look, open_log, shown
from collectors.sources.rotation import Former, holds
from collectors.sources.selfevent import FILE_GAP
from collectors.sources.tail import TailedFile
from shouwang.model import Value


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

        The cursors of all that is found unread are kept before any of it is read: a kill in between loses nothing.
        """
        before = self._book.of_path(path)
        alive = self._files.generations()
        for cursor in before:
            if not cursor.done and cursor.generation not in alive:
                self.recover(cursor, replaced=live is not None)
        start = self._book.start(path, live) if live else None
        self._read_unseen(before[-1:], start)
        return start

    def missed(self, last: FileCursor) -> None:
        """Nothing was read of the last file, so what has its name and inode now may be the next one."""
        self._read_unseen([last], None)

    def recover(self, cursor: FileCursor, *, replaced: bool) -> None:
        """The rest of the cursor's file: from the renamed one, a packed one or a copy; else that is told.

        While nothing has its name (a file system not mounted yet) and nothing is found, the cursor is kept.
        """
        match = find_former(cursor)
        if match and match.inode == cursor.inode:
            self._follow_renamed(match, cursor)
        elif match:
            self.read(match, cursor)
        elif replaced and not cursor.seen:
            self._delivery.remove([self._book.forget(cursor)])
        elif replaced:
            path = shown(cursor.path)
            fields: dict[str, Value] = {"log.file.path": path, "shouwang.offset": cursor.offset}
            message = f"The file that was {path} is gone; whatever followed byte {cursor.offset} was not read."
            self._delivery.tell(FILE_GAP, message, fields, forget=cursor)

    def read(self, former: Former, start: FileCursor) -> None:
        """Raises ``Stopping``."""
        read_former(former, start, self._delivery, self._pattern, self._stopping)

    def _follow_renamed(self, former: Former, cursor: FileCursor) -> None:
        try:
            opened = open_log(former.path)
        except CannotOpen:
            return
        file = TailedFile(opened, cursor, self._pattern)
        self._files.leave(file)
        self._drain(file)

    def _read_unseen(self, last: Sequence[FileCursor], live: FileCursor | None) -> None:
        """What two rotations between two looks leave."""
        found = [former for each in last for former in younger(each, find_former(each)) if not self._is_known(former)]
        starts = [self._book.start(each.path, former.status) for each in last for former in found]
        self._delivery.begin([*starts, live] if live else starts)
        for former, start in zip(found, starts, strict=True):
            self.read(former, start)

    def _is_known(self, former: Former) -> bool:
        live = look(former.path)
        if live is not None and self._files.has(live.st_dev, live.st_ino):
            return True
        return any(holds(former.path, each) for each in self._book.of_inode(former.inode))
