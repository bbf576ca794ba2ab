"""What the alerts and the incidents have in common: a filtered list, the detail of one, a second pane beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Input

from shouwang.model import Value
from tui.filters import Unreadable
from tui.present import safe_text
from tui.screens.base import ConsoleScreen
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable

SETTLE_S = 0.12
"""The cursor rests this long before the detail is asked for: holding an arrow key asks once."""


class Listing(ConsoleScreen):
    """Subclasses say what is listed; the cursor's row is the subject of the detail and of every act."""

    def body(self) -> ComposeResult:
        with Vertical(id="left"):
            yield Input(id="filter", compact=True)
            yield VirtualTable(id="list")
        with Container(id="right"):
            yield Lines(id="detail")
            yield Lines(id="second")

    def on_mount(self) -> None:
        self.filter_args = self._parsed("") or {}
        line = self.query_one("#filter", Input)
        line.cursor_blink = False
        line.display = False
        self.table.focus()

    @property
    def table(self) -> VirtualTable:
        return self.query_one("#list", VirtualTable)

    @property
    def detail(self) -> Lines:
        return self.query_one("#detail", Lines)

    @property
    def second(self) -> Lines:
        return self.query_one("#second", Lines)

    async def look(self) -> None:
        await self.list_rows()
        await self.load_detail()

    async def list_rows(self) -> None:
        """Ask for the rows on screen."""
        raise NotImplementedError

    async def load_detail(self) -> None:
        """Ask for the chosen one when it is another than the one shown, or changed."""
        raise NotImplementedError

    def viewed(self) -> tuple[str, ...]:
        hidden = self.has_class("-narrow") and not self.has_class("-open")
        return () if hidden else self.shown_ids()

    def shown_ids(self) -> tuple[str, ...]:
        """What stands in the detail."""
        raise NotImplementedError

    def deeds(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._open,
            "filter": self._filter,
            "previous": lambda: self.table.action_move(-1),
            "next": lambda: self.table.action_move(1),
        }

    # ------------------------------------------------------------------------------------------ the list

    def show(self, item: str) -> None:
        """Put the cursor on this one, and open it."""
        self.table.choose(item)
        self.ask_again()
        self._open()

    @on(VirtualTable.Wanted)
    def _fetch(self) -> None:
        self.attempt(self.list_rows, group="rows")

    @on(VirtualTable.Moved)
    def _moved(self) -> None:
        self.show_keys()
        self.attempt(self._settled, group="detail")

    async def _settled(self) -> None:
        await asyncio.sleep(SETTLE_S)
        await self.load_detail()

    # ------------------------------------------------------------------------------------------ the detail

    def _open(self) -> None:
        if isinstance(self.focused, Input):
            return
        self.add_class("-open")
        self.detail.focus()

    @on(VirtualTable.Chosen)
    def _open_clicked(self) -> None:
        self._open()

    def is_deeper(self) -> bool:
        return self.has_class("-open") or super().is_deeper()

    def step_back(self) -> bool:
        if self.has_class("-open") or self.focused is not self.table:
            self.remove_class("-open")
            self.table.focus()
            return True
        return False

    # ------------------------------------------------------------------------------------------ the filter

    def parse(self, text: str) -> dict[str, Value] | Unreadable:
        """What a filter line means as arguments of the list's act."""
        raise NotImplementedError

    def _parsed(self, text: str) -> dict[str, Value] | None:
        """The arguments that the text means; ``None`` after saying which word means nothing."""
        args = self.parse(text)
        if isinstance(args, Unreadable):
            self.say(self.words(f"{self.NAME}.filter_bad", word=safe_text(args.word, 60)), "critical")
            return None
        return args

    def _filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    @on(Input.Submitted, "#filter")
    def _filtered(self, submitted: Input.Submitted) -> None:
        args = self._parsed(submitted.value)
        if args is None:
            return
        self.filter_args = args
        self.query_one("#filter", Input).display = bool(submitted.value.strip())
        self.table.clear()
        self.table.focus()
        self.ask_again()
