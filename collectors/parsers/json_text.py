"""One JSON value from bytes, with patience: what orjson refuses and a person can still read is read."""

from __future__ import annotations

import json
import math
import re
from typing import Final, cast

import orjson

from collectors.origin import Origin
from collectors.parsers.flags import BAD_TEXT, MALFORMED, Doc
from shouwang.model import Value

_DEEPEST: Final = 64
_MOST_KEPT: Final = 20_000
"""Names that are remembered; a sender that makes new ones without end does not fill the memory."""
_LONGEST_KEPT: Final = 256
"""Characters."""
_ESCAPED: Final = re.compile("[\udc80-\udcff]")


class Unreadable(Exception):
    """No JSON; the message says where."""


def load(raw: bytes, origin: Origin) -> tuple[Value, tuple[str, ...]]:
    """The value, and flags: ``bad_text`` for bytes or surrogates that are no characters, ``malformed`` for NaN and the
    like. Raises ``Unreadable``."""
    try:
        return cast(Value, orjson.loads(raw)), ()
    except orjson.JSONDecodeError:
        pass
    decoded, whole = _decode(raw, origin.encoding)
    text = decoded.removeprefix("\ufeff")
    flags = () if whole else (BAD_TEXT,)
    try:
        return cast(Value, orjson.loads(text)), flags
    except orjson.JSONDecodeError as error:
        reason = str(error)
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        raise Unreadable(reason) from None
    return _clean(value, 0), (*flags, MALFORMED)


def _decode(raw: bytes, encoding: str) -> tuple[str, bool]:
    """The text, and whether all bytes were characters; those that were not become ``\\xNN`` inside a JSON string."""
    try:
        text = raw.decode(encoding, "surrogateescape")
    except LookupError:
        text = raw.decode("utf-8", "surrogateescape")
    if _ESCAPED.search(text) is None:
        return text, True
    return _ESCAPED.sub(lambda found: f"\\\\x{ord(found[0]) - 0xDC00:02x}", text), False


def _clean(value: Value, depth: int) -> Value:
    """Lone surrogates, NaN and infinities become text that can be stored."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if depth >= _DEEPEST:
        return json.dumps(value) if isinstance(value, dict | list) else value
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {
            key.encode("utf-8", "backslashreplace").decode(): _clean(item, depth + 1) for key, item in value.items()
        }
    return value


class _Folder(dict[str, str]):
    """The names in objects of one place -> their dotted names: one text each, however many records have it."""

    __slots__ = ("_top", "inner", "kept", "prefix")

    def __init__(self, prefix: str, top: _Folder | None = None) -> None:
        super().__init__()
        self.prefix = prefix
        self.inner: dict[str, _Folder] = {}
        self.kept = 0
        """Of the top: names here and further in."""
        self._top = self if top is None else top

    def __missing__(self, key: str) -> str:
        name = self.prefix + key
        if len(name) <= _LONGEST_KEPT:
            self[key] = name
            self._top.kept += 1
        return name

    def enter(self, key: str) -> _Folder:
        folder = self.inner.get(key)
        if folder is None:
            folder = _Folder(f"{self.prefix}{key}.", self._top)
            if len(folder.prefix) <= _LONGEST_KEPT:
                self.inner[key] = folder
                self._top.kept += 1
        return folder

    def forget(self) -> None:
        self.clear()
        self.inner.clear()
        self.kept = 0


_TOP: Final = _Folder("")


def flatten(value: dict[str, Value]) -> Doc:
    """Nested objects as dotted names. A name that comes twice, dotted and nested, keeps both values as a list; lists
    stay whole; an empty object stays, so that it is not lost."""
    if _TOP.kept > _MOST_KEPT:
        _TOP.forget()
    flat: Doc = {}
    _flatten_into(flat, _TOP, value, 0)
    return flat


def _flatten_into(flat: Doc, folder: _Folder, value: dict[str, Value], depth: int) -> None:
    inner = folder.inner
    for key, item in value.items():
        if type(item) is dict and item and depth < _DEEPEST:
            _flatten_into(flat, inner[key] if key in inner else folder.enter(key), item, depth + 1)
            continue
        name = folder[key]
        if name in flat:
            held = flat[name]
            flat[name] = [*(held if isinstance(held, list) else [held]), item]
        else:
            flat[name] = item
