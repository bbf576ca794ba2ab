r"""Text that nobody obeys: what a terminal might execute, or a reader not see, is shown escaped. Pure.

One form in the whole product: ``\n``, ``\r``, ``\t``; else ``\xNN``, ``\uNNNN``, ``\UNNNNNNNN`` by the code's size. A
backslash that stood in the text stays one: what is shown is for reading, the stored record for certainty.
"""

from __future__ import annotations

import unicodedata
from typing import Final

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that move the cursor, reorder or hide text, or are no characters: controls, bidi and zero-width
marks, surrogates, private and unassigned ones, line and paragraph separators."""


def visible(text: str) -> str:
    """Without a character of ``HIDDEN``; line ends are escaped too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(escaped(each) if unicodedata.category(each) in HIDDEN else each for each in text)


def escaped(character: str) -> str:
    """One that is no printable ASCII."""
    return character.encode("unicode_escape").decode("ascii")


def well_formed(text: str) -> str:
    """Text that SQLite and every JSON writer can hold: a lone surrogate (a file name that is not UTF-8) is escaped."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")
