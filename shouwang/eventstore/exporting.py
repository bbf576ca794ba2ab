"""Writing a day of an archive into an open file, while its SHA-256 and its sums are made. Workers only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from typing import IO, Final, Protocol, cast

import zstandard

from shouwang.errors import StoreError, UsageError
from shouwang.eventstore.archived import Sums, line_of
from shouwang.eventstore.base import Stored
from shouwang.model import Value
from shouwang.words import Words

LEVEL: Final = 9
"""zstd."""
_EVERY: Final = 20_000


class Hashing:
    """A file being written from its start: its size and SHA-256."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0
        os.lseek(file, 0, os.SEEK_SET)
        os.ftruncate(file, 0)

    closed = False

    def write(self, data: bytes, /) -> int:
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        pass

    def tell(self) -> int:
        return self.size

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Writer(Protocol):
    def write(self, stored: Stored) -> None: ...
    def close(self) -> None: ...


class _Lines:
    def __init__(self, sink: Hashing) -> None:
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._stream = compressor.stream_writer(cast("IO[bytes]", sink), closefd=False)

    def write(self, stored: Stored) -> None:
        self._stream.write(line_of(stored))

    def close(self) -> None:
        self._stream.flush(zstandard.FLUSH_FRAME)


def export(events: Iterable[Stored], form: str, file: int, say: Callable[[dict[str, Value]], None]) -> dict[str, Value]:
    """``file``: open for writing; it is emptied first. Gives sha256, size, events, bytes, sources."""
    try:
        sink, sums = Hashing(file), Sums()
        writer = _writer(form, sink)
        for number, stored in enumerate(events):
            if number % _EVERY == 0:
                say({"events": number})
            writer.write(stored)
            sums.add(stored)
        writer.close()
        os.fsync(file)
    except OSError as wrong:
        raise StoreError(
            Words(f"无法写入归档：{wrong.strerror}。", f"The archive cannot be written: {wrong.strerror}."),
            hint=Words("目标磁盘是否已满？", "Is the disk that it goes to full?"),
        ) from wrong
    return {
        "sha256": sink.sha256,
        "size": sink.size,
        "events": sums.events,
        "bytes": sums.bytes,
        "sources": sums.plain(),
    }


def _writer(form: str, sink: Hashing) -> _Writer:
    if form == "jsonl":
        return _Lines(sink)
    if form == "parquet":
        from shouwang.eventstore.archiveparquet import Writer  # noqa: PLC0415  # Arrow, only where it is asked for

        return Writer(sink)
    raise UsageError(Words(f"没有归档格式 {form}。", f"There is no archive format {form}."))
