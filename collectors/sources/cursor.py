"""Where the reading of one file stands. Committed with the events up to there."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Final

HEAD_BYTES: Final = 1024
TAIL_BYTES: Final = 64


def digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class FileCursor:
    """A file is the same one when its content is; the inode alone says little (ext4 gives a freed one to the next)."""

    path: str
    """As watched, also after the file was rotated away; bytes that are no UTF-8 as lone surrogates."""
    generation: int
    """Counts the files of a source; part of the cursor's name."""
    device: int
    inode: int
    head: str
    """Digest of the first ``head_length`` bytes, 1,024 at most."""
    head_length: int
    tail: str
    """Digest of the ``tail_length`` bytes before ``seen``, 64 at most."""
    tail_length: int
    seen: int
    """So long the file was at least."""
    offset: int
    """Before it all is delivered; an unfinished line lies behind it."""
    mtime_ns: int
    done: bool = False
    """Rotated away and read to its end."""

    def encode(self) -> bytes:
        body = json.dumps(asdict(self), separators=(",", ":")).encode("ascii")
        return b"%08x %s" % (zlib.crc32(body), body)


def decode(value: bytes) -> FileCursor | None:
    """``None`` for a damaged one."""
    check, _, body = value.partition(b" ")
    try:
        if int(check, 16) != zlib.crc32(body):
            return None
        return FileCursor(**json.loads(body))
    except (ValueError, TypeError):
        return None


class Mark:
    """The bytes by which a file is known again: its first, and the last that were read."""

    def __init__(self, position: int, head: bytes = b"", tail: bytes = b"") -> None:
        self.position = position
        self.head = head
        self.tail = tail

    def add(self, data: bytes) -> None:
        """``data`` was read at ``position``."""
        known = len(self.head) - self.position
        if 0 <= known < len(data):
            self.head += data[known : known + HEAD_BYTES - len(self.head)]
        self.position += len(data)
        self.tail = (self.tail + data)[-TAIL_BYTES:]

    def fits(self, cursor: FileCursor) -> bool:
        """Whether the content read so far, up to ``cursor.seen``, is what the cursor speaks of."""
        return (
            self.position == cursor.seen
            and digest(self.head[: cursor.head_length]) == cursor.head
            and digest(self.tail[len(self.tail) - cursor.tail_length :]) == cursor.tail
        )

    def may_fit(self, cursor: FileCursor) -> bool:
        """``False`` as soon as the beginning says no."""
        known = len(self.head) >= cursor.head_length
        return not known or digest(self.head[: cursor.head_length]) == cursor.head
