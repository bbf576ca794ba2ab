"""A promoted value as text, so that one column of a segment holds all kinds. Pure.

Absent: null. Text: itself. All else: NUL and its JSON; text that has a NUL is JSON in the journal already.
"""

from __future__ import annotations

import json

from shouwang.eventstore.embedded.rows import Cell
from shouwang.model import ABSENT, Found

MARK = "\0"


def text_of(cell: Cell) -> str | None:
    """Of a cell of the journal: see ``rows.to_column``."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bytes):
        return MARK + cell.decode("ascii")
    return MARK + repr(cell)  # of a number that is one in JSON: what JSON writes


def found_of(text: str | None) -> Found:
    """The value as the event has it."""
    if text is None:
        return ABSENT
    return json.loads(text[1:]) if text.startswith(MARK) else text
