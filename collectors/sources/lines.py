"""A file's bytes -> lines, at whatever places the reads cut them. Pure."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final, Literal

from collectors.parsers.flags import TRANSCODED, TRUNCATED
from collectors.reading import LONGEST_BYTES

CAP_BYTES: Final = LONGEST_BYTES
"""A longer record is cut here; its true length stays known."""
FRAGMENT: Final = "fragment"
"""A piece of a line: its file ended, or a block of NUL bytes stood, where the line end should be."""

_NUL_RUN: Final = 16
"""So many NUL bytes on end are what a crash left, not text."""
_BREAK: Final = re.compile(rb"\n|\x00{%d,}" % _NUL_RUN)
_SURROGATES: Final = "surrogatepass"

Codec = Literal["", "utf-16-le", "utf-16-be"]


def codec_of(head: bytes) -> Codec:
    """UTF-16 says so in its first two bytes; empty for everything else."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    return "utf-16-be" if head.startswith(codecs.BOM_UTF16_BE) else ""


@dataclass(frozen=True, slots=True)
class Line:
    raw: bytes
    """Without the line end; UTF-16 as UTF-8 (lone surrogates kept, so the bytes can be had back)."""
    end: int
    """Offset in the file after the line end."""
    flags: tuple[str, ...] = ()
    length: int = 0
    """True length in bytes, of a truncated one."""


class LineSplitter:
    r"""Fed block after block. A line ends with ``\n`` or ``\r\n``; NUL bytes at its start, and runs of 16 or more
    anywhere, are skipped and counted; the file's BOM is skipped. Holds at most ``CAP_BYTES`` of an unfinished line.
    """

    def __init__(self, offset: int, codec: Codec = "") -> None:
        self.cursor = offset
        """After the last line given: where to read on after a restart."""
        self.nul_bytes = 0
        self._codec: Codec = codec
        self._newline = "\n".encode(codec or "ascii")
        self._held = b""
        self._over = 0
        """Bytes of the unfinished line beyond the cap: counted, not kept."""
        self._odd = b""
        """Half a UTF-16 unit while such bytes are thrown away."""

    @property
    def transcodes(self) -> bool:
        return bool(self._codec)

    @property
    def holds(self) -> bool:
        """Whether there is an unfinished line."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Line]:
        lines: list[Line] = []
        if self._over:
            rest = self._throw_away(data)
            if rest is None:
                return lines
            lines.append(self._finish_overlong())
            data = rest
        buffer = self._held + data
        self._held = b""
        if self._codec or b"\0" not in buffer:
            pieces = self._cut(buffer)
            last = pieces.pop()
            lines += [self._line(piece) for piece in pieces]
        else:
            last = self._cut_around_nuls(buffer, lines)
        self._hold(last)
        return lines

    def flush(self) -> Line | None:
        """What is held when no more will come."""
        if not self._held:
            return None
        length = len(self._held) + self._over
        end = self.cursor + length
        raw, flags = self._text(self._held, self.cursor), (FRAGMENT,)
        self.cursor, over = end, self._over
        self._held, self._over, self._odd = b"", 0, b""
        return Line(raw, end, (*flags, TRUNCATED), length) if over else Line(raw, end, self._flags(flags))

    def _cut(self, buffer: bytes) -> list[bytes]:
        if not self._codec:
            return buffer.split(b"\n")
        pieces, start, at = [], 0, 0
        while (at := buffer.find(self._newline, at)) >= 0:
            if (at - start) % 2:
                at += 1
                continue
            pieces.append(buffer[start:at])
            start = at = at + 2
        return [*pieces, buffer[start:]]

    def _cut_around_nuls(self, buffer: bytes, lines: list[Line]) -> bytes:
        start = self._skip_nuls(buffer, 0)
        while found := _BREAK.search(buffer, start):
            piece = buffer[start : found.start()]
            if found[0] == b"\n":
                lines.append(self._line(piece))
                start = self._skip_nuls(buffer, found.end())
            else:
                end = self.cursor + len(piece)
                lines.append(Line(self._text(piece, self.cursor), end, (FRAGMENT,)))
                self.cursor = end
                start = self._skip_nuls(buffer, found.start())
        return buffer[start:]

    def _skip_nuls(self, buffer: bytes, start: int) -> int:
        end = start
        if buffer[start : start + 1] == b"\0":
            end = len(buffer) - len(buffer[start:].lstrip(b"\0"))
        self.nul_bytes += end - start
        self.cursor += end - start
        return end

    def _line(self, piece: bytes) -> Line:
        start = self.cursor
        self.cursor = start + len(piece) + len(self._newline)
        if len(piece) > CAP_BYTES:
            return self._truncated(piece[:CAP_BYTES], start, len(piece))
        return Line(self._text(piece, start), self.cursor, self._flags(()))

    def _truncated(self, kept: bytes, start: int, length: int) -> Line:
        return Line(self._text(kept, start), self.cursor, self._flags((TRUNCATED,)), length)

    def _hold(self, last: bytes) -> None:
        self._held = last[:CAP_BYTES]
        self._over = len(last) - len(self._held)
        if self._codec and self._over % 2:
            self._odd = last[-1:]
            self._over -= 1

    def _throw_away(self, data: bytes) -> bytes | None:
        """Inside an overlong line: what follows its end, or nothing when that has not come."""
        data, self._odd = self._odd + data, b""
        pieces = self._cut(data) if self._codec else data.split(b"\n", 1)
        if len(pieces) > 1:
            self._over += len(pieces[0])
            return data[len(pieces[0]) + len(self._newline) :]
        if self._codec and len(data) % 2:
            data, self._odd = data[:-1], data[-1:]
        self._over += len(data)
        return None

    def _finish_overlong(self) -> Line:
        start, length = self.cursor, len(self._held) + self._over
        self.cursor = start + length + len(self._newline)
        line = self._truncated(self._held, start, length)
        self._held, self._over = b"", 0
        return line

    def _flags(self, flags: tuple[str, ...]) -> tuple[str, ...]:
        return (*flags, TRANSCODED) if self._codec else flags

    def _text(self, piece: bytes, start: int) -> bytes:
        if self._codec:
            whole = piece[: len(piece) & ~1]
            piece = whole.decode(self._codec, _SURROGATES).encode("utf-8", _SURROGATES) + piece[len(whole) :]
        if start == 0:
            piece = piece.removeprefix(codecs.BOM_UTF8)
        return piece.removesuffix(b"\r")
