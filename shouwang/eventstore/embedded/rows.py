"""Events, matches and their values <-> rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

import orjson

from shouwang.eventstore.base import Stored
from shouwang.eventstore.embedded.schema import PROMOTED, column_of
from shouwang.model import ABSENT, Event, Found, Match, Path, Severity, Shape, Value
from shouwang.visible import well_formed

Cell: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Cell, ...]

_PLACE: Final = {name: at for at, name in enumerate(PROMOTED)}
LONGEST_RAW: Final = 64 << 20
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_YEAR_9999_US = 253_370_764_800 * 10**6

EVENT_COLUMNS: Final = (
    "id", "time_us", "received_us", "source", "parser", "dataset", "shape_version", "asset_id",
    *map(column_of, PROMOTED), "context", "raw",
)  # fmt: skip
STORED_COLUMNS: Final = "id, time_us, received_us, source, parser, raw, context, asset_id"
MATCH_COLUMNS: Final = "event_id, rule_id, title, severity, time_us, received_us, source, fields, tags"


def to_json(value: Value | Mapping[str, Value] | Sequence[str]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # what JSON allows and orjson does not: numbers past 64 bits, lone surrogates
        return json.dumps(value).encode("ascii")


def from_json(data: bytes) -> Value:
    try:
        found: Value = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = json.loads(data)
    return found


# -------------------------------------------------------------------------------------- promoted values


def to_column(value: Found) -> Cell:
    """NULL: absent. Text and numbers as they are. All else, whatever SQLite would compare otherwise: JSON in a BLOB.

    To that belong null, booleans, lists, objects, numbers past 64 bits, and text with NUL or with one of the two
    characters (U+0130, U+212A) whose lower case holds an ASCII letter: so that NOCASE on TEXT is ``str.lower``.
    """
    if isinstance(value, str):
        if value.isascii():
            return value if "\0" not in value else json.dumps(value).encode("ascii")
        if not {"\0", "\u0130", "\u212a"}.isdisjoint(value) or not _encodable(value):
            return json.dumps(value).encode("ascii")
        return value
    if value is ABSENT:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and _SMALLEST <= value <= _LARGEST:
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    return json.dumps(value).encode("ascii")


def from_column(cell: Cell) -> Found:
    if cell is None:
        return ABSENT
    return json.loads(cell) if isinstance(cell, bytes) else cell


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Promoter:
    """Makes the row of an event; keeps for each shape which promoted fields it can have, and where."""

    def __init__(self) -> None:
        self._plans: dict[Shape, list[tuple[int, str, tuple[Path, ...]]]] = {}

    def row(self, event: Event) -> Row:
        shape, context = event.shape, event.context
        return (
            event.id,
            event.time_us,
            event.received_us,
            well_formed(event.source),
            shape.parser,
            shape.dataset,
            shape.version,
            well_formed(event.asset_id),
            *self._promoted(event),
            to_json(context) if context else None,
            event.raw,
        )

    def _promoted(self, event: Event) -> list[Cell]:
        cells: list[Cell] = [None] * len(PROMOTED)
        doc, shape = event.doc, event.shape
        plan = self._plans.get(shape)
        for at, name, places in self._plan(shape) if plan is None else plan:
            if len(places) == 1 and len(places[0]) == 1:
                found: Found = doc.get(places[0][0], ABSENT)
                if found is ABSENT:
                    continue
                if type(found) is str and found.isascii() and "\0" not in found:
                    cells[at] = found  # as ``to_column``, which most values need not go through
                else:
                    cells[at] = found if type(found) is int and 0 <= found <= _LARGEST else to_column(found)
            else:
                cells[at] = to_column(event.get(name))
        for name, value in event.context.items():
            known = _PLACE.get(name)
            if known is not None and cells[known] is None:  # a null in the record is no None here
                cells[known] = to_column(value)
        return cells

    def _plan(self, shape: Shape) -> list[tuple[int, str, tuple[Path, ...]]]:
        plan = [(at, name, shape.locate(name)) for at, name in enumerate(PROMOTED) if shape.locate(name)]
        if len(self._plans) > 10_000:
            self._plans.clear()
        self._plans[shape] = plan
        return plan


def refusal(event: Event) -> str:
    """Why this store can never take the event; empty when it can."""
    if not (_SMALLEST <= event.time_us <= _LARGEST and 0 <= event.received_us < _YEAR_9999_US):
        return "time-out-of-range"
    return "too-long" if len(event.raw) > LONGEST_RAW else ""


# ------------------------------------------------------------------------------------- and back again


def stored_of(cells: Row) -> Stored:
    """Of ``STORED_COLUMNS``."""
    id, time_us, received_us, source, parser, raw, context, asset_id = cast(
        "tuple[bytes, int, int, str, str, bytes, bytes | None, str]", cells
    )
    held = {} if context is None else cast("dict[str, Value]", from_json(context))
    return Stored(id, time_us, received_us, source, parser, raw, held, asset_id)


def match_row(match: Match) -> Row:
    return (
        match.event_id,
        well_formed(match.rule_id),
        well_formed(match.title),
        int(match.severity),
        match.time_us,
        match.received_us,
        well_formed(match.source),
        to_json(match.fields),
        to_json(match.tags),
    )


def match_of(cells: Row) -> Match:
    """Of ``MATCH_COLUMNS``."""
    event_id, rule_id, title, severity, time_us, received_us, source, fields, tags = cast(
        "tuple[bytes, str, str, int, int, int, str, bytes, bytes]", cells
    )
    return Match(
        rule_id=rule_id,
        title=title,
        severity=Severity(severity),
        event_id=event_id,
        time_us=time_us,
        received_us=received_us,
        source=source,
        fields=cast("dict[str, Value]", from_json(fields)),
        tags=tuple(cast("list[str]", from_json(tags))),
    )
