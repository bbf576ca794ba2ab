"""The lines above and below every screen, and the one sentence that appears when something was done or refused."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tui.bars import Hit
from tui.present import Line, safe_text, wrap
from tui.widgets.strips import strip_of


class Bar(Widget):
    """Lines of the whole width. Parts of them may be clicked like keys."""

    class Pressed(Message):
        """A command's name was clicked."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    lines: reactive[tuple[Line, ...]] = reactive((), layout=True)

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._hits: Sequence[Hit] = ()

    def show(self, lines: Sequence[Line], hits: Sequence[Hit] = ()) -> None:
        self._hits = hits
        if tuple(lines) == self.lines:
            return
        if len(lines) == len(self.lines):
            self.set_reactive(Bar.lines, tuple(lines))
            self.refresh()
        else:
            self.lines = tuple(lines)
        self.styles.height = len(lines)

    def render_line(self, y: int) -> Strip:
        line: Line = self.lines[y] if y < len(self.lines) else ()
        return strip_of(self, line, self.size.width)

    def on_click(self, event: events.Click) -> None:
        for hit in self._hits:
            if event.y == hit.y and hit.first <= event.x < hit.last:
                self.post_message(self.Pressed(hit.command))


class NoticeLine(Widget):
    """One sentence over the screen's last lines; goes by itself."""

    STAY_S = 6.0

    def __init__(self) -> None:
        super().__init__(id="notice")
        self._text = ""
        self._tone = "good"
        self._stays = 0

    def say(self, text: str, tone: str) -> None:
        self._text, self._tone = safe_text(text, 1_000), tone
        self._stays += 1
        turn = self._stays
        self.display = True
        self.styles.height = len(self._wrapped())
        self.set_timer(self.STAY_S * (1 if tone == "good" else 2), lambda: self._go(turn))
        self.refresh()

    def on_mount(self) -> None:
        self.display = False

    def _go(self, turn: int) -> None:
        if turn == self._stays:
            self.display = False

    def _wrapped(self) -> list[str]:
        return wrap(self._text, max(20, self.app.size.width - 4))

    @property
    def text(self) -> str:
        """What is said now, ``""`` when nothing."""
        return self._text if self.display else ""

    def render_line(self, y: int) -> Strip:
        lines = self._wrapped()
        return strip_of(self, ((" ", ""), (lines[y] if y < len(lines) else "", self._tone)), self.size.width)
