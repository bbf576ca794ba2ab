"""What reading a file gives, record by record."""

from __future__ import annotations

from collections.abc import Iterator
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
class Block:
    """Whole lines, none longer than ``LONGEST_BYTES``, blank ones among them."""

    first: int
    """1-based number of the first line."""
    data: bytes
    """Each line with its end."""
    end: int
    """As ``Record.end``."""
    parser: str
    flags: tuple[str, ...] = ()

    def records(self) -> Iterator[Record]:
        """Every line that is not blank."""
        end = self.end - len(self.data)
        for number, line in enumerate(self.data[:-1].split(b"\n"), self.first):
            end += len(line) + 1
            raw = line[:-1] if line.endswith(b"\r") else line
            if raw.strip():
                yield Record(number, raw, end, self.parser, self.flags)

    @property
    def last(self) -> int:
        """The number of the last line that is not blank; 0: there is none."""
        text = self.data.rstrip()
        return self.first + text.count(b"\n") if text else 0


@dataclass(frozen=True, slots=True)
class Damage:
    """A part of the file that gave no record."""

    after: int
    """The number of the last record before it."""
    reason: Words


Piece: TypeAlias = Record | Damage
