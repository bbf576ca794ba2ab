"""One open log file, read as it grows."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Final

from collectors.sources.cursor import HEAD_BYTES, TAIL_BYTES, FileCursor, Mark, digest
from collectors.sources.joining import RecordJoiner, StartPattern
from collectors.sources.lines import FRAGMENT, Line, LineSplitter, codec_of
from collectors.sources.opening import Opened

BLOCK_BYTES: Final = 256 * 1024


class Truncated(Exception):
    """The file is no longer the one that was read so far."""


@dataclass(frozen=True, slots=True)
class Read:
    """One block's worth of records."""

    records: list[Line]
    backlog: bool
    """Whether the block was there before the file was opened: not live."""
    nul_bytes: int
    """Skipped."""


class RecordReader:
    """Bytes of one file, in order -> records; knows the file again by them."""

    def __init__(self, start: FileCursor, pattern: StartPattern | None, mark: Mark) -> None:
        self.start = start
        self.splitter = LineSplitter(start.offset, codec_of(mark.head))
        self.joiner = RecordJoiner(pattern)
        self.mark = mark
        self.parser = ""
        """Its name, once looked at."""
        self.offset = start.offset
        """After the last record given."""
        self.headless = False
        """Whether the first line is only the end of one that began in a former file."""
        self.fed_at = time.monotonic()

    @property
    def holds(self) -> bool:
        return self.splitter.holds or self.joiner.holds

    def skip(self, data: bytes) -> None:
        """Bytes before ``start.offset``."""
        if self.mark.position == 0:
            self.splitter = LineSplitter(self.start.offset, codec_of(data))
        self.mark.add(data)

    def feed(self, data: bytes) -> list[Line]:
        """The records that these bytes, which follow what was fed or skipped so far, finish."""
        self.skip(data)
        self.fed_at = time.monotonic()
        return self._given(self.joiner.add(self.splitter.feed(data)))

    def flush_record(self) -> list[Line]:
        """A record of several lines that is probably complete."""
        record = self.joiner.flush()
        return self._given([record] if record else [])

    def flush_all(self) -> list[Line]:
        """The file is at its end: also an unfinished line."""
        line = self.splitter.flush()
        records = self.joiner.add([line] if line else [])
        last = self.joiner.flush()
        return self._given([*records, last] if last else records)

    def cursor(self, *, mtime_ns: int, done: bool = False) -> FileCursor:
        start, mark = self.start, self.mark
        return FileCursor(
            path=start.path,
            generation=start.generation,
            device=start.device,
            inode=start.inode,
            head=digest(mark.head),
            head_length=len(mark.head),
            tail=digest(mark.tail),
            tail_length=len(mark.tail),
            seen=mark.position,
            offset=self.offset,
            mtime_ns=mtime_ns,
            done=done,
        )

    def _given(self, records: list[Line]) -> list[Line]:
        if records:
            self.offset = records[-1].end
            if self.headless:
                self.headless = False
                first = records[0]
                records[0] = Line(first.raw, first.end, (*first.flags, FRAGMENT), first.length)
        elif not self.holds:
            self.offset = self.splitter.cursor
        return records


class TailedFile:
    """An open file and where its reading stands. Its descriptor keeps a file readable that was renamed or removed."""

    def __init__(self, opened: Opened, start: FileCursor, pattern: StartPattern | None) -> None:
        self.fd = opened.fd
        self.backlog_end = opened.status.st_size
        head = os.pread(self.fd, min(HEAD_BYTES, max(start.offset, start.head_length)), 0)
        self.reader = RecordReader(start, pattern, Mark(start.offset, head, self._before(start.offset)))
        self.device, self.inode = opened.status.st_dev, opened.status.st_ino
        self.size, self.mtime_ns = -1, -1
        """As of the last read."""
        self._opened_mtime_ns = opened.status.st_mtime_ns
        self.rotated = False
        self.grown_at = time.monotonic()

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode

    @property
    def path(self) -> str:
        return self.reader.start.path

    @property
    def is_read(self) -> bool:
        """To its end as of now."""
        return os.fstat(self.fd).st_size == self.reader.mark.position

    def read(self) -> Read | None:
        """The next block; ``None`` when nothing is new. Raises ``Truncated``."""
        status = os.fstat(self.fd)
        mark = self.reader.mark
        if status.st_size < mark.position:
            raise Truncated
        if (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns) and status.st_size == mark.position:
            return None
        kept = len(mark.tail)
        data = os.pread(self.fd, kept + BLOCK_BYTES, mark.position - kept)
        head = os.pread(self.fd, len(mark.head), 0)
        if data[:kept] != mark.tail or head != mark.head:
            raise Truncated
        self.size, self.mtime_ns = status.st_size, status.st_mtime_ns
        data = data[kept:]
        if not data:
            return None
        self.grown_at = time.monotonic()
        backlog = mark.position + len(data) <= self.backlog_end
        before = self.reader.splitter.nul_bytes
        records = self.reader.feed(data)
        return Read(records, backlog, self.reader.splitter.nul_bytes - before)

    def cursor(self, *, done: bool = False) -> FileCursor:
        return self.reader.cursor(mtime_ns=max(self.mtime_ns, self._opened_mtime_ns), done=done)

    def close(self) -> None:
        os.close(self.fd)

    def _before(self, offset: int) -> bytes:
        length = min(offset, TAIL_BYTES)
        return os.pread(self.fd, length, offset - length)
