"""In which line of a TOML text a setting stands, for error messages. Pure; good enough for files that people write."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

Place = tuple[str | int, ...]

_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_NAME})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"^\s*({_NAME})\s*=")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """``("asset", 1, "name")`` -> line of ``name`` in the second ``[[asset]]``, or of its header without such a key.

    ``None`` when not even the table can be found.
    """
    most, line = 0, None
    for number, here in _places(text):
        common = next((n for n, pair in enumerate(zip(here, place, strict=False)) if pair[0] != pair[1]), None)
        common = min(len(here), len(place)) if common is None else common
        if common > most:
            most, line = common, number
    return line


def _places(text: str) -> Iterator[tuple[int, Place]]:
    """Each header's and each key's line."""
    table: Place = ()
    seen: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                table = (*table, seen[header[2]])
                seen[header[2]] += 1
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_parts(key[1]))


def _parts(name: str) -> Place:
    return tuple(part.strip("\"'") for part in re.findall(_PART, name))
