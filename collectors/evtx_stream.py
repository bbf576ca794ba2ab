"""Bytes of an EVTX file -> the JSON text of its records, chunk by chunk.

Each 64 KiB chunk is given to the library by itself, behind a file header of our own. So memory is bounded, a compressed
file needs no copy on disk, a broken chunk costs only itself, a chunk cut off by the end of the file still gives its
whole records, and what the chunk's header promises can be compared with what came out: the library alone says nothing
when a file ends inside a chunk. Layout: libevtx, "Windows XML Event Log (EVTX) format".
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from evtx import PyEvtxParser

from collectors.parsers.flags import DAMAGED
from collectors.reading import Damage, Piece, Record
from collectors.sniff import EVTX_MAGIC
from shouwang.words import Words

HEADER_BYTES: Final = 4096
CHUNK_BYTES: Final = 65_536
_CHUNK_MAGIC: Final = b"ElfChnk\0"
_FIELDS: Final = struct.Struct("<QQQIHHHH")
"""First chunk, last chunk, next record id, header size, minor, major, block size, number of chunks; at byte 8."""
_RANGE: Final = struct.Struct("<QQ")
"""First and last record number; at byte 8 of a chunk."""
_MOST_PER_CHUNK: Final = 2048
"""A record takes at least 32 bytes: more errors than this in a chunk are one error that repeats."""


def _header() -> bytes:
    """A file header that announces one chunk."""
    head = EVTX_MAGIC + _FIELDS.pack(0, 0, 1, 128, 1, 3, HEADER_BYTES, 1)
    head = head.ljust(120, b"\0")
    return (head + struct.pack("<II", 0, zlib.crc32(head))).ljust(HEADER_BYTES, b"\0")


_HEADER: Final = _header()


def _read(stream: BinaryIO, size: int) -> bytes:
    pieces = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def events(stream: BinaryIO) -> Iterator[Piece]:
    """The records in the file's order, and what is missing."""
    head = _read(stream, HEADER_BYTES)
    if len(head) < HEADER_BYTES or not head.startswith(EVTX_MAGIC):
        yield Damage(0, Words("没有 EVTX 文件头", "no EVTX file header"))
        return
    announced = _FIELDS.unpack_from(head, 8)[7]
    number, chunks = 0, 0
    while chunk := _read(stream, CHUNK_BYTES):
        place = HEADER_BYTES + (chunks + 1) * CHUNK_BYTES
        chunks += 1
        if chunks <= announced and not chunk.strip(b"\0"):
            yield Damage(
                number,
                Words(
                    f"第 {chunks} 块是空的，而文件头称有此块",
                    f"chunk {chunks} is empty, where the file header announces one",
                ),
            )
        for piece in _chunk(chunk, chunks, number, place):
            if isinstance(piece, Record):
                number = piece.number
            yield piece
        if len(chunk) < CHUNK_BYTES and chunk.strip(b"\0"):
            yield Damage(number, Words(f"文件在第 {chunks} 块中间结束", f"the file ends inside chunk {chunks}"))
    if chunks < announced:
        yield Damage(
            number,
            Words(
                f"文件头称有 {announced} 块，实有 {chunks} 块：文件被截断",
                f"the file header announces {announced} chunks, {chunks} are there: the file was cut",
            ),
        )


def _chunk(chunk: bytes, index: int, number: int, end: int) -> Iterator[Piece]:
    if not chunk.startswith(_CHUNK_MAGIC):
        if chunk.strip(b"\0"):
            yield Damage(number, Words(f"第 {index} 块没有块头", f"chunk {index} has no chunk header"))
        return
    first, last = _RANGE.unpack_from(chunk.ljust(512, b"\0"), 8)
    expected = last - first + 1 if 0 < first <= last < first + _MOST_PER_CHUNK else 0
    given, errors = 0, 0
    try:
        parser = PyEvtxParser(io.BytesIO(_HEADER + chunk.ljust(CHUNK_BYTES, b"\0")), number_of_threads=1)
        iterator = iter(parser.records_json())
    except (OSError, RuntimeError, ValueError) as error:
        yield Damage(number, _said(index, error))
        return
    while errors < _MOST_PER_CHUNK:
        try:
            record = cast(dict[str, str], next(iterator))
        except StopIteration:
            break
        except (OSError, RuntimeError, ValueError) as error:
            errors += 1
            yield Damage(number + given, _said(index, error))
            continue
        given += 1
        flags = (DAMAGED,) if errors else ()
        yield Record(number + given, record["data"].encode(), end, "evtx", flags)
    if given + errors < expected:
        yield Damage(
            number + given,
            Words(
                f"第 {index} 块称有 {expected} 条记录，读出 {given} 条",
                f"chunk {index} announces {expected} records, {given} could be read",
            ),
        )


def _said(index: int, error: Exception) -> Words:
    """By the library, in English."""
    return Words(f"第 {index} 块：{str(error)[:300]}", f"chunk {index}: {str(error)[:300]}")
