"""The output of ``journalctl --output=json`` -> entries of bounded size. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import orjson

from collectors.parsers.flags import TRUNCATED
from collectors.reading import LONGEST_BYTES
from collectors.sources.lines import Line

MOST_BYTES: Final = 16 * 1024 * 1024
"""A longer entry (a core dump in a field) is not even looked at."""

_CURSOR: Final = re.compile(rb'[{,]"__CURSOR":"([^"\\]*)"')
_HEAD_BYTES: Final = 64 * 1024
_SPARE_BYTES: Final = 1024
_LEAST_MESSAGE: Final = 16 * 1024
"""Characters, or byte numbers."""


@dataclass(frozen=True, slots=True)
class Entry:
    cursor: str
    """Empty when it cannot be found."""
    line: Line | None
    """``None``: too long even to be cut."""


class EntrySplitter:
    """Fed block after block."""

    def __init__(self) -> None:
        self._held = b""
        self._over = False

    def feed(self, data: bytes) -> list[Entry]:
        *complete, rest = data.split(b"\n")
        found = []
        for piece in complete:
            whole = self._held + piece
            found.append(Entry(_cursor(whole), None) if self._over else _entry(whole))
            self._held, self._over = b"", False
        self._held += rest
        if len(self._held) > MOST_BYTES:
            self._held, self._over = self._held[:_HEAD_BYTES], True
        elif self._over:
            self._held = self._held[:_HEAD_BYTES]
        return found


def _cursor(raw: bytes) -> str:
    found = _CURSOR.search(raw)
    return found[1].decode("ascii", "replace") if found else ""


def _entry(raw: bytes) -> Entry:
    line = Line(raw, 0) if len(raw) <= LONGEST_BYTES else Line(_shrunk(raw), 0, (TRUNCATED,), len(raw))
    return Entry(_cursor(raw), line)


def _shrunk(raw: bytes) -> bytes:
    """The largest fields become null, as journalctl itself says "omitted for size"; the message is cut, not omitted."""
    try:
        entry = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw[:LONGEST_BYTES]
    sizes = sorted(((len(orjson.dumps(value)), key) for key, value in entry.items()), reverse=True)
    total = len(raw)
    for size, key in sizes:
        if total <= LONGEST_BYTES:
            break
        value = entry[key]
        if key == "MESSAGE" and isinstance(value, str | list):
            room = max(_LEAST_MESSAGE, len(value) * (LONGEST_BYTES - total + size - _SPARE_BYTES) // size)
            entry[key] = value[:room]
        else:
            entry[key] = None
        total -= size - len(orjson.dumps(entry[key]))
    return orjson.dumps(entry)
