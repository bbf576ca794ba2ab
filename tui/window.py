"""What a table holds of a long list: a window of rows, the cursor, and where the cursor's row went.

Pure. The list lives elsewhere and moves: rows arrive above, rows leave. The cursor belongs to a row's id, not to a
place, so that an act never meets another row than the one that was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.present import Line

HELD_MAX = 4_000
"""Rows kept at most; the oldest windows are fetched again when looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    cells: tuple[Line, ...]


class Window:
    def __init__(self) -> None:
        self.total = 0
        self.cursor = 0
        self.cursor_id = ""
        self._rows: dict[int, Row] = {}
        self._sought: list[int] = []

    def row(self, index: int) -> Row | None:
        return self._rows.get(index)

    @property
    def chosen(self) -> Row | None:
        """The row under the cursor, when it is the one that was chosen."""
        row = self._rows.get(self.cursor)
        return row if row is not None and row.id == self.cursor_id else None

    def put(self, offset: int, rows: Sequence[Row], total: int) -> int:
        """Take rows as they stand now from ``offset`` on. Returns by how much the cursor's row moved down."""
        before, grown = self.cursor, total - self.total
        self._keep(offset, rows, moved=grown != 0)
        self.total = total
        self._follow(offset, rows, grown)
        return self.cursor - before

    def _keep(self, offset: int, rows: Sequence[Row], *, moved: bool) -> None:
        fresh = {offset + place: row for place, row in enumerate(rows)}
        stale = any(index in self._rows and self._rows[index].id != row.id for index, row in fresh.items())
        if moved or stale or len(self._rows) + len(fresh) > HELD_MAX:
            self._rows = fresh
        else:
            self._rows.update(fresh)

    def _follow(self, offset: int, rows: Sequence[Row], grown: int) -> None:
        places = {row.id: offset + place for place, row in enumerate(rows)}
        if not self.cursor_id or not self.total:
            self._settle(0 if not self.total else min(self.cursor, self.total - 1))
        elif self.cursor_id in places:
            self.cursor = places[self.cursor_id]
            self._sought.clear()
        elif not self._sought:
            self.cursor = max(0, min(self.total - 1, self.cursor + grown))
            self._sought = [0] if self._covers(offset, rows) else [self.cursor, 0]
        elif self._covers(offset, rows, self._sought[0]):
            self._sought.pop(0)
            if not self._sought:
                self._settle(min(self.cursor, self.total - 1))

    def _covers(self, offset: int, rows: Sequence[Row], index: int | None = None) -> bool:
        return offset <= (self.cursor if index is None else index) < offset + max(1, len(rows))

    def _settle(self, index: int) -> None:
        self.cursor = index
        row = self._rows.get(index)
        self.cursor_id = row.id if row is not None and self.total else ""
        self._sought.clear()

    @property
    def sought(self) -> int | None:
        """Where the cursor's row should be looked for next, when it was lost from sight."""
        return self._sought[0] if self._sought else None

    def move(self, index: int) -> bool:
        """Put the cursor on another place; whether it moved."""
        index = max(0, min(self.total - 1, index))
        row = self._rows.get(index)
        moved = index != self.cursor or (row is not None and row.id != self.cursor_id)
        self._settle(index)
        return moved

    def choose(self, row_id: str) -> bool:
        """Put the cursor on this id when it is held; else remember it for when it arrives."""
        for index, row in self._rows.items():
            if row.id == row_id:
                self._settle(index)
                return True
        self.cursor_id = row_id
        return False

    def missing(self, first: int, last: int) -> bool:
        """Whether a row of ``first`` to ``last`` (inclusive, cut to the list) is not held."""
        return any(index not in self._rows for index in range(max(0, first), min(self.total - 1, last) + 1))

    def clear(self) -> None:
        """Forget the rows: another list stands here now. The place starts at the top."""
        self.total = self.cursor = 0
        self.cursor_id = ""
        self._rows.clear()
        self._sought.clear()
