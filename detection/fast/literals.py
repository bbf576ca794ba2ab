"""Which of many pieces of text stand in a value: one search by Hyperscan where there is one, else one by one.

The value is searched between two marks, so "begins with" and "ends with" are pieces too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol, TypeAlias

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
_GRAM: Final = 3
_US_A_PIECE: Final = 0.04
_US_A_LETTER: Final = 0.1
_US_TO_COMPILE: Final = 8.0
"""Of a piece. What the three ways of searching cost, roughly."""


Scan: TypeAlias = Callable[[bytes, Callable[[int, int, int, int, object], None]], object]


class Kept(Protocol):
    """What was made once, by what it was made of."""

    def get(self, key: bytes) -> bytes | None: ...

    def put(self, key: bytes, payload: bytes) -> None: ...


class Literals:
    """Numbered pieces, in the spelling that they are searched in.

    Most kinds of event ask for few values. So where databases are not kept, one is made only when searching without it
    has cost as much.
    """

    def __init__(self, pieces: Sequence[str], kept: Kept | None = None) -> None:
        """A piece may begin with ``START`` or end with ``END``. ``kept``: where databases are kept."""
        self._kept = kept
        self._pieces = list(enumerate(pieces))
        self._few = len(pieces) <= _FEW
        self._can_compile = hyperscan is not None and not self._few and not any("\0" in piece for piece in pieces)
        self._tied = any(START in piece or END in piece for piece in pieces)
        self._spent_us = 0.0
        self._scan: Scan | None = None
        self._grams: dict[str, list[tuple[int, str]]] | None = None
        self._hits: list[int] = []
        self._hit = _collector(self._hits)

    def found_in(self, text: str) -> Sequence[int]:
        """The numbers of the pieces that stand in the text in lower case; good until the next search."""
        scan = self._scan
        if scan is None:
            if self._kept is None or not self._can_compile:
                return self._without(text.lower())
            scan = self._load()
        searched = text if text.isascii() else text.lower()
        if self._tied:
            if START in searched or END in searched:
                return self._one_by_one(searched.lower())
            searched = f"{START}{searched}{END}"
        self._hits.clear()
        try:
            scan(searched.encode(), self._hit)
        except UnicodeEncodeError:  # half of a surrogate pair
            scan(searched.encode("utf-8", "surrogatepass"), self._hit)
        return self._hits

    def _one_by_one(self, text: str) -> list[int]:
        return [number for number, piece in self._pieces if _stands(piece, text)]

    def _without(self, text: str) -> Sequence[int]:
        """Without a database."""
        if START in text or END in text:
            return self._one_by_one(text)
        marked = f"{START}{text}{END}" if self._tied else text
        count = len(self._pieces)
        if self._few:
            return [number for number, piece in self._pieces if piece in marked]
        if count * _US_A_PIECE < len(marked) * _US_A_LETTER:
            self._spent_us += count * (_US_A_PIECE + len(marked) / 2000)
            found = [number for number, piece in self._pieces if piece in marked]
        else:
            self._spent_us += len(marked) * _US_A_LETTER
            found = self._by_gram(marked)
        if self._spent_us > count * _US_TO_COMPILE and self._can_compile:
            self.compile()
        return found

    def _by_gram(self, marked: str) -> list[int]:
        """Only pieces of which three letters stand in the text are looked for."""
        grams = self._grams
        if grams is None:
            grams = self._grams = _by_rare_gram(self._pieces)
        here = {marked[at : at + _GRAM] for at in range(len(marked) - _GRAM + 1)}
        here.add("")
        candidates = grams.keys() & here
        return [number for gram in candidates for number, piece in grams[gram] if piece in marked]

    def compile(self) -> Scan:
        """Makes the database."""
        assert hyperscan is not None
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        count = len(self._pieces)
        database.compile(
            expressions=[piece.encode("utf-8", "surrogatepass") for _, piece in self._pieces],
            ids=list(range(count)),
            elements=count,
            flags=[hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS] * count,
            literal=True,
        )
        self._scan = database.scan
        self._grams = None
        if self._kept is not None:
            self._kept.put(self._key(), hyperscan.dumpb(database))
        return self._scan

    def _load(self) -> Scan:
        """The database that was kept, or is kept from now on."""
        assert hyperscan is not None
        assert self._kept is not None
        held = self._kept.get(self._key())
        if held is not None:
            with suppress(hyperscan.error):  # of another processor
                database = hyperscan.loadb(held, hyperscan.HS_MODE_BLOCK)
                database.scratch = hyperscan.Scratch(database)
                self._scan = database.scan
                return self._scan
        return self.compile()

    def _key(self) -> bytes:
        """The version of the library, and all that is looked for."""
        assert hyperscan is not None
        pieces = (piece.encode("utf-8", "surrogatepass") for _, piece in self._pieces)
        version: str = hyperscan.__version__  # type: ignore[attr-defined]  # its stubs lack it
        return b"\0".join((version.encode(), b"caseless", *pieces))


def _collector(hits: list[int]) -> Callable[[int, int, int, int, object], None]:
    push = hits.append

    def hit(number: int, start: int, end: int, flags: int, context: object) -> None:
        push(number)

    return hit


def _by_rare_gram(pieces: Sequence[tuple[int, str]]) -> dict[str, list[tuple[int, str]]]:
    """Each piece under that of three of its grams which has the fewest so far; short pieces under none."""
    grams: dict[str, list[tuple[int, str]]] = {"": []}
    for number, piece in pieces:
        last = len(piece) - _GRAM
        best = grams[""]
        if last >= 0:
            held = [grams.setdefault(piece[at : at + _GRAM], []) for at in (0, last // 2, last)]
            best = min(held, key=len)
        best.append((number, piece))
    return grams


def _stands(piece: str, text: str) -> bool:
    if piece.startswith(START):
        return text.startswith(piece[1:])
    if piece.endswith(END):
        return text.endswith(piece[:-1])
    return piece in text
