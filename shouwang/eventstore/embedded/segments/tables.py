"""Rows of the journal -> Arrow tables in the form of ``layout``. Workers only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

import apsw
import pyarrow as pa
import pyarrow.compute as pc

from shouwang.eventstore.embedded.rows import EVENT_COLUMNS, Cell, Row
from shouwang.eventstore.embedded.segments import layout
from shouwang.eventstore.embedded.segments.cells import text_of

COLUMNS: Final = ("seq", *EVENT_COLUMNS)
"""What ``table_of`` wants of each row, in this order."""
AT: Final = {name: at for at, name in enumerate(COLUMNS)}
_TEXT: Final = frozenset((str, type(None)))


def table_of(rows: Sequence[Row], matches: Mapping[bytes, bytes]) -> pa.Table:
    """``matches``: see ``matches_of``."""
    cells = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    arrays = []
    for field in layout.SCHEMA:
        if field.name == "matches":
            found: Sequence[Cell] = (
                [matches.get(cast(bytes, id)) for id in cells["id"]] if matches else [None] * len(rows)
            )
        else:
            found = cells[field.name]
            if field.name in layout.PROMOTED_COLUMNS and not _TEXT.issuperset(map(type, found)):
                found = [text_of(cell) for cell in found]
        arrays.append(pa.array(found, field.type))
    return pa.table(arrays, schema=layout.SCHEMA)


def ordered(tables: Sequence[pa.Table]) -> pa.Table:
    """All of it, by (time_us, id)."""
    whole = pa.concat_tables(tables).combine_chunks()
    return whole.take(pc.sort_indices(whole, layout.ORDER))


def matches_of(db: apsw.Connection, ids: Iterable[bytes]) -> dict[bytes, bytes]:
    """Event id -> the cell ``matches``, of those that have any now."""
    found: dict[bytes, list[list[Cell]]] = {}
    for id, *row in db.executemany(
        "SELECT event_id, seq, rule_id, title, severity, time_us, received_us, source, fields, tags FROM match"
        " WHERE event_id = ? ORDER BY seq",
        ((id,) for id in ids),
    ):
        texts = [cell.decode() if isinstance(cell, bytes) else cell for cell in row]
        found.setdefault(cast(bytes, id), []).append(texts)
    return {id: json.dumps(rows, separators=(",", ":")).encode("ascii") for id, rows in found.items()}
