"""One JSON object a line: how client and daemon write to each other. Pure.

{"id": 7, "act": "incidents.claim", "args": {"id": "INC-20261124-0007"}, "lang": "zh"}
{"id": 7, "ok": true, "result": ...}
{"id": 7, "ok": false, "error": {"kind": "access", "message": "...", "hint": "..."}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shouwang.errors import BY_KIND, ShouwangError, UsageError
from shouwang.model import Value
from shouwang.words import LANGUAGES, Words, words

MAX_REQUEST_BYTES: Final = 1 << 20
MAX_REPLY_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class Request:
    id: Value
    """Given back with the reply, whatever it is."""
    act: str
    args: Mapping[str, Value]
    lang: str = ""
    """``zh`` or ``en``: in which sentences are wanted; empty: the site's language."""


def line(value: Mapping[str, Value]) -> bytes:
    """Text that is no Unicode (lone surrogates) crosses as JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_request(data: bytes) -> Request:
    """Raises ``UsageError``."""
    found = _object(data, "The request")
    act, args = found.get("act"), found.get("args", {})
    if not isinstance(act, str) or not isinstance(args, dict):
        raise UsageError("The request has no act, or its args are no object.", hint="See docs/reference/socket.md.")
    lang = found.get("lang", "")
    if not isinstance(lang, str) or lang not in ("", *LANGUAGES):
        raise UsageError("The request's lang is neither zh nor en.", hint="See docs/reference/socket.md.")
    return Request(found.get("id"), act, args, lang)


def request_id(data: bytes) -> Value:
    """Of a request that may be unreadable otherwise; ``None`` when it has none."""
    try:
        return _object(data, "").get("id")
    except UsageError:
        return None


def success(request_id: Value, result: Value) -> bytes:
    return line({"id": request_id, "ok": True, "result": result})


def failure(request_id: Value, error: ShouwangError, lang: str) -> bytes:
    said: dict[str, Value] = {"kind": error.kind, "message": error.message.of(lang), "hint": error.hint.of(lang)}
    return line({"id": request_id, "ok": False, "error": said})


def failure_in_both(error: ShouwangError) -> bytes:
    """For a reader that does not know yet who will read it."""
    message: Value = {"zh": error.message.zh, "en": error.message.en}
    hint: Value = {"zh": error.hint.zh, "en": error.hint.en}
    return line({"id": None, "ok": False, "error": {"kind": error.kind, "message": message, "hint": hint}})


def read_reply(data: bytes) -> Value:
    """The result. Raises the error that the daemon raised."""
    found = _object(data, "The answer")
    if found.get("ok") is True:
        return found.get("result")
    said = found.get("error")
    error = said if isinstance(said, dict) else {}
    kind = BY_KIND.get(str(error.get("kind")), ShouwangError)
    raise kind(_said(error.get("message", "The daemon gave no reason.")), hint=_said(error.get("hint", "")))


def _said(value: Value) -> Words:
    """In both languages, or as it stands."""
    if isinstance(value, dict):
        return Words(str(value.get("zh", "")), str(value.get("en", "")))
    return words(str(value))


def _object(data: bytes, what: str) -> dict[str, Value]:
    try:
        found: Value = json.loads(data)
    except (ValueError, RecursionError):
        raise UsageError(f"{what} is no JSON object on one line.", hint="See docs/reference/socket.md.") from None
    if not isinstance(found, dict):
        raise UsageError(f"{what} is no JSON object on one line.", hint="See docs/reference/socket.md.")
    return found
