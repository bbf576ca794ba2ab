"""The virtual table: a long list of which only the lines on screen are drawn and only a window is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tui.present import Column, Line, layout, row_line
from tui.themes import tone
from tui.widgets.pane import Pane
from tui.widgets.strips import strip_of
from tui.window import Row, Window

FLUSH_S = 0.25
"""Changes are gathered and drawn four times a second; the cursor moves at once."""

WINDOW = 200
"""Rows asked for at a time."""

GUTTER = 2
"""Cells before the first column: the cursor's mark, so that it shows without colour."""


class VirtualTable(Pane, can_focus=True):
    """Rows below one line of column titles. The first line of the widget is always the titles."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,ｊ", "move(1)", show=False),
        Binding("up,k,ｋ", "move(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home", "edge(0)", show=False),
        Binding("end,G,Ｇ", "edge(1)", show=False),
    ]

    class About(Message):
        def __init__(self, table: VirtualTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> VirtualTable:
            return self.table

    class Moved(About):
        """The cursor stands on another row."""

    class Chosen(About):
        """The row under the cursor was clicked twice."""

    class Wanted(About):
        """Rows on screen, or the cursor's own, are not held: ask for ``span()``."""

    def __init__(self, *, id: str, columns: Sequence[Column] = (), titles: bool = True) -> None:
        super().__init__(id=id)
        self.window = Window()
        self.columns: tuple[Column, ...] = tuple(columns)
        self.empty = ""
        self._titles = 1 if titles else 0
        self._drawn: dict[int, tuple[Row | None, bool]] = {}
        self._dirty = False
        self._told = ""
        self._unreached: int | None = None
        """Where to scroll once the layout knows of the rows that came."""

    def on_mount(self) -> None:
        self.set_interval(FLUSH_S, self._flush)

    # ------------------------------------------------------------------------------------------ content

    def relabel(self, columns: Sequence[Column], empty: str) -> None:
        """Other words, or another skin: everything is drawn again."""
        self.columns, self.empty = tuple(columns), empty
        self._drawn.clear()
        self.refresh()

    def put(self, offset: int, rows: Sequence[Row], total: int) -> None:
        """Take rows as they stand now from ``offset`` on; the cursor stays on its row's id."""
        moved = self.window.put(offset, rows, total)
        size = Size(0, total + self._titles)
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        if moved:
            self._keep_place(moved)
        self._dirty = True
        self._tell()

    def replace(self, rows: Sequence[Row]) -> None:
        """The whole list, when it is short."""
        self.put(0, rows, len(rows))

    def clear(self) -> None:
        """Another list stands here now."""
        self.window.clear()
        self._drawn.clear()
        self._scroll(0)
        self.refresh()

    def choose(self, row_id: str) -> None:
        self.window.choose(row_id)
        self._show_cursor()
        self._tell()
        self._dirty = True

    @property
    def chosen(self) -> str:
        """The id under the cursor, ``""`` when there is none."""
        return self.window.cursor_id if self.window.total else ""

    @property
    def at_end(self) -> bool:
        return self.window.cursor >= self.window.total - 1

    def span(self) -> tuple[int, int]:
        """(offset, limit) of the rows to ask for now: around what is on screen, or where the cursor's row may be."""
        sought = self.window.sought
        top = round(self.scroll_y) if sought is None else sought
        return max(0, top - WINDOW // 4), WINDOW

    # ------------------------------------------------------------------------------------------- moving

    def action_move(self, by: int) -> None:
        self._move_to(self.window.cursor + by)

    def action_page(self, by: int) -> None:
        self._move_to(self.window.cursor + by * max(1, self._height - 1))

    def action_edge(self, end: int) -> None:
        self._move_to(self.window.total - 1 if end else 0)

    def _move_to(self, index: int) -> None:
        before = self.window.cursor
        if self.window.move(index):
            self._refresh_row(before)
            self._refresh_row(self.window.cursor)
        self._show_cursor()
        self._tell()

    def _tell(self) -> None:
        if self.chosen != self._told:
            self._told = self.chosen
            self.post_message(self.Moved(self))

    @property
    def _height(self) -> int:
        """Rows that fit."""
        return max(1, self.scrollable_content_region.height - self._titles)

    def _show_cursor(self) -> None:
        top, cursor = round(self.scroll_y), self.window.cursor
        if cursor < top:
            self._scroll(cursor)
        elif cursor >= top + self._height:
            self._scroll(cursor - self._height + 1)

    def _scroll(self, y: int) -> None:
        self._unreached = y if y > self.max_scroll_y else None
        self.scroll_to(y=y, animate=False)

    def _keep_place(self, moved: int) -> None:
        """The cursor's row went down by ``moved``: it stays where it was on screen, and the top stays at the top."""
        top = round(self.scroll_y)
        if top > 0 or self.window.cursor >= self._height:
            self._scroll(max(0, top + moved))
        self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None or at.y < self._titles:
            return
        index = round(self.scroll_y) + at.y - self._titles
        if index < self.window.total:
            self._move_to(index)
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    # ------------------------------------------------------------------------------------------ drawing

    def _refresh_row(self, index: int) -> None:
        y = index - round(self.scroll_y) + self._titles
        if self._titles <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _state(self, index: int) -> tuple[Row | None, bool]:
        row = self.window.row(index)
        return row, index == self.window.cursor and (row is None or row.id == self.window.cursor_id)

    def _flush(self) -> None:
        if self._unreached is not None:
            wanted, self._unreached = self._unreached, None
            self.scroll_to(y=wanted, animate=False)
        top = round(self.scroll_y)
        if self.window.sought is not None or self.window.missing(top, top + self._height - 1):
            self.post_message(self.Wanted(self))
        if not self._dirty:
            return
        self._dirty = False
        for index in range(top, top + self._height):
            if self._drawn.get(index) != self._state(index):
                self._refresh_row(index)

    def on_resize(self) -> None:
        self._show_cursor()

    def on_focus(self) -> None:
        self._refresh_row(self.window.cursor)

    def on_blur(self) -> None:
        self._refresh_row(self.window.cursor)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self._titles and y == 0:
            return self._title_strip(width)
        index = round(self.scroll_y) + y - self._titles
        if not self.window.total:
            line: Line = ((" " * GUTTER, ""), (self.empty, "dim")) if y == self._titles else ()
            return strip_of(self, line, width)
        row, current = self._state(index)
        if len(self._drawn) > 4 * (self.size.height + 1):
            self._drawn.clear()
        self._drawn[index] = (row, current)
        return self._row_strip(row, current, width) if index < self.window.total else strip_of(self, (), width)

    def _title_strip(self, width: int) -> Strip:
        widths = layout(self.columns, width - GUTTER)
        titles: list[Line] = [((column.title, "label"),) for column in self.columns]
        line = row_line(titles, self.columns, widths, width - GUTTER)
        return strip_of(self, ((" " * GUTTER, ""), *line), width)

    def _row_strip(self, row: Row | None, current: bool, width: int) -> Strip:
        under: Style | None = None
        mark = " "
        if current:
            mark = ">" if self.has_focus else " "
            under = tone(self, "cursor" if self.has_focus else "cursor_away")
        if row is None:
            return strip_of(self, ((mark + " ..", "dim"),), width, under=under)
        widths = layout(self.columns, width - GUTTER)
        line = row_line(row.cells, self.columns, widths, width - GUTTER)
        return strip_of(self, ((mark + " ", "accent"), *line), width, under=under)
