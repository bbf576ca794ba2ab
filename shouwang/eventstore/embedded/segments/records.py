"""Text anywhere in a record, in DuckDB's SQL: what ``comparison.record_contains`` means, from both sides. Pure.

``t`` is the record as text, NULL where it is not UTF-8. DuckDB's case-insensitive patterns fold ASCII letters as
``str.lower`` does but for two: U+017F counts as ``s``, U+0130 does not hold an ``i``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from shouwang.eventstore.embedded.segments.textual import caseless

Name = Callable[[str], str]
"""A value -> how SQL names it."""
_LONG_S: Final = "contains(t, chr(383))"
_DOTTED_I: Final = "contains(t, chr(304))"
_NO_TEXT: Final = "t IS NULL"


def holding(wanted: str, name: Name) -> tuple[str, str]:
    """(must, may): the record as received holds the text, or what its JSON escapes stand for, or GB 18030."""
    low = wanted.lower()
    must, parts = _in_text(low, name)
    escapes = [r"contains(t, '\u')"]
    if "/" in low:
        escapes.append(r"contains(t, '\')")
    escaped = json.dumps(low, ensure_ascii=False)[1:-1]
    if escaped != low and _encodable(escaped):
        escapes.append(_pattern(escaped, name))
    parts.append(f"(starts_with(t, '{{') AND ({' OR '.join(escapes)}))")
    return must, f"({_NO_TEXT} OR coalesce({' OR '.join(parts)}, false))"


def holding_text(wanted: str, name: Name) -> tuple[str, str]:
    """(must, may): the record as text (``event.original``) holds the text."""
    must, parts = _in_text(wanted.lower(), name)
    return must, f"({_NO_TEXT} OR coalesce({' OR '.join([*parts, 'false'])}, false))"


def _in_text(low: str, name: Name) -> tuple[str, list[str]]:
    """What is sure, and what may be beside."""
    if not _encodable(low):
        return "false", []
    if not all(sign.isascii() or caseless(sign) for sign in low):
        return f"coalesce(contains(t, {name(low)}), false)", ["strlen(t) <> length(t)"]
    hit = _pattern(low, name)
    must = f"{hit} AND NOT {_LONG_S}" if "s" in low else hit
    return f"coalesce({must}, false)", [hit, _DOTTED_I] if "i" in low or "\u0307" in low else [hit]


def _pattern(low: str, name: Name) -> str:
    if caseless(low):
        return f"contains(t, {name(low)})"
    return f"regexp_matches(t, {name('(?i)' + _literal(low))})"


def _literal(text: str) -> str:
    """As a pattern of RE2."""
    return re.sub(r"[^\w]", lambda found: f"\\x{{{ord(found.group()):x}}}", text, flags=re.ASCII)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
