"""Bytes -> lines, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from collectors.parsers.flags import TRUNCATED
from collectors.reading import BLOCK_BYTES, LONGEST_BYTES, Record
from collectors.sniff import UTF8_MARK


def lines(stream: BinaryIO, parser: str, flags: tuple[str, ...] = ()) -> Iterator[Record]:
    """Every line that is not blank; ``number`` counts the blank ones too. A line over ``LONGEST_BYTES`` is cut."""
    held, dropped = b"", 0
    number, end = 0, 0
    first = True
    while block := stream.read(BLOCK_BYTES):
        if first:
            first = False
            if block.startswith(UTF8_MARK):
                block, end = block[len(UTF8_MARK) :], len(UTF8_MARK)
        *complete, rest = block.split(b"\n")
        for line in complete:
            number += 1
            whole = held + line if held else line
            end += len(whole) + dropped + 1
            yield from _record(whole, dropped, number, end, (parser, flags))
            held, dropped = b"", 0
        held += rest
        if len(held) > LONGEST_BYTES:
            dropped += len(held) - LONGEST_BYTES
            held = held[:LONGEST_BYTES]
    if held:
        for record in _record(held, dropped, number + 1, end + len(held) + dropped, (parser, flags)):
            yield replace(record, unfinished=True)


def _record(line: bytes, dropped: int, number: int, end: int, how: tuple[str, tuple[str, ...]]) -> Iterator[Record]:
    parser, flags = how
    length = len(line) + dropped
    if length > LONGEST_BYTES:
        yield Record(number, line[:LONGEST_BYTES], end, parser, (*flags, TRUNCATED), length)
        return
    raw = line[:-1] if line.endswith(b"\r") else line
    if raw.strip():
        yield Record(number, raw, end, parser, flags)
