"""A Windows event as JSON that is the whole message of a syslog line: what NXLog and relays of Winlogbeat send."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from collectors.origin import Origin
from collectors.parsers import json
from collectors.parsers.json_text import Unreadable, load
from shouwang.model import Event

_HEAD: Final = re.compile(r"(?:(\S*[^\s:\]{}]) )?(?:[^\s:\[\]{}]+(?:\[\d{1,10}\])?:)? ?(?=\{)")
"""Host and tag of RFC 3164, either of which may be missing, and nothing else before the object."""
_SIGNS: Final = ('"EventID"', '"winlog', '"Event"', '"event_id"', '"win"', '"LogName"')


def behind_old_head(record: tuple[bytes, Origin], rest: str, parser: str) -> Event | None:
    """``rest``: what follows the time of a line of RFC 3164."""
    if not rest.endswith("}") or (head := _HEAD.match(rest)) is None:
        return None
    return windows_event(record, rest[head.end() :], head[1] or "", parser)


def windows_event(record: tuple[bytes, Origin], message: str, reporter: str, parser: str) -> Event | None:
    """``None``: no Windows event. Its host is the one that it names; the line's is who reports it."""
    if message[:1] != "{" or not any(sign in message for sign in _SIGNS):
        return None
    raw, origin = record
    if reporter:
        origin = replace(origin, context={**origin.context, "observer.name": reporter})
    try:
        doc, flags = load(message.encode("utf-8", "backslashreplace"), replace(origin, encoding="utf-8"))
    except Unreadable:
        return None
    return json.windows_event(raw, origin, doc, parser, flags) if isinstance(doc, dict) else None
