"""Bytes -> lines, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from collectors.parsers.flags import TRUNCATED
from collectors.reading import BLOCK_BYTES, LONGEST_BYTES, Block, Record
from collectors.sniff import UTF8_MARK


def blocks(stream: BinaryIO, parser: str, flags: tuple[str, ...] = ()) -> Iterator[Block | Record]:
    """Every line; ``number`` counts the blank ones too. A line over ``LONGEST_BYTES`` is cut, and comes by itself; so
    does a last one without its end."""
    held, dropped = b"", 0
    number, end = 0, 0
    first = True
    while block := stream.read(BLOCK_BYTES):
        if first:
            first = False
            if block.startswith(UTF8_MARK):
                block, end = block[len(UTF8_MARK) :], len(UTF8_MARK)
        cut = block.rfind(b"\n") + 1
        whole, rest = block[:cut], block[cut:]
        if cut and held:
            line, _, after = whole.partition(b"\n")
            if dropped or len(held) + len(line) > LONGEST_BYTES:
                number += 1
                end += len(held) + len(line) + dropped + 1
                yield _cut(held + line, dropped, number, end, (parser, flags))
                whole = after
            else:
                whole = held + whole
            held, dropped = b"", 0
        if whole:
            end += len(whole)
            yield Block(number + 1, whole, end, parser, flags)
            number += whole.count(b"\n")
        held += rest
        if len(held) > LONGEST_BYTES:
            dropped += len(held) - LONGEST_BYTES
            held = held[:LONGEST_BYTES]
    if held:
        yield from _unfinished(held, dropped, number + 1, end + len(held) + dropped, (parser, flags))


def _unfinished(line: bytes, dropped: int, number: int, end: int, how: tuple[str, tuple[str, ...]]) -> Iterator[Record]:
    parser, flags = how
    if len(line) + dropped > LONGEST_BYTES:
        yield replace(_cut(line, dropped, number, end, how), unfinished=True)
        return
    raw = line[:-1] if line.endswith(b"\r") else line
    if raw.strip():
        yield Record(number, raw, end, parser, flags, unfinished=True)


def _cut(line: bytes, dropped: int, number: int, end: int, how: tuple[str, tuple[str, ...]]) -> Record:
    parser, flags = how
    return Record(number, line[:LONGEST_BYTES], end, parser, (*flags, TRUNCATED), len(line) + dropped)
