"""Which of many pieces of text stand in a value: one search by Hyperscan where there is one, else one by one.

The value is searched between two marks, so "begins with" and "ends with" are pieces too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

try:
    import hyperscan
except ImportError:
    hyperscan = None  # type: ignore[assignment]  # the engine runs without it, slower

START: Final = "\x02"
END: Final = "\x01"
HAS_HYPERSCAN: Final = hyperscan is not None
__all__ = ["END", "HAS_HYPERSCAN", "START", "Literals", "hyperscan"]

_FEW: Final = 8
"""So many pieces are found faster one by one."""
_PATIENCE: Final = 150
"""So many short texts searched one by one cost as much as making a database; most kinds of event never come so far."""


class Literals:
    """Numbered pieces, in the spelling that they are searched in."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """A piece may begin with ``START`` or end with ``END``."""
        self._pieces = [(number, *_bare(piece)) for number, piece in enumerate(pieces)]
        self._encoded = [piece.encode("utf-8", "surrogatepass") for piece in pieces]
        self._asked = 0
        self._scan: Callable[..., object] | None = None
        self._settled = hyperscan is None or len(pieces) <= _FEW or any(b"\0" in piece for piece in self._encoded)
        self._hits: list[int] = []

    def found_in(self, text: str) -> Sequence[int]:
        """The numbers of the pieces that stand in the text."""
        if self._scan is None or START in text or END in text:
            return self._one_by_one(text)
        hits = self._hits
        hits.clear()
        self._scan(f"{START}{text}{END}".encode("utf-8", "surrogatepass"), self._hit)
        return hits

    def _hit(self, number: int, start: int, end: int, flags: int, context: object) -> None:
        self._hits.append(number)

    def _one_by_one(self, text: str) -> list[int]:
        self._asked += 1 + len(text) // 64
        if self._asked >= _PATIENCE and not self._settled:
            self.compile()
        found = []
        for number, piece, starts, ends in self._pieces:
            if starts:
                if text.startswith(piece):
                    found.append(number)
            elif ends:
                if text.endswith(piece):
                    found.append(number)
            elif piece in text:
                found.append(number)
        return found

    def compile(self) -> None:
        """About 8 us a piece."""
        assert hyperscan is not None
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        count = len(self._encoded)
        database.compile(
            expressions=self._encoded,
            ids=list(range(count)),
            elements=count,
            flags=[hyperscan.HS_FLAG_SINGLEMATCH] * count,
            literal=True,
        )
        self._scan = database.scan
        self._settled = True


def _bare(piece: str) -> tuple[str, bool, bool]:
    if piece.startswith(START):
        return piece[1:], True, False
    if piece.endswith(END):
        return piece[:-1], False, True
    return piece, False, False
