"""Sigma's words defined a second time, slowly and without the product's code."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from itertools import product

ANY, ONE = object(), object()
MARKS = "-/\u2013\u2014\u2015"


def tokens(text: str) -> list[object]:
    r"""``*`` and ``?`` are wildcards; ``\*``, ``\?`` and ``\\`` the character; another backslash is itself."""
    out: list[object] = []
    at = 0
    while at < len(text):
        pair = text[at : at + 2]
        if pair in {r"\*", r"\?", r"\\"}:
            out.append(pair[1])
            at += 2
            continue
        out.append({"*": ANY, "?": ONE}.get(text[at], text[at]))
        at += 1
    return out


def reads(pattern: list[object], text: str) -> bool:
    """Whether the whole text reads as the pattern, by a table of prefixes."""

    @cache
    def run(i: int, j: int) -> bool:
        if i == len(pattern):
            return j == len(text)
        if pattern[i] is ANY:
            return run(i + 1, j) or (j < len(text) and run(i, j + 1))
        return j < len(text) and (pattern[i] is ONE or pattern[i] == text[j]) and run(i + 1, j + 1)

    return run(0, 0)


def folded(text: str) -> str:
    return text.lower()


def value(written: str, text: str, *, before: bool = False, after: bool = False, cased: bool = False) -> bool:
    if not cased:
        written, text = folded(written), folded(text)
    return reads([*([ANY] * before), *tokens(written), *([ANY] * after)], text)


def dashes(text: str) -> Iterator[str]:
    """Every spelling: a mark that no word character comes before and one comes after may be any of the five."""
    places = [
        at
        for at, char in enumerate(text)
        if char in MARKS and (at == 0 or not _word(text[at - 1])) and at + 1 < len(text) and _word(text[at + 1])
    ]
    for marks in product(MARKS, repeat=len(places)):
        chars = list(text)
        for at, mark in zip(places, marks, strict=True):
            chars[at] = mark
        yield "".join(chars)


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"


def fixed_parts(data: bytes) -> list[str]:
    """Of the base64 of any bytes with ``data`` in them at each of three offsets: the longest run of characters that
    does not depend on what stands around, found by trying neighbours of all bits and of none."""
    found = []
    for offset in range(3):
        spellings = [b64encode(bytes([fill]) * offset + data + bytes([fill]) * 6).decode() for fill in (0x00, 0xFF)]
        alike = [a == b for a, b in zip(*spellings, strict=True)]
        first = next(at for at, same in enumerate(alike) if same)
        last = first
        while last < len(alike) and alike[last]:
            last += 1
        found.append(spellings[0][first:last])
    return found


def address(text: str) -> int | None:
    """A dotted IPv4 address as a number."""
    parts = text.split(".")
    if len(parts) != 4 or not all(p.isascii() and p.isdecimal() and str(int(p)) == p and int(p) < 256 for p in parts):
        return None
    return sum(int(part) << shift for part, shift in zip(parts, (24, 16, 8, 0), strict=True))
