"""What reading a file gives, record by record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from shouwang.words import Words

LONGEST_BYTES: Final = 256 * 1024
"""Of one record; longer ones are cut and flagged."""
BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a file."""

    number: int
    """1-based: the line, the element of the array, the event."""
    raw: bytes
    """Without the line end."""
    end: int
    """Bytes of the (uncompressed) file consumed with it; of EVTX, those of its whole chunk."""
    parser: str
    """Its name in ``PARSERS``."""
    flags: tuple[str, ...] = ()
    """For the event's ``tags``: ``truncated``, ``transcoded``, ``damaged``."""
    length_bytes: int = 0
    """The true length of a truncated record; 0 otherwise."""
    unfinished: bool = False
    """The file's last, without the end that would make it whole: the file may grow, and it with it."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of the file that gave no record."""

    after: int
    """The number of the last record before it."""
    reason: Words


Piece: TypeAlias = Record | Damage
