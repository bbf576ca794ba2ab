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


def flatten(value: dict[str, Value]) -> Doc:
    """Nested objects as dotted names. A name that comes twice, dotted and nested, keeps both values as a list; lists
    stay whole; an empty object stays, so that it is not lost."""
    flat: Doc = {}
    _flatten_into(flat, "", value, 0)
    return flat


def _flatten_into(flat: Doc, prefix: str, value: dict[str, Value], depth: int) -> None:
    for key, item in value.items():
        name = prefix + key
        if isinstance(item, dict) and item and depth < _DEEPEST:
            _flatten_into(flat, name + ".", item, depth + 1)
        elif name in flat:
            held = flat[name]
            flat[name] = [*(held if isinstance(held, list) else [held]), item]
        else:
            flat[name] = item
