"""A first look at a record's bytes for keywords: a few short pieces of text of which each keyword holds one. Pure.

What is flagged is asked in full; what is not holds no keyword. In JSON a letter may be written ``\\u006b``, and without
case K is also the Kelvin sign; such writings are flagged whatever they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

from detection.fast.literals import hyperscan
from detection.sigma.predicates import Pattern, Predicate

_PIECE_LETTERS: Final = (4, 3)
"""Shorter ones only for keywords that hold no longer one."""
_MADE_LETTERS: Final = frozenset("0123456789abcdefx")
"""A byte that is no text is read as ``\\xNN``: a piece that begins with another letter cannot begin in there."""
_USABLE: Final = re.compile(r"[a-z0-9:. _-]+", re.ASCII)
SIGNS: Final = (b"\xe2\x84\xaa", b"\xc4\xb0")
"""The Kelvin sign and I with a dot, which without case are letters of a piece."""
ESCAPES: Final = (b"\\u00", b"\\u01", b"\\u21")
"""Begin what may write a letter of a piece in another way."""
_DISGUISED: Final = re.compile(
    rb"\\u(?:00(?:2[0dDeE]|3[0-9aA]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aA])|212[aA]|0130)",
)
"""An escape that writes a letter of a piece, or one of the signs."""
_OF_NUMBERS: Final = frozenset("einfa")
"""1e5, inf, nan"""
_PIECE, _ESCAPE = 0, 1
_COMMON: Final = "etaoinsrhldcumfpgwyb ._-0123456789vk:xjqz"
"""From the commonest to the rarest."""


Raw: TypeAlias = "bytes | memoryview"
Hit: TypeAlias = Callable[[int, int, int, int, object], None]


class Finder:
    """Looks for pieces of text in a line, case apart. Not for several threads at a time.

    ``scan(line, hit)`` adds to ``hits``, which is to be cleared before, the number of each piece that stands there.
    Without Hyperscan pieces that overlap others may be missed: then all that can be told is whether there are any.
    """

    __slots__ = ("hit", "hits", "scan")

    def __init__(self, pieces: Sequence[tuple[int, bytes]]) -> None:
        """With numbers; several may have one."""
        self.hits: list[int] = []
        push = self.hits.append

        def hit(number: int, start: int, end: int, flags: int, context: object) -> None:
            push(number)

        self.hit = hit
        self.scan: Callable[[Raw, Hit], object] = _scanner(pieces) if pieces else _nothing


class Sieve(Finder):
    """For one set of keywords."""

    __slots__ = ("pieces", "useless")

    def __init__(self, keywords: Iterable[Predicate]) -> None:
        texts = [_searchable(keyword) for keyword in keywords]
        self.useless = not all(texts)
        """A keyword without a piece: every record is flagged."""
        self.pieces = () if self.useless else pieces_of([parts for parts in texts if parts])
        plain = [(_PIECE, piece.encode()) for piece in self.pieces]
        disguises = [*((_PIECE, sign) for sign in SIGNS), *((_ESCAPE, escape) for escape in ESCAPES)]
        super().__init__([*plain, *disguises] if plain else [])

    def flags(self, raw: Raw) -> bool:
        """Whether a keyword may stand in the record."""
        self.hits.clear()
        self.scan(raw, self.hit)
        return self.useless or (bool(self.hits) and self.confirms(raw)) or not is_text(raw)

    def confirms(self, raw: Raw) -> bool:
        """What ``hits`` mean when there are any."""
        return _PIECE in self.hits or _DISGUISED.search(raw) is not None


def _nothing(line: Raw, hit: Hit) -> None:
    pass


def is_text(raw: Raw) -> bool:
    """UTF-8."""
    held = bytes(raw)
    if held.isascii():
        return True
    try:
        held.decode()
    except UnicodeDecodeError:
        return False
    return True


def _searchable(keyword: Predicate) -> list[str]:
    """Runs of letters that are in the text whenever the keyword is; empty: none is long enough."""
    if not isinstance(keyword, Pattern):
        return []
    literals = [token.lower() for token in keyword.tokens if isinstance(token, str)]
    runs = [run for literal in literals for run in _USABLE.findall(literal)]
    return [run for run in runs if _grams([run])]


def pieces_of(keywords: list[list[str]]) -> tuple[str, ...]:
    """Few pieces such that each keyword holds one, the rarer the better."""
    open_words = {number: _grams(runs) for number, runs in enumerate(keywords)}
    chosen: list[str] = []
    while open_words:
        counts: dict[str, int] = {}
        for grams in open_words.values():
            for gram in grams:
                counts[gram] = counts.get(gram, 0) + 1
        best = max(counts, key=lambda gram: (counts[gram], _rarity(gram), gram))
        chosen.append(best)
        open_words = {number: grams for number, grams in open_words.items() if best not in grams}
    return tuple(chosen)


def _grams(runs: list[str]) -> frozenset[str]:
    """The pieces to choose from. Not out of the letters of numbers alone, which may be written in other ways."""
    for size in _PIECE_LETTERS:
        every = {run[at : at + size] for run in runs for at in range(len(run) - size + 1)}
        told = {gram for gram in every if any(letter.isalpha() and letter not in _OF_NUMBERS for letter in gram)}
        if told:
            return frozenset(gram for gram in told if gram[0] not in _MADE_LETTERS) or frozenset(told)
    return frozenset()


def _rarity(gram: str) -> int:
    return sum(_COMMON.index(letter) for letter in gram)


def _scanner(pieces: Sequence[tuple[int, bytes]]) -> Callable[[Raw, Hit], object]:
    if hyperscan is None:
        pattern = re.compile(b"|".join(b"(%b)" % re.escape(text) for _, text in pieces), re.IGNORECASE)

        def run(line: Raw, hit: Hit) -> None:
            for found in pattern.finditer(line):
                hit(pieces[(found.lastindex or 1) - 1][0], found.start(), found.end(), 0, None)

        return run
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[text for _, text in pieces],
        ids=[number for number, _ in pieces],
        elements=len(pieces),
        flags=[hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_SINGLEMATCH] * len(pieces),
        literal=True,
    )
    return database.scan  # type: ignore[return-value]  # takes any bytes
