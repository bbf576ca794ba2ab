"""A pane of lines made for its width, scrolled, never wrapped by the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from tui.present import Line
from tui.widgets.pane import Pane
from tui.widgets.strips import strip_of


def _nothing(_width: int) -> Sequence[Line]:
    return ()


class Lines(Pane, can_focus=True):
    """Shows what a function makes for the pane's width; made again when the width changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j,ｊ", "scroll_by(1)", show=False),
        Binding("up,k,ｋ", "scroll_by(-1)", show=False),
        Binding("pagedown,space", "scroll_page(1)", show=False),
        Binding("pageup", "scroll_page(-1)", show=False),
        Binding("home", "scroll_edge(0)", show=False),
        Binding("end,G,Ｇ", "scroll_edge(1)", show=False),
    ]

    def __init__(self, *, id: str, focusable: bool = True) -> None:
        super().__init__(id=id)
        self.can_focus = focusable
        self._build: Callable[[int], Sequence[Line]] = _nothing
        self._lines: tuple[Line, ...] = ()
        self._made_for = -1

    def show(self, build: Callable[[int], Sequence[Line]], *, top: bool = False) -> None:
        """Show these lines; ``top``: it is another thing than before, start at its beginning."""
        self._build = build
        if top:
            self.scroll_to(y=0, animate=False)
        self._make()

    def _make(self) -> None:
        width = self.scrollable_content_region.width
        if width <= 0:
            return
        lines = tuple(self._build(width))
        if lines == self._lines and self._made_for == width:
            return
        self._lines, self._made_for = lines, width
        if self.virtual_size.height != len(lines):
            self.virtual_size = Size(0, len(lines))
        self.refresh()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self._lines

    def on_resize(self, _event: events.Resize) -> None:
        self._make()

    def action_scroll_by(self, by: int) -> None:
        self.scroll_to(y=self.scroll_y + by, animate=False)

    def action_scroll_page(self, by: int) -> None:
        self.scroll_to(y=self.scroll_y + by * max(1, self.size.height - 1), animate=False)

    def action_scroll_edge(self, end: int) -> None:
        self.scroll_to(y=self.max_scroll_y if end else 0, animate=False)

    def render_line(self, y: int) -> Strip:
        index = round(self.scroll_y) + y
        line: Line = self._lines[index] if 0 <= index < len(self._lines) else ()
        return strip_of(self, line, self.scrollable_content_region.width)
