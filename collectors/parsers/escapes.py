"""Undoing the escapes that web servers put into their logs."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "v": "\v", "f": "\f", "a": "\a"}


def unescape(text: str) -> str:
    """``\\xHH`` (bytes, read as UTF-8), ``\\uHHHH``, ``\\n`` and the like, ``\\"``, ``\\\\``.

    Bytes that are no UTF-8 stay escaped.
    """
    if "\\" not in text:
        return text
    pieces: list[bytes] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        pieces.append(text[at : found.start()].encode("utf-8", "backslashreplace"))
        at = found.end()
        byte, unit, letter = found.groups()
        if byte:
            pieces.append(bytes((int(byte, 16),)))
        elif unit:
            pieces.append(chr(int(unit, 16)).encode("utf-8", "backslashreplace"))
        else:
            pieces.append(_LETTERS.get(letter, letter).encode("utf-8", "backslashreplace"))
    pieces.append(text[at:].encode("utf-8", "backslashreplace"))
    return b"".join(pieces).decode("utf-8", "backslashreplace")
