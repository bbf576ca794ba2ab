"""The head of an RFC 5424 message: everything after ``<PRI>1 `` up to the message.

Structured data is read by hand: inside a value only ``\\"``, ``\\\\`` and ``\\]`` are escapes (RFC 5424, 6.3.3).
"""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.flags import MALFORMED, Doc

HEAD: Final = re.compile(r"1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32})(?: (.*))?\Z", re.DOTALL)
_ELEMENT: Final = re.compile(r'\[([^\s="\]]{1,64})')
_PARAMETER: Final = re.compile(r' ([^\s="\]]{1,64})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\\]])')
_REGISTERED: Final = frozenset(("timeQuality", "origin", "meta", "snmp", "ssign", "ssign-cert"))
PREFIX: Final = "log.syslog.structured_data."


def read_rest(rest: str | None, doc: Doc) -> tuple[str, ...]:
    """Structured data and message. A missing ``-``, or text in brackets that is no element, makes all of it message."""
    if rest is None:
        return (MALFORMED,)
    if rest == "-" or rest.startswith("- "):
        _put_message(rest[2:], doc)
        return ()
    end = _read_elements(rest, doc)
    if end is None:
        _put_message(rest, doc)
        return (MALFORMED,)
    tail = rest[end:]
    _put_message(tail.removeprefix(" "), doc)
    return () if not tail or tail.startswith(" ") else (MALFORMED,)


def _put_message(text: str, doc: Doc) -> None:
    """rsyslog forwards with one more space: the one that stood behind the tag of the old form."""
    text = text.removeprefix("\ufeff").removeprefix(" ")
    if text:
        doc["message"] = text


def _read_elements(rest: str, doc: Doc) -> int | None:
    """Where the elements end; ``None`` when there is none, or one is broken: then nothing was added."""
    found: list[tuple[str, str]] = []
    at = 0
    while (element := _ELEMENT.match(rest, at)) is not None:
        name, at = element[1], element.end()
        before = len(found)
        while (parameter := _PARAMETER.match(rest, at)) is not None:
            found.append((f"{PREFIX}{name}.{parameter[1]}", _ESCAPED.sub(r"\1", parameter[2])))
            at = parameter.end()
        if not rest.startswith("]", at):
            return None
        if len(found) == before and "@" not in name and name not in _REGISTERED:
            return None
        at += 1
    if at == 0:
        return None
    for name, value in found:
        _add(doc, name, value)
    return at


def _add(doc: Doc, name: str, value: str) -> None:
    held = doc.get(name)
    if held is None:
        doc[name] = value
    elif isinstance(held, list):
        held.append(value)
    else:
        doc[name] = [held, value]
