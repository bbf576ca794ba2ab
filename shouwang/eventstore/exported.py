"""Events of a day that ``exporting`` or ``unpacking`` wrote as lines in zstd, in batches that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

import zstandard

from shouwang.eventstore.archived import stored_of
from shouwang.eventstore.base import Rehydrate
from shouwang.model import Event

BATCH_EVENTS: Final = 10_000
"""More than live ones have: each may have to be looked for among what is sealed."""
BATCH_BYTES: Final = 16 << 20


def batches(file: BinaryIO, rehydrate: Rehydrate, most: int = BATCH_EVENTS) -> Iterator[Sequence[Event]]:
    """From the file's start; ``most``: events of one batch."""
    file.seek(0)
    held: list[Event] = []
    size = 0
    with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as plain:
        for line in _lines(plain):
            stored = stored_of(line)
            held.append(rehydrate(stored))
            size += len(stored.raw)
            if len(held) == most or size >= BATCH_BYTES:
                yield held
                held, size = [], 0
    if held:
        yield held


def _lines(plain: zstandard.ZstdDecompressionReader) -> Iterator[bytes]:
    rest = b""
    while piece := plain.read(1 << 20):
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
