"""Bytes -> the ``<Event>`` elements of an XML export, with or without ``<Events>`` around them. Bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from collectors.parsers.flags import TRUNCATED
from collectors.reading import BLOCK_BYTES, LONGEST_BYTES, Damage, Piece, Record
from shouwang.words import Words

_BEGIN: Final = re.compile(rb"<Event[\s>]")
_END: Final = b"</Event>"
_OVERLAP: Final = 16


def xml_events(stream: BinaryIO, parser: str, flags: tuple[str, ...] = ()) -> Iterator[Piece]:
    """The elements in order; an end inside one is a damage, and what was there of it a record."""
    held, at, number, dropped = b"", 0, 0, 0
    while block := stream.read(BLOCK_BYTES):
        held += block
        while True:
            begin = None if dropped else _BEGIN.search(held)
            if begin is None and not dropped:
                at += max(0, len(held) - _OVERLAP)
                held = held[-_OVERLAP:]
                break
            start = begin.start() if begin is not None else 0
            end = held.find(_END, start)
            if end < 0:
                at, held = at + start, held[start:]
                if len(held) > 2 * LONGEST_BYTES:
                    gone = len(held) - LONGEST_BYTES - _OVERLAP
                    held = held[:LONGEST_BYTES] + held[-_OVERLAP:]
                    dropped += gone
                    at += gone
                break
            end += len(_END)
            number += 1
            element = held[start:end]
            length = len(element) + dropped
            long = length > LONGEST_BYTES
            at, held, dropped = at + end, held[end:], 0
            yield Record(
                number, element[:LONGEST_BYTES], at, parser, (*flags, TRUNCATED) if long else flags, length * long
            )
    if _BEGIN.match(held) or dropped:
        yield Damage(number, Words("文件在一个事件中间结束", "the file ends inside an event"))
        yield Record(number + 1, held[:LONGEST_BYTES], at + len(held), parser, flags, unfinished=True)
