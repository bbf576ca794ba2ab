"""One of a few: ``(*) 真实  ( ) 误报``, by arrows or by number, on as many lines as it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.present import Line, Span, cells, pad
from tui.widgets.strips import strip_of


class Choice(Widget, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,ｈ,up", "step(-1)", show=False),
        Binding("right,l,ｌ,space,down", "step(1)", show=False),
        *(Binding(f"{number},{chr(0xFF10 + number)}", f"pick({number - 1})", show=False) for number in range(1, 10)),
    ]

    class Picked(Message):
        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, label: str, options: Sequence[tuple[str, str]], *, chosen: str = "", id: str) -> None:
        """``options``: (value, words)."""
        super().__init__(id=id)
        self._label = label
        self._options = tuple(options)
        self._place = next((place for place, (value, _) in enumerate(options) if value == chosen), 0)

    LABEL_WIDTH = 16

    @property
    def value(self) -> str:
        return self._options[self._place][0]

    def choose(self, value: str) -> None:
        """Without telling."""
        self._place = next((place for place, (known, _) in enumerate(self._options) if known == value), self._place)
        self.refresh()

    def action_step(self, by: int) -> None:
        self.action_pick((self._place + by) % len(self._options))

    def action_pick(self, place: int) -> None:
        if place < len(self._options) and place != self._place:
            self._place = place
            self.refresh()
            self.post_message(self.Picked(self))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._laid_out(width))

    def _laid_out(self, width: int) -> list[Line]:
        tone = "accent" if self.has_focus else "label"
        mark = "> " if self.has_focus else "  "
        lines: list[list[Span]] = [[(mark + pad(self._label, self.LABEL_WIDTH - 2), tone)]]
        used = self.LABEL_WIDTH
        for place, (_, words) in enumerate(self._options):
            chosen = place == self._place
            text = f"{'(*)' if chosen else '( )'} {words}"
            if used + cells(text) > width and used > self.LABEL_WIDTH:
                lines.append([(" " * self.LABEL_WIDTH, "")])
                used = self.LABEL_WIDTH
            lines[-1] += [(text, ("chosen" if self.has_focus else "strong") if chosen else "text"), ("  ", "")]
            used += cells(text) + 2
        return [tuple(line) for line in lines]

    def render_line(self, y: int) -> Strip:
        lines = self._laid_out(self.size.width)
        return strip_of(self, lines[y] if y < len(lines) else (), self.size.width)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        lines = self._laid_out(self.size.width)
        place = sum((len(line) - 1) // 2 for line in lines[: event.y])
        x = self.LABEL_WIDTH
        for text, _ in lines[event.y][1::2] if event.y < len(lines) else ():
            if x <= event.x < x + cells(text):
                self.action_pick(place)
            x, place = x + cells(text) + 2, place + 1
