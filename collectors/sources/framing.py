"""Where a syslog message ends in a TCP stream: octet counting or a trailer, told apart message by message. Pure.

RFC 6587, 3.4.1 and 3.4.2; the trailer is a line end, or the NUL that some senders write. Octet counting is taken for
what it is only when ``<`` follows the number and the space, as a message with a priority must begin: so a line that
starts with a year or a day is a line.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import TRUNCATED
from collectors.sources.lines import CAP_BYTES, FRAGMENT, Line

MOST_BYTES: Final = 16 * 1024 * 1024
"""A message that claims more is no message: the stream cannot be followed."""

_COUNTED: Final = re.compile(rb"([1-9]\d{0,8}) <")
_MAYBE_COUNTED: Final = re.compile(rb"[1-9]\d{0,8} ?")
_TRAILER: Final = re.compile(rb"[\n\0]")
_BETWEEN: Final = b"\r\n\0"


class Framer:
    """One connection's. Holds at most ``CAP_BYTES`` of an unfinished message."""

    def __init__(self) -> None:
        self.broken = ""
        """Why the stream cannot be followed any more."""
        self._held = b""
        self._over = 0
        """Bytes beyond the cap: counted, not kept."""
        self._left = 0
        """Of a counted message beyond the cap: bytes that are still to come."""

    @property
    def held_bytes(self) -> int:
        return len(self._held)

    def feed(self, data: bytes) -> list[Line]:
        """The messages that these bytes complete."""
        frames: list[Line] = []
        if self._over:
            data = self._skip(data, frames)
        buffer = self._held + data if not self._over else b""
        at = 0
        while at < len(buffer):
            if buffer[at] in _BETWEEN:
                at += 1
                continue
            end = self._frame(buffer, at, frames)
            if end < 0:
                break
            at = end
        if not self._over:
            self._hold(buffer[at:])
        return frames

    def close(self) -> Line | None:
        """The sender is gone: the half message that it left."""
        if not self._held:
            return None
        raw, length = self._held, len(self._held) + self._over
        cut = self._over > 0
        self._held, self._over, self._left = b"", 0, 0
        return Line(_trimmed(raw), 0, (FRAGMENT, TRUNCATED) if cut else (FRAGMENT,), length if cut else 0)

    def _frame(self, buffer: bytes, at: int, frames: list[Line]) -> int:
        """Where the message that begins here ends; -1 when that has not come."""
        counted = _COUNTED.match(buffer, at)
        if counted:
            start, length = counted.end() - 1, int(counted[1])
            if length > MOST_BYTES:
                self.broken = f"a message of {length} bytes is announced"
                return -1
            if start + length > len(buffer):
                return -1
            frames.append(_message(buffer[start : start + length]))
            return start + length
        if _MAYBE_COUNTED.fullmatch(buffer, at):
            return -1
        trailer = _TRAILER.search(buffer, at)
        if trailer is None:
            return -1
        frames.append(_message(buffer[at : trailer.start()]))
        return trailer.end()

    def _hold(self, rest: bytes) -> None:
        counted = _COUNTED.match(rest)
        start = counted.end() - 1 if counted else 0
        if len(rest) - start <= CAP_BYTES:
            self._held = rest
            return
        self._held = rest[start : start + CAP_BYTES]
        self._over = len(rest) - start - CAP_BYTES
        self._left = int(counted[1]) - CAP_BYTES - self._over if counted else 0

    def _skip(self, data: bytes, frames: list[Line]) -> bytes:
        """The rest of a message beyond the cap; what follows it."""
        if self._left:
            taken = min(self._left, len(data))
            self._left -= taken
            ended = self._left == 0
            after = data[taken:]
        else:
            trailer = _TRAILER.search(data)
            ended = trailer is not None
            taken = trailer.start() if trailer else len(data)
            after = data[taken + 1 :]
        self._over += taken
        if not ended:
            return b""
        frames.append(Line(self._held, 0, (TRUNCATED,), len(self._held) + self._over))
        self._held, self._over = b"", 0
        return after


def _message(raw: bytes) -> Line:
    raw = _trimmed(raw)
    if len(raw) > CAP_BYTES:
        return Line(raw[:CAP_BYTES], 0, (TRUNCATED,), len(raw))
    return Line(raw, 0)


def _trimmed(raw: bytes) -> bytes:
    return raw.rstrip(_BETWEEN)
