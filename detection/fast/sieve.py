"""A first look at a record's bytes for keywords: a few short pieces of text of which each keyword holds one. Pure.

What is flagged is asked in full; what is not holds no keyword. In JSON a letter may be written ``\\u006b``, and without
case K is also the Kelvin sign; such writings are flagged whatever they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from detection.fast.literals import hyperscan
from detection.sigma.predicates import Pattern, Predicate

_PIECE_LETTERS: Final = (4, 3)
"""Shorter ones only for keywords that hold no longer one."""
_MADE_LETTERS: Final = frozenset("0123456789abcdefx")
"""A byte that is no text is read as ``\\xNN``: a piece that begins with another letter cannot begin in there."""
_USABLE: Final = re.compile(r"[a-z0-9:. _-]+", re.ASCII)
_SIGNS: Final = (b"\xe2\x84\xaa", b"\xc4\xb0")
"""The Kelvin sign and I with a dot, which without case are letters of a piece."""
_ESCAPES: Final = (b"\\u00", b"\\u01", b"\\u21")
_DISGUISED: Final = re.compile(
    rb"\\u(?:00(?:2[0dDeE]|3[0-9aA]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aA])|212[aA]|0130)",
)
"""An escape that writes a letter of a piece, or one of the signs."""
_OF_NUMBERS: Final = frozenset("einfa")
"""1e5, inf, nan"""
_COMMON: Final = "etaoinsrhldcumfpgwyb ._-0123456789vk:xjqz"
"""From the commonest to the rarest."""


Places: TypeAlias = tuple[list[int], list[int]]
"""Positions just after each piece and each mark, in order; good until the next search."""


class Sieve:
    """For one set of keywords."""

    def __init__(self, keywords: Iterable[Predicate], mark: bytes = b"") -> None:
        """``mark``: further bytes that are looked for on the way."""
        texts = [_searchable(keyword) for keyword in keywords]
        self.useless = not all(texts)
        """A keyword without a piece: every record is flagged."""
        self.pieces = () if self.useless else pieces_of([parts for parts in texts if parts])
        self.needs_text = any(piece[0] in _MADE_LETTERS for piece in self.pieces)
        """Only of text (UTF-8) it can be said that no keyword is there."""
        self._search = _searcher(self.pieces, mark) if self.pieces or mark else _nowhere

    def flags(self, raw: bytes) -> bool:
        """Whether a keyword may stand in the record."""
        return self.useless or bool(self.places(raw)[0]) or not is_text(raw)

    def places(self, block: bytes) -> Places:
        """Where a keyword may stand, and where the mark does."""
        return self._search(block)


def _nowhere(block: bytes) -> Places:
    return [], []


def is_text(raw: bytes) -> bool:
    if raw.isascii():
        return True
    try:
        raw.decode()
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


def _searcher(pieces: tuple[str, ...], mark: bytes) -> Callable[[bytes], Places]:
    plain = [piece.encode() for piece in pieces]
    disguises = (*_SIGNS, *_ESCAPES) if plain else ()
    flags: list[int] = []
    marks: list[int] = []
    first_escape, of_mark = len(plain) + len(_SIGNS), len(plain) + len(disguises)
    block = b""

    def hit(number: int, start: int, end: int, flags_: int, context: object) -> None:
        if number == of_mark:
            marks.append(end)
        elif number < first_escape or _DISGUISED.match(block, end - len(_ESCAPES[0])):
            flags.append(end)

    expressions = [*plain, *disguises, *filter(None, (mark,))]
    scan = _scanner(expressions, len(plain), hit)

    def search(searched: bytes) -> Places:
        nonlocal block
        block = searched
        flags.clear()
        marks.clear()
        scan(searched)
        return flags, marks

    return search


Hit: TypeAlias = Callable[[int, int, int, int, object], None]


def _scanner(expressions: list[bytes], caseless: int, hit: Hit) -> Callable[[bytes], object]:
    """Calls ``hit`` for each of the literals found, in order of their ends; the first ones are found without case."""
    if hyperscan is None:
        parts = [b"(?i:%b)" % re.escape(text) for text in expressions[:caseless]]
        parts += [re.escape(text) for text in expressions[caseless:]]
        pattern = re.compile(b"|".join(b"(%b)" % part for part in parts))

        def run(block: bytes) -> None:
            for found in pattern.finditer(block):
                hit((found.lastindex or 1) - 1, found.start(), found.end(), 0, None)

        return run
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_CASELESS] * caseless + [0] * (len(expressions) - caseless),
        literal=True,
    )
    return lambda block: database.scan(block, hit)
