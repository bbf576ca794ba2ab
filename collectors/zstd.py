"""A zstd stream, frame after frame, that says when it ends inside one: the library's own reader ends in silence."""

from __future__ import annotations

from typing import BinaryIO, Final

import zstandard

_FEED_BYTES: Final = 1024
"""Packed bytes given at a time. The densest packing makes 32 MiB of them: so much is held at most."""


class ZstdReader:
    """``read1`` as of a file. Raises ``EOFError`` at the end of a cut stream, ``zstandard.ZstdError`` at a broken one;
    what came before was given."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._inside = False
        """Whether the present frame has begun."""
        self._held = memoryview(b"")

    def read1(self, size: int, /) -> bytes:
        while not self._held:
            packed = self._frame.unused_data if self._frame.eof else b""
            packed = packed or self._packed.read(_FEED_BYTES)
            if self._frame.eof:
                self._frame, self._inside = zstandard.ZstdDecompressor().decompressobj(), False
            if not packed:
                if self._inside:
                    raise EOFError("the zstd stream ends inside a frame")
                return b""
            self._inside = True
            self._held = memoryview(self._frame.decompress(packed))
        given, self._held = bytes(self._held[:size]), self._held[size:]
        return given
