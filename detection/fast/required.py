"""Text that must stand in a value for a regular expression to be found in it. Pure."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from re import _constants as codes  # type: ignore[attr-defined]  # the parser of the standard library, which has no stubs
from re import _parser as parser  # type: ignore[attr-defined]  # see above
from typing import Any, Final

from detection.sigma.predicates import Regex

_SHORTEST: Final = 3
_LOOSE: Final = frozenset("kKsSiI")
"""Without case these are letters outside ASCII too, whose lower case differs."""
_READ_OTHERWISE: Final = ("[:", "{,", "\\Q", "(?x", "(?U", "&&", "--", "||", "~~")
"""What the engines read otherwise than the standard library does, or may."""


def required(regex: Regex) -> str:
    """In lower case, ASCII, at least three letters; empty: nothing can be said."""
    if any(sign in regex.pattern for sign in _READ_OTHERWISE):
        return ""
    loose = regex.ignorecase or "(?" in regex.pattern.replace("(?:", "").replace("(?=", "").replace("(?!", "")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = parser.parse(regex.pattern)
    except (re.error, RecursionError, OverflowError, Warning):
        return ""
    runs = "".join(_letters(tree, loose=loose)).split("\n")
    longest = max(runs, key=len)
    return longest.lower() if len(longest) >= _SHORTEST else ""


def _letters(tree: Any, *, loose: bool) -> Iterator[str]:
    """The literal letters of a sequence; a line break wherever something else may stand between them."""
    for code, held in tree:
        if code is codes.LITERAL and 32 <= held < 127 and not (loose and chr(held) in _LOOSE):
            yield chr(held)
        elif code is codes.SUBPATTERN and not held[1] and not held[2]:
            yield from _letters(held[3], loose=loose)
        elif code in {codes.MAX_REPEAT, codes.MIN_REPEAT} and held[0] >= 1:
            yield "\n"
            yield from _letters(held[2], loose=loose)
            yield "\n"
        else:
            yield "\n"
