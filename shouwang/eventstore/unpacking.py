"""The worker's job ``store.unpack``: a day of an archive that a stranger may have made -> events that may be put.

Nothing of a file goes on before all of it was read, checked row by row, and found to be what its manifest says.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import IO, Final, cast
from zoneinfo import ZoneInfo

import zstandard

from shouwang.errors import StoreError, UsageError
from shouwang.eventstore.archived import MOST_LINE_BYTES, Bounds, NotAnEvent, Sums, line_of, stored_of
from shouwang.eventstore.base import Stored
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
MOST_WINDOW_BYTES: Final = 128 << 20
_EVERY: Final = 20_000
_PIECE: Final = 1 << 20


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: the archive's file; an empty one of ours that gets the checked rows, as lines in zstd; one for a copy.

    args: ``name`` (shown), ``day``, ``format``, ``sha256``, ``events``, ``bytes``, ``sources`` (as in the manifest),
    ``zone``, ``now_us``, ``parsers``. Gives ``events``.
    """
    bounds = Bounds(
        date.fromisoformat(str(args["day"])),
        ZoneInfo(str(args["zone"])),
        cast(int, args["now_us"]),
        frozenset(str(each) for each in cast("list[Value]", args["parsers"])),
    )
    _refuse_altered(args, _sha256(files[0]))
    most = (cast(int, args["events"]), cast(int, args["bytes"]))
    reader = _READERS[str(args["format"])]
    sums, digest = Sums(), hashlib.sha256()
    try:
        compressor = zstandard.ZstdCompressor(level=1)
        with os.fdopen(os.dup(files[1]), "wb") as spool, compressor.stream_writer(spool, closefd=False) as out:
            for stored in map(bounds.check, reader(files, digest)):
                if sums.events >= most[0] or sums.bytes + len(stored.raw) > most[1]:
                    raise NotAnEvent("多于清单所载", "there are more than the manifest says")
                sums.add(stored)
                out.write(line_of(stored))
                if sums.events % _EVERY == 0:
                    say({"events": sums.events})
    except NotAnEvent as wrong:
        raise _refused(str(args["name"]), wrong.why, sums.events + 1) from None
    except OSError as wrong:
        raise StoreError(
            Words(f"无法写入临时文件：{wrong.strerror}。", f"A temporary file cannot be written: {wrong.strerror}."),
            hint=Words("磁盘是否已满？", "Is the disk full?"),
        ) from wrong
    _refuse_altered(args, digest.hexdigest())  # it may have been changed while it was read
    _compare(args, sums)
    return {"events": sums.events}


def _sha256(file: int) -> str:
    digest = hashlib.sha256()
    source = _Hashed(file, digest)
    while source.read():
        pass
    return digest.hexdigest()


def _refuse_altered(args: Json, sha256: str) -> None:
    if sha256 != args["sha256"]:
        said = Words(f"SHA-256 为 {sha256}，清单为 {args['sha256']}", f"its SHA-256 is {sha256}, not {args['sha256']}")
        raise _refused(str(args["name"]), said)


def _compare(args: Json, sums: Sums) -> None:
    name = str(args["name"])
    if [sums.events, sums.bytes, sums.plain()] != [args["events"], args["bytes"], args["sources"]]:
        raise _refused(
            name, Words("条数、字节数或摘要与清单不符", "its events, bytes or digests are not those of the manifest")
        )


def _refused(name: str, why: Words, row: int = 0) -> UsageError:
    place = Words(f"第 {row} 条：", f"row {row}: ") if row else Words("", "")
    return UsageError(
        Words(f"{name} 未导入：{place.zh}{why.zh}。", f"{name} was not imported: {place.en}{why.en}."),
        hint=Words(
            "文件已改动、损坏或不完整；该日没有任何记录入库。",
            "It was altered, damaged or cut; nothing of its day was stored.",
        ),
    )


# ---------------------------------------------------------------------------------------- two formats


class _Hashed(io.RawIOBase):
    """Bytes as they are read once, from the start."""

    def __init__(self, file: int, digest: hashlib._Hash) -> None:
        self._file = file
        self._digest = digest
        os.lseek(file, 0, os.SEEK_SET)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = os.read(self._file, _PIECE if size < 0 else size)
        self._digest.update(data)
        return data


def _lines(files: Sequence[int], digest: hashlib._Hash) -> Iterator[Stored]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=MOST_WINDOW_BYTES)
    source = _Hashed(files[0], digest)
    try:
        with decompressor.stream_reader(cast("IO[bytes]", source), read_across_frames=True) as plain:
            stream = io.BufferedReader(cast(io.RawIOBase, plain), _PIECE)
            while line := stream.readline(MOST_LINE_BYTES + 1):
                if len(line) > MOST_LINE_BYTES:
                    raise NotAnEvent("过长", "it is too long")
                if not line.endswith(b"\n"):
                    raise NotAnEvent("不完整", "it is cut")
                yield stored_of(line)
    except zstandard.ZstdError as wrong:
        raise NotAnEvent(f"zstd 无法解压：{wrong}", f"zstd cannot read it: {wrong}") from None
    while source.read():
        pass


def _parquet(files: Sequence[int], digest: hashlib._Hash) -> Iterator[Stored]:
    """From a copy: whoever owns the file may change it while it is read."""
    import pyarrow as pa  # noqa: PLC0415  # only where it is asked for

    from shouwang.eventstore.archiveparquet import rows  # noqa: PLC0415  # as above

    source = _Hashed(files[0], digest)
    with os.fdopen(os.dup(files[2]), "r+b") as copy:
        while data := source.read():
            copy.write(data)
        copy.flush()
        copy.seek(0)
        try:
            yield from rows(copy)
        except (pa.ArrowException, OSError) as wrong:
            why = str(wrong).splitlines()[0][:200]
            raise NotAnEvent(f"Parquet 无法读取：{why}", f"Parquet cannot be read: {why}") from None


_READERS: Final = {"jsonl": _lines, "parquet": _parquet}
