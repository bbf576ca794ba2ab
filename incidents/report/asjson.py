"""ReportModel -> JSON with a schema number. Pure."""

from __future__ import annotations

from dataclasses import asdict
from enum import IntEnum

import orjson

from incidents.report.model import SCHEMA, ReportModel


def as_json(model: ReportModel) -> str:
    """The model's own fields; grades and degrees by name; what is not yet so is null."""
    said = {"schema": SCHEMA, "kind": "shouwang.incident-report", "id": model.number, **asdict(model)}
    said |= {"closed_at": model.closed_at or None, "first": model.first or None, "last": model.last or None}
    return orjson.dumps(_named(said), option=orjson.OPT_INDENT_2).decode() + "\n"


def _named(value: object) -> object:
    match value:
        case IntEnum():
            return value.name if value.name.isupper() and len(value.name) <= 3 else value.name.lower()
        case dict():
            return {str(key): _named(held) for key, held in value.items()}
        case list() | tuple():
            return [_named(held) for held in value]
        case _:
            return value
