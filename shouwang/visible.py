"""Text that nobody obeys: what a terminal might execute, or a reader not see, is shown escaped. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories that move the cursor, reorder or hide text, or are no characters."""


def visible(text: str) -> str:
    r"""Control, format and unassigned characters as ``\x1b`` or ``\u202e``; line ends too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(each) if unicodedata.category(each) in _HIDDEN else each for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
