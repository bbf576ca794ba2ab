"""Patterns with ``*`` and ``?`` as functions. Pure; time grows with pattern times value, never faster."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from detection.sigma.predicates import DASHES, Pattern, Token, Wild
from detection.view import Cell

Find = Callable[[str, int], tuple[int, int] | None]
"""The first place at or after a position where a piece stands: (start, end)."""
_ANY_DASH = f"[{re.escape(DASHES)}]"


def matcher(pattern: Pattern) -> Callable[[Cell], bool]:
    tokens = pattern.tokens if pattern.cased else tuple(t.lower() if isinstance(t, str) else t for t in pattern.tokens)
    if tokens == (Wild.ANY,):
        return lambda cell: cell.raw is not None
    test: Callable[[str, str], bool]
    match tokens:
        case ():
            whole, test = "", str.__eq__
        case (str(whole),):
            test = str.__eq__
        case (Wild.ANY, str(whole)):
            test = str.endswith
        case (str(whole), Wild.ANY):
            test = str.startswith
        case (Wild.ANY, str(whole), Wild.ANY):
            test = str.__contains__
        case _:
            general = glob(tokens)
            if pattern.cased:
                return lambda cell: cell.text is not None and general(cell.text)
            return lambda cell: cell.folded is not None and general(cell.folded)
    if pattern.cased:
        return lambda cell: cell.text is not None and test(cell.text, whole)
    return lambda cell: cell.folded is not None and test(cell.folded, whole)


def glob(tokens: Sequence[Token]) -> Callable[[str], bool]:
    """Whether a whole text reads so. The pieces between ``*`` are found one after the other, leftmost first."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token is Wild.ANY:
            pieces.append([])
        else:
            pieces[-1].append(token)
    if len(pieces) == 1:
        exact = re.compile(_fixed(pieces[0]), re.DOTALL)
        return lambda text: exact.fullmatch(text) is not None
    head, *inner, tail = pieces
    starts = re.compile(_fixed(head), re.DOTALL)
    ends = re.compile(_fixed(tail), re.DOTALL)
    tail_length = sum(len(token) if isinstance(token, str) else 1 for token in tail)
    finders = [_finder(piece) for piece in inner if piece]

    def run(text: str) -> bool:
        opening = starts.match(text)
        if opening is None:
            return False
        at = opening.end()
        for find in finders:
            place = find(text, at)
            if place is None:
                return False
            at = place[1]
        last = len(text) - tail_length
        return last >= at and ends.match(text, last) is not None

    return run


def _fixed(piece: Sequence[Token]) -> str:
    """A regular expression of fixed length: it cannot backtrack."""
    parts = {Wild.ONE: ".", Wild.DASH: _ANY_DASH}
    return "".join(re.escape(token) if isinstance(token, str) else parts[token] for token in piece)


def _finder(piece: Sequence[Token]) -> Find:
    if len(piece) == 1 and isinstance(literal := piece[0], str):

        def find_literal(text: str, at: int) -> tuple[int, int] | None:
            start = text.find(literal, at)
            return None if start < 0 else (start, start + len(literal))

        return find_literal
    search = re.compile(_fixed(piece), re.DOTALL).search

    def find(text: str, at: int) -> tuple[int, int] | None:
        found = search(text, at)
        return None if found is None else found.span()

    return find
