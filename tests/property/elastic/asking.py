"""What a server would find by an ``Ask``, in Python: terms, prefixes, wildcards, ranges, bool, over a document."""

from __future__ import annotations

import re
from typing import cast

from shouwang.model import Value

Json = dict[str, Value]


def finds(ask: Json, document: Json) -> bool:
    ((kind, said),) = ask.items()
    body = cast(Json, said)
    match kind:
        case "match_all":
            return True
        case "match_none":
            return False
        case "bool":
            return _all(body, document)
        case "ids":
            return document["event.id"] in cast("list[str]", body["values"])
    ((field, wanted),) = body.items()
    held = _held(document, field)
    match kind:
        case "terms":
            return any(value in cast("list[Value]", wanted) for value in held)
        case "term":
            return any(value == (wanted["value"] if isinstance(wanted, dict) else wanted) for value in held)
        case "prefix":
            return any(isinstance(value, str) and value.startswith(_text(wanted)) for value in held)
        case "wildcard":
            pattern = re.compile(_regex(_text(wanted)), re.DOTALL)
            return any(isinstance(value, str) and pattern.fullmatch(value) is not None for value in held)
        case "range":
            return any(_within(value, cast(Json, wanted)) for value in held)
    raise AssertionError(f"no such question: {kind}")


def _all(body: Json, document: Json) -> bool:
    assert set(body) <= {"filter", "must_not", "should", "minimum_should_match"}
    should = cast("list[Json]", body.get("should", []))
    return (
        all(finds(part, document) for part in cast("list[Json]", body.get("filter", [])))
        and not any(finds(part, document) for part in cast("list[Json]", body.get("must_not", [])))
        and (not should or any(finds(part, document) for part in should))
    )


def _held(document: Json, field: str) -> list[Value]:
    if field in document:
        found = document[field]
    else:
        folder, _, name = field.rpartition(".")
        found = cast(Json, document.get(folder, {})).get(name, [])
    return found if isinstance(found, list) else [found]


def _text(wanted: Value) -> str:
    return str(cast(Json, wanted)["value"])


def _within(value: Value, bounds: Json) -> bool:
    signs = {
        "gte": lambda one, other: one >= other,
        "gt": lambda one, other: one > other,
        "lte": lambda one, other: one <= other,
        "lt": lambda one, other: one < other,
    }
    return all(
        isinstance(value, str) == isinstance(bound, str) and signs[sign](value, bound) for sign, bound in bounds.items()
    )


def _regex(pattern: str) -> str:
    """As Lucene reads it: a backslash takes the next sign as it is."""
    found, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 1
            found += re.escape(pattern[at])
        else:
            found += {"*": ".*", "?": "."}.get(sign) or re.escape(sign)
        at += 1
    return found
