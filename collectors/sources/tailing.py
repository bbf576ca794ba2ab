"""One run over the files of a pattern, round after round."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from collectors.sources.catchup import find_former, open_former
from collectors.sources.cursor import FileCursor
from collectors.sources.delivery import Delivery
from collectors.sources.joining import StartPattern
from collectors.sources.openfiles import OpenFiles
from collectors.sources.opening import CannotOpen, NotThere, Opened, content_fits, look, open_log, shown
from collectors.sources.parked import Parked
from collectors.sources.recovery import Recovery
from collectors.sources.rotation import originals
from collectors.sources.selfevent import CURSOR_DAMAGED, FILE_TRUNCATED
from collectors.sources.tail import Read, TailedFile, Truncated
from shouwang.model import Value
from shouwang.words import Words

_COPY_FRESH_S: Final = 60.0
"""A copy beside a log that it equals is so long taken for the first half of copy-and-truncate."""
_ROUND_BLOCKS: Final = 16
"""Blocks read of one file before the next file has its turn."""


class Tailing:
    """Closes what it opened on ``close``. Raises what ``deliver`` raises, and ``Stopping``."""

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
        self._files = OpenFiles()
        self._parked = Parked()
        self._recovery = Recovery(delivery, self._files, pattern, stopping=stopping, drain=self._drain)
        self.settled = False
        """Whether the files found so far were opened with what stood in them; what comes from now on is live."""
        self.trouble: dict[str, Words] = {}
        """Path -> why it cannot be read."""

    @property
    def files(self) -> int:
        return len(self._files.at_path) + len(self._parked)

    def resume(self) -> None:
        """Go on with every file that was not read to its end, wherever it is now."""
        damaged = self._book.damaged
        for name in damaged:
            message = f"The cursor {name} is damaged: its file is read from the start, some events may come twice."
            self._delivery.tell(CURSOR_DAMAGED, message, {})
        self._delivery.remove(damaged)
        waiting = self._book.unfinished()
        for cursor in waiting:
            if not self._resumed_in_place(cursor):
                self._recovery.recover(cursor, replaced=False)
            elif not cursor.seen:
                self._recovery.missed(cursor)
        for path in dict.fromkeys(cursor.path for cursor in waiting):
            if look(path) is None:
                self._recovery.begin(path, None)
        self.prune()

    def prune(self) -> None:
        """Forget finished files of which nothing is left on disk."""
        gone = [
            self._book.forget(cursor)
            for cursor in self._book.finished()
            if look(cursor.path) is None and find_former(cursor) is None
        ]
        self._delivery.remove(gone)

    def discover(self, path: str, *, named: bool) -> None:
        """A path that the pattern gives. ``named``: it stands in the settings as it is, so its absence is trouble."""
        if path in self._files.at_path or path in self._parked:
            return
        try:
            opened = open_log(path)
        except CannotOpen as why:
            self.trouble.pop(path, None)
            if named or not (isinstance(why, NotThere) or os.path.isdir(path)):  # noqa: PTH112  # paths are text here
                self.trouble[path] = why.words
            return
        self.trouble.pop(path, None)
        self._begin(path, opened)

    def round(self) -> bool:
        """Every file once. Whether anything was read."""
        busy = False
        for path, cursor, there in self._parked.wake():
            if there:
                self.discover(path, named=True)
            else:
                self._recovery.recover(cursor, replaced=False)
        for path, file in list(self._files.at_path.items()):
            busy |= self._turn(path, file)
        for file in list(self._files.leaving):
            self._leave(file)
        self._park()
        return busy

    def close(self) -> None:
        self._files.close()

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
            path = shown(file.path)
            self.trouble[file.path] = Words(f"{path}：{error.strerror}", f"{path}: {error.strerror}")
            return False
        if file.reader.joiner.holds and time.monotonic() - file.reader.fed_at > self._flush_s:
            self._give(file, Read(file.reader.flush_record(), False, 0))
        return busy

    def _drain(self, file: TailedFile) -> None:
        """To its end as of now; one that was truncated meanwhile has its turn later."""
        while self._read(file) and file in self._files.leaving and not self._stopping():
            pass

    def _give(self, file: TailedFile, read: Read) -> None:
        self._delivery.give(file.reader, read.records, file.cursor(), backlog=read.backlog, nul_bytes=read.nul_bytes)

    # ------------------------------------------------------------------------------ coming, turning, going

    def _begin(self, path: str, opened: Opened) -> None:
        """The file at ``path`` is not open yet: go on where it is known, else from its first byte."""
        status = opened.status
        known = next((each for each in self._book.of_inode(status.st_ino) if self._is_same(path, opened, each)), None)
        open_already = self._files.has(status.st_dev, status.st_ino)
        if open_already or (known is None and self._is_fresh_copy(path, opened)):
            os.close(opened.fd)
            return
        start = replace(known, path=path, done=False) if known else self._recovery.begin(path, status)
        if start is None:
            os.close(opened.fd)
            return
        cut = any(each.path == path and each.reader.splitter.holds for each in self._files.leaving)
        self._adopt(path, opened, start, headless=cut and not known)
        if known and not known.seen:
            self._recovery.missed(known)

    def _adopt(self, path: str, opened: Opened, start: FileCursor, *, headless: bool = False) -> None:
        file = self._files.at_path[path] = TailedFile(opened, start, self._pattern)
        file.reader.headless = headless
        if self.settled:
            file.backlog_end = 0
        self._park()

    def _is_same(self, path: str, opened: Opened, cursor: FileCursor) -> bool:
        """A file of which nothing was read is only the same where it was seen."""
        return bool(cursor.seen or (cursor.path == path and not cursor.done)) and content_fits(opened, cursor)

    def _is_fresh_copy(self, path: str, opened: Opened) -> bool:
        """Whether this is a log's copy that is still being made, or whose original is about to be truncated."""
        if time.time() - opened.status.st_ctime > _COPY_FRESH_S:
            return False
        live = (self._files.at_path.get(each) for each in originals(path))
        return any(file.reader.mark.position and content_fits(opened, file.cursor()) for file in live if file)

    def _resumed_in_place(self, cursor: FileCursor) -> bool:
        """Also when it may not be read now: then it is found again when it may."""
        try:
            opened = open_log(cursor.path)
        except CannotOpen as why:
            if isinstance(why, NotThere):
                return False
            self.trouble[cursor.path] = why.words
            return True
        if opened.status.st_ino != cursor.inode or not content_fits(opened, cursor):
            os.close(opened.fd)
            return False
        self._adopt(cursor.path, opened, cursor)
        return True

    def _rotated(self, path: str, file: TailedFile) -> None:
        """Another file, or none, has the name now. The old descriptor is read on until nothing more comes."""
        self._files.leave(file)
        self._drain(file)
        try:
            self._begin(path, open_log(path))
        except NotThere:
            return
        except CannotOpen as why:
            self.trouble[path] = why.words

    def _leave(self, file: TailedFile) -> None:
        if self._read(file) or time.monotonic() - file.grown_at < self._grace_s or file not in self._files.leaving:
            return
        self._files.leaving.remove(file)
        records = file.reader.flush_all()
        if file.reader.mark.position:
            self._delivery.give(file.reader, records, file.cursor(done=True), backlog=False)
        else:
            self._delivery.remove([self._book.forget(file.cursor())])
        file.close()

    def _truncated(self, file: TailedFile) -> None:
        """The same file with other content: finish the old content from its copy, if there is one, and begin anew."""
        old, path = file.cursor(), shown(file.path)
        status = os.fstat(file.fd)
        start = self._book.start(file.path, status)
        self._delivery.begin([start])
        copy = open_former(old)
        if copy is not None and copy[0].inode != old.inode:
            self._recovery.read(*copy, old)
            message = f"{path} was copied to {shown(copy[0].path)} and truncated; lines written in between are lost."
        else:
            if copy is not None:
                os.close(copy[1].fd)
            self._delivery.give(file.reader, file.reader.flush_all(), file.cursor(done=True), backlog=False)
            message = f"{path} was truncated; what was written after byte {old.seen} before that is lost."
        fields: dict[str, Value] = {"log.file.path": path, "shouwang.offset": old.offset}
        self._delivery.tell(FILE_TRUNCATED, message, fields)
        fresh = TailedFile(Opened(os.dup(file.fd), status), start, self._pattern)
        fresh.backlog_end = 0
        self._files.replace(file, fresh)

    def _park(self) -> None:
        """Close the quietest files above the limit, read to their end first."""
        for path, file in self._parked.surplus(self._files.at_path):
            self._read(file)
            if self._files.at_path[path] is file and file.is_read and not file.reader.joiner.holds:
                self._book.delivered(file.cursor())
                self._parked.add(path, file)
                del self._files.at_path[path]
