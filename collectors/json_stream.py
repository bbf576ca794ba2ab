"""Bytes -> the objects of one JSON array, or of objects written one after the other over many lines. Bounded memory: an
element is held until its last brace, up to the longest record there may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.parsers.flags import TRUNCATED
from collectors.reading import LONGEST_BYTES, Damage, Piece, Record
from collectors.sniff import UTF8_MARK
from shouwang.words import Words

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)
_BLOCK_BYTES: Final = 32 * 1024
_BETWEEN: Final = b" \t\r\n,"


class _Splitter:
    """Feed blocks, take elements. ``at`` is where in the file ``held`` begins."""

    def __init__(self) -> None:
        self.held = b""
        self.at = 0
        self.in_array = False
        self.scanned = 0
        self.depth = 0
        self.skipping = 0
        """Bytes of an element too long to hold that were thrown away."""

    def take(self) -> tuple[bytes, int] | None:
        """One whole element and its true length; ``None``: more bytes are needed."""
        if self.depth == 0 and not self._enter():
            return None
        for found in _TOKEN.finditer(self.held, self.scanned):
            token = found[0]
            if token in (b"{", b"["):
                self.depth += 1
            elif token in (b"}", b"]"):
                self.depth -= 1
                if self.depth == 0:
                    return self._cut(found.end())
            self.scanned = found.end()
        return None

    def _enter(self) -> bool:
        """Go to the next element's first brace over blanks and commas; ``False``: there is none, or something else."""
        while True:
            stripped = self.held.lstrip(_BETWEEN)
            self.at += len(self.held) - len(stripped)
            self.held, self.scanned = stripped, 0
            if not stripped:
                return False
            if stripped[:1] in (b"[", b"]") and not (self.in_array and stripped[:1] == b"["):
                self.in_array = stripped[:1] == b"["
                self.held = stripped[1:]
                self.at += 1
                continue
            return stripped[:1] in (b"{", b"[")

    def _cut(self, end: int) -> tuple[bytes, int]:
        element, self.held = self.held[:end], self.held[end:]
        length = len(element) + self.skipping
        self.at += end
        self.scanned = self.skipping = self.depth = 0
        return element, length

    def shorten(self) -> None:
        """Throw away the middle of an element that is too long; its beginning was kept by the caller."""
        rest = self.held[self.scanned :]
        gone = len(self.held) - len(rest)
        self.skipping += gone
        self.at += gone
        self.held, self.scanned = rest, 0


def elements(stream: BinaryIO, parser: str, flags: tuple[str, ...] = ()) -> Iterator[Piece]:
    """The objects in order. Text that is neither object nor array, and an end in the middle, are damages."""
    splitter = _Splitter()
    number = 0
    beginning = b""
    block = stream.read(_BLOCK_BYTES)
    splitter.at = len(UTF8_MARK) if block.startswith(UTF8_MARK) else 0
    block = block.removeprefix(UTF8_MARK)
    while block:
        splitter.held += block
        for piece in _whole(splitter, number, beginning, (parser, flags)):
            if isinstance(piece, Record):
                number, beginning = piece.number, b""
            yield piece
        if splitter.depth and len(splitter.held) > LONGEST_BYTES:
            beginning = beginning or splitter.held[:LONGEST_BYTES]
            splitter.shorten()
            if len(splitter.held) > 4 * LONGEST_BYTES:
                yield Damage(number, _endless(splitter.at))
                return
        block = stream.read(_BLOCK_BYTES)
    if splitter.held or splitter.depth:
        yield Damage(number, Words("文件在一个 JSON 对象中间结束", "the file ends inside a JSON object"))
        rest = (beginning or splitter.held)[:LONGEST_BYTES]
        yield Record(number + 1, rest, splitter.at + len(splitter.held), parser, flags, unfinished=True)


def _whole(splitter: _Splitter, number: int, beginning: bytes, how: tuple[str, tuple[str, ...]]) -> Iterator[Piece]:
    """What is complete in the bytes held. ``beginning`` is that of an element whose middle was thrown away."""
    parser, flags = how
    while True:
        taken = splitter.take()
        if taken is not None:
            element, length = taken
            number += 1
            if length > LONGEST_BYTES:
                cut = (beginning or element)[:LONGEST_BYTES]
                yield Record(number, cut, splitter.at, parser, (*flags, TRUNCATED), length)
            else:
                yield Record(number, element, splitter.at, parser, flags)
            beginning = b""
            continue
        if splitter.depth or splitter.held[:1] in (b"", b"{", b"["):
            return
        yield Damage(number, Words(f"字节 {splitter.at} 处不是 JSON 对象", f"no JSON object at byte {splitter.at}"))
        splitter.held = _next_element(splitter)


def _endless(at: int) -> Words:
    return Words(f"字节 {at} 之前开始的文本没有结尾", f"a text without end begins before byte {at}")


def _next_element(splitter: _Splitter) -> bytes:
    places = [place for place in (splitter.held.find(b"{"), splitter.held.find(b"]")) if place >= 0]
    place = min(places, default=len(splitter.held))
    splitter.at += place
    return splitter.held[place:]
