"""One event as rules read it: fields by ECS name, and every text of the record for keywords. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

import orjson

from shouwang.comparison import text_of
from shouwang.model import ABSENT, Event, Found, Value
from shouwang.timespan import rfc3339

STRUCTURED = frozenset({"json", "evtx", "xml", "metrics"})
"""Parsers whose ``doc`` says all that the record says."""
_OBJECTS = frozenset({"evtx", "flat", "ecs", "winlogbeat6", "wazuh"})
"""Dialects of records that are one JSON object, whatever carried it."""
_DERIVED = "~ecs"
"""Where parsers of Windows events put what the record itself does not say."""
_DEEPEST = 200


class Cell:
    """One value that a predicate is asked about."""

    __slots__ = ("folded", "raw", "text")

    def __init__(self, raw: Value) -> None:
        self.raw = raw
        self.text: str | None
        """``None`` for null and objects."""
        self.folded: str | None
        """The text without case."""
        if isinstance(raw, str):
            self.text = raw
        elif raw is None or isinstance(raw, dict | list):
            self.text = self.folded = None
            return
        else:
            self.text = text_of(raw)
        self.folded = self.text.lower()


class View:
    """Reads each field of the event once, when first asked for."""

    __slots__ = ("_cells", "_texts", "event")

    def __init__(self, event: Event) -> None:
        self.event = event
        self._cells: dict[str, tuple[Cell, ...] | None] = {}
        self._texts: tuple[Cell, ...] | None = None

    def cells(self, field: str) -> tuple[Cell, ...] | None:
        """The field's values: one, or the elements of its list, lists in it unfolded. ``None``: no such field."""
        known = self._cells
        if field in known:
            return known[field]
        found = self._found(field)
        cells = known[field] = None if found is ABSENT else tuple(map(Cell, elements(found)))
        return cells

    def _found(self, field: str) -> Found:
        if field == "@timestamp":
            return rfc3339(self.event.time_us, UTC)
        found = self.event.get(field)
        if found is ABSENT and field == "event.dataset":
            return self.event.shape.dataset
        return found

    def texts(self) -> tuple[Cell, ...]:
        """What keywords search: the line, or every key and value of a structured record, each by itself."""
        if self._texts is None:
            self._texts = tuple(map(Cell, record_texts(self.event)))
        return self._texts


def elements(found: Value) -> Iterator[Value]:
    if isinstance(found, list):
        for element in found:
            yield from elements(element)
    else:
        yield found


def record_texts(event: Event) -> list[str]:
    """What keywords search. Of a JSON record the keys and values that its bytes write: a parser may have renamed,
    dropped or added some."""
    raw = event.raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    if event.shape.dialect in _OBJECTS and event.shape.parser not in STRUCTURED:
        raw = raw[max(raw.find(b"{"), 0) :]  # the object that a syslog line carried
    texts: list[str] = []
    if raw[:1] in {b"{", b"["}:
        try:
            _add_leaves(texts, orjson.loads(raw), 0)
        except orjson.JSONDecodeError:
            pass
        else:
            return texts
    if event.shape.parser not in STRUCTURED:
        return [decoded(event.raw)]
    _add_leaves(texts, {key: held for key, held in event.doc.items() if key != _DERIVED}, 0)
    return texts


def decoded(raw: bytes) -> str:
    """UTF-8, else GB 18030, else byte by byte: an ASCII keyword is found in any."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _add_leaves(texts: list[str], value: Value, depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            texts.append(key)
            if isinstance(inner, str):
                if depth < _DEEPEST:
                    texts.append(inner)
            else:
                _add_leaves(texts, inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _add_leaves(texts, inner, depth + 1)
    elif value is not None:
        texts.append(text_of(value))
