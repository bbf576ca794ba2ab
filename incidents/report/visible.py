r"""Text that somebody else wrote, made fit to be shown: what could steer a terminal or mislead is written out. Pure."""

from __future__ import annotations

import unicodedata

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that are shown as ``\\xNN``, ``\\uNNNN``, ``\\UNNNNNNNN``: controls, bidi and zero-width marks,
surrogates, private and unassigned characters, line and paragraph separators."""
LONGEST = 2000


def visible(text: str, longest: int = LONGEST) -> str:
    """One line without control, bidi and invisible characters; cut at ``longest``, with the number left out."""
    cut = text[:longest]
    if not cut.isascii() or not cut.isprintable():
        cut = "".join(map(_shown, cut))
    left = len(text) - longest
    return f"{cut}… (+{left})" if left > 0 else cut


def _shown(character: str) -> str:
    if unicodedata.category(character) not in HIDDEN:
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
