"""A first look at a record's bytes for keywords: a few short pieces of text of which each keyword holds one. Pure.

What is flagged is asked in full; what is not holds no keyword. In JSON a letter may be written ``\\u006b``, and without
case K is also the Kelvin sign; such writings are flagged whatever they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from detection.fast.literals import hyperscan
from detection.predicates import Pattern, Predicate

_PIECE_LETTERS: Final = 4
_USABLE: Final = re.compile(r"[a-z0-9:. _-]+", re.ASCII)
_DISGUISED: Final = (
    rb"\\u(?:00(?:2[0dDeE]|3[0-9aA]|[46][1-9a-fA-F]|5[0-9aAfF]|7[0-9aA])|212[aA]|0130)",
    rb"\xe2\x84\xaa",  # the Kelvin sign: k in lower case
    rb"\xc4\xb0",  # I with a dot: i and a dot in lower case
)
"""A letter of a piece, written as the plain text does not show it."""
_COMMON: Final = "etaoinsrhldcumfpgwyb ._-0123456789vk:xjqz"
"""From the commonest to the rarest."""


class Sieve:
    """For one set of keywords."""

    def __init__(self, keywords: Iterable[Predicate]) -> None:
        texts = [_searchable(keyword) for keyword in keywords]
        self.useless = not all(texts)
        """A keyword without a piece: every record is flagged."""
        self.pieces = () if self.useless else pieces_of([parts for parts in texts if parts])
        self._search = _searcher(self.pieces) if self.pieces else None

    def flags(self, raw: bytes) -> bool:
        """Whether a keyword may stand in the record."""
        return self.useless or bool(self.ends(raw)) or not _is_text(raw)

    def ends(self, block: bytes) -> list[int]:
        """Positions just after each piece in the bytes, in order."""
        return self._search(block) if self._search is not None else []


def _is_text(raw: bytes) -> bool:
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
    return [run for run in runs if len(run) >= _PIECE_LETTERS and not run.replace(".", "").isdigit()]


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
    found = {run[at : at + _PIECE_LETTERS] for run in runs for at in range(len(run) - _PIECE_LETTERS + 1)}
    return frozenset(gram for gram in found if any(letter.isalpha() and letter != "e" for letter in gram))


def _rarity(gram: str) -> int:
    return sum(_COMMON.index(letter) for letter in gram)


def _searcher(pieces: tuple[str, ...]) -> Callable[[bytes], list[int]]:
    plain = [re.escape(piece).encode() for piece in pieces]
    if hyperscan is None:
        pattern = re.compile(b"|".join((b"(?i:%b)" % b"|".join(plain), *_DISGUISED)))
        return lambda block: [found.end() for found in pattern.finditer(block)]
    expressions = [*plain, *_DISGUISED]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions,
        ids=list(range(len(expressions))),
        elements=len(expressions),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(plain) + [0] * len(_DISGUISED),
    )
    ends: list[int] = []

    def hit(number: int, start: int, end: int, flags: int, context: object) -> None:
        ends.append(end)

    def search(block: bytes) -> list[int]:
        ends.clear()
        database.scan(block, hit)
        return ends

    return search
