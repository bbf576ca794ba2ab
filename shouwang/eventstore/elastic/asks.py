"""Parts of Elasticsearch's query language, put together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from shouwang.eventstore.elastic.terms import FIELD
from shouwang.model import Value

Ask: TypeAlias = dict[str, Value]
"""A part of Elasticsearch's query language."""
Part: TypeAlias = Ask | tuple[str, ...]
"""Or, so that they can be asked for together: any of these terms."""

EVERYTHING: Final[Ask] = {"match_all": {}}
NOTHING: Final[Ask] = {"match_none": {}}


def asked(part: Part) -> Ask:
    return {"terms": {FIELD: list(part)}} if isinstance(part, tuple) else part


def both(parts: Sequence[Part]) -> Part:
    kept = [part for part in parts if part != EVERYTHING]
    if not kept:
        return EVERYTHING
    return kept[0] if len(kept) == 1 else {"bool": {"filter": [asked(part) for part in kept]}}


def either(parts: Sequence[Part]) -> Part:
    """Terms are asked for together: servers take 65,536 of those, and far fewer clauses."""
    wanted = tuple(dict.fromkeys(term for part in parts if isinstance(part, tuple) for term in part))
    others: list[Part] = [part for part in parts if not isinstance(part, tuple) and part != NOTHING]
    if not others:
        return wanted or NOTHING
    if wanted:
        others.append(wanted)
    if len(others) == 1:
        return others[0]
    return {"bool": {"should": [asked(part) for part in others], "minimum_should_match": 1}}
