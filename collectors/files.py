"""Whole files -> records: EVTX and its XML export, JSON lines, arrays and objects, text lines; plain, gzip or zstd.

Memory is bounded, whatever the file.

What is broken is a value among the records (``Damage``), never an exception: the rest is still read.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, cast

import orjson
import zstandard

from collectors.evtx_stream import events
from collectors.json_stream import elements
from collectors.lines import blocks
from collectors.noise import is_noise, named
from collectors.parsers.flags import TRANSCODED
from collectors.reading import Block, Damage, Piece, Record
from collectors.sniff import UTF8_MARK, by_content, by_name, encoding_of
from collectors.xml_stream import xml_events
from collectors.zstd import ZstdReader
from shouwang.words import Words

__all__ = ["Block", "Damage", "Piece", "Record", "pieces", "records"]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_HEAD_BYTES: Final = 64 * 1024
_JSON: Final = frozenset(("json", "journald", "metrics", "self"))
_BROKEN: Final = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError, OSError)


def records(source: Path | BinaryIO, format: str = "auto", *, name: str = "") -> Iterator[Piece]:
    """Every record of a file, in order, and what could not be read.

    As ``pieces``, with blocks taken apart.
    """
    for piece in pieces(source, format, name=name):
        if isinstance(piece, Block):
            yield from piece.records()
        else:
            yield piece


def pieces(source: Path | BinaryIO, format: str = "auto", *, name: str = "") -> Iterator[Piece | Block]:
    """A file's records, lines of text in blocks, and what could not be read.

    ``format`` is a parser's name, or ``auto``: by the content. ``name`` stands for a file object's name. Raises
    ``OSError`` when the file cannot be opened; reading on after that never raises.
    """
    with ExitStack() as stack:
        if isinstance(source, Path):
            name = name or source.name
            plain: BinaryIO = stack.enter_context(source.open("rb"))
        else:
            plain = source
        yield from _pieces(_Counted(plain), format, name)


class _Counted(io.RawIOBase):
    """A plain reader over any binary file object; zero bytes means the end."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, as io gives it
        piece = self._inner.read(len(view))
        view[: len(piece)] = piece
        return len(piece)


class _Utf8(io.RawIOBase):
    """UTF-16 read as UTF-8."""

    def __init__(self, inner: BinaryIO, encoding: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._held = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, as io gives it
        while not self._held and not self._ended:
            piece = self._inner.read(32 * 1024)
            self._ended = not piece
            self._held = self._decoder.decode(piece, final=self._ended).encode("utf-8", "backslashreplace")
        given, self._held = self._held[: len(view)], self._held[len(view) :]
        view[: len(given)] = given
        return len(given)


class _Unpacked(io.RawIOBase):
    """What a packed stream still gives; where it breaks, its end, and the error is kept."""

    def __init__(self, read1: Callable[[int], bytes]) -> None:
        self._read1 = read1
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        """As full as it gets: what a file is, is seen in its first block."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, as io gives it
        filled = 0
        while filled < len(view) and self.error is None:
            try:
                piece = self._read1(len(view) - filled)
            except _BROKEN as error:
                self.error = error
                break
            if not piece:
                break
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled


def _pieces(raw: io.RawIOBase, format: str, name: str) -> Iterator[Piece | Block]:
    after = 0
    layers: list[_Unpacked] = []
    try:
        stream = _open(io.BufferedReader(raw, _HEAD_BYTES), layers)
        for piece in _split(stream, format, name):
            if isinstance(piece, Record):
                after = piece.number
            elif isinstance(piece, Block):
                after = piece.last or after
            yield piece
    except _BROKEN as error:
        yield _broken(after, error)
        return
    broken = next((layer.error for layer in layers if layer.error is not None), None)
    if broken is not None:
        yield _broken(after, broken)


def _broken(after: int, error: Exception) -> Damage:
    why = str(error) or type(error).__name__
    return Damage(after, Words(f"无法继续读取：{why}", f"cannot be read on: {why}"))


def _open(stream: io.BufferedReader, layers: list[_Unpacked]) -> io.BufferedReader:
    """Through as many layers of compression as there are, up to three; they are added to ``layers``."""
    for _ in range(3):
        magic = stream.peek(4)[:4]
        if magic.startswith(_GZIP):
            layers.append(_Unpacked(gzip.GzipFile(fileobj=stream).read1))
        elif magic == _ZSTD:
            layers.append(_Unpacked(ZstdReader(stream).read1))
        else:
            break
        stream = io.BufferedReader(layers[-1], _HEAD_BYTES)
    return stream


def _split(stream: io.BufferedReader, format: str, name: str) -> Iterator[Piece | Block]:
    flags: tuple[str, ...] = ()
    encoding = encoding_of(_head(stream))
    if encoding:
        stream = io.BufferedReader(_Utf8(cast(BinaryIO, stream), encoding), _HEAD_BYTES)
        flags = (TRANSCODED,)
    head = _head(stream)
    parser = by_content(head) if format == "auto" else format
    if not parser and is_noise(head):
        yield Damage(0, named(head))
        return
    parser = parser or by_name(name)
    binary = cast(BinaryIO, stream)
    if parser == "evtx":
        yield from events(binary)
    elif parser == "xml":
        yield from xml_events(binary, parser, flags)
    elif parser in _JSON and not _is_lines(head):
        yield from elements(binary, parser, flags)
    else:
        yield from blocks(binary, parser, flags)


def _head(stream: io.BufferedReader) -> bytes:
    return stream.peek(_HEAD_BYTES)


def _is_lines(head: bytes) -> bool:
    """Whether JSON is written one object a line: one of the first complete lines is an object."""
    body = head.removeprefix(UTF8_MARK).lstrip()
    if body[:1] != b"{":
        return body[:1] != b"["
    complete = body.split(b"\n")
    if len(complete) == 1:
        return True
    for line in complete[:20]:
        try:
            if isinstance(orjson.loads(line), dict):
                return True
        except orjson.JSONDecodeError:
            continue
    return False
