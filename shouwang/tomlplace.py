"""In which line of a TOML text a setting stands, for error messages. Pure; good enough for files that people write."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*=""")


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """``("asset", 1, "name")`` -> line of ``name`` in the second ``[[asset]]``, or of its header without such a key.

    ``None`` when not even the table can be found.
    """
    if not place:
        return None
    table = str(place[0])
    index = place[1] if len(place) > 1 and isinstance(place[1], int) else 0
    keys = [part for part in place[1:] if isinstance(part, str)]
    seen, header, inside = -1, None, False
    for number, line in enumerate(text.splitlines(), start=1):
        found = _HEADER.match(line)
        if found:
            name = found[2].strip("\"'")
            seen += name == table
            inside = name == table and seen == index
            header = number if inside else header
            continue
        key = _KEY.match(line)
        if key and ((inside and keys[:1] == [key[1].strip("\"'")]) or (header is None and _top(key[1], table, seen))):
            return number
    return header


def _top(key: str, table: str, seen: int) -> bool:
    return seen < 0 and key.strip("\"'") == table
