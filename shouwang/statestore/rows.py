"""Reading rows of SQLite with their types checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import apsw

Cell: TypeAlias = "int | float | str | bytes | None"


def one(connection: apsw.Connection, sql: str, values: tuple[Cell, ...] = ()) -> Cell:
    """The first cell of the first row; ``None`` when there is no row."""
    for row in connection.execute(sql, values):
        return _cell(row[0])
    return None


def texts(connection: apsw.Connection, sql: str, values: tuple[Cell, ...] = ()) -> Iterator[str]:
    """The first cell of every row, which is text."""
    for (cell,) in connection.execute(sql, values):
        yield text(cell)


def _cell(value: Cell) -> Cell:
    return value


def text(cell: Cell) -> str:
    if not isinstance(cell, str):
        raise TypeError(f"text expected, found {type(cell).__name__}")
    return cell


def number(cell: Cell) -> int:
    if not isinstance(cell, int):
        raise TypeError(f"an integer expected, found {type(cell).__name__}")
    return cell
