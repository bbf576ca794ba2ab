"""The hunts there are; one is opened, or another begun."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from shouwang.errors import ShouwangError
from tui import labels
from tui.doc import Doc
from tui.messages import Words
from tui.present import Column, safe_text, wrap
from tui.screens.base import readable
from tui.screens.holds import ANOTHER
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable
from tui.window import Row


class Hunts(ModalScreen[str]):
    """Answers with the id of the one to open, or ``ANOTHER``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ｑ", "close", show=False),
        Binding("enter", "open", show=False, priority=True),
        Binding("n,ｎ,insert,f4", "another", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield Lines(id="question", focusable=False)
            yield VirtualTable(id="hits")

    def on_mount(self) -> None:
        words = self.session.words
        self.set_class(self.session.ascii, "-ascii")
        self.query_one("#palette").border_title = Text(words("hunts.title"))
        self.query_one("#palette").border_subtitle = Text(words("form.esc"))
        table = self.query_one("#hits", VirtualTable)
        table.relabel(_columns(words), words("hunts.none"))
        table.focus()
        self._ask(words("hunts.hint"))
        self.run_worker(self._load())

    def _ask(self, text: str) -> None:
        self.query_one("#question", Lines).show(lambda width: [((line, "text"),) for line in wrap(text, width)])

    async def _load(self) -> None:
        words = self.session.words
        try:
            found = Doc(await self.session.ask("hunt.list")).docs("hunts")
        except ShouwangError as error:
            self._ask(readable(error, words))
            return
        self.query_one("#hits", VirtualTable).replace([_row(each, words) for each in found])

    @on(VirtualTable.Chosen)
    def action_open(self) -> None:
        if chosen := self.query_one("#hits", VirtualTable).chosen:
            self.dismiss(chosen)

    def action_another(self) -> None:
        self.dismiss(ANOTHER)

    def action_close(self) -> None:
        self.dismiss("")


def _columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.id"), 7),
        Column(words("table.state"), 8),
        Column(words("hunts.matches"), 8, right=True),
        Column(words("hunts.asked"), 20, flex=True),
        Column(words("table.owner"), 8, rank=1),
    )


def _row(hunt: Doc, words: Words) -> Row:
    return Row(
        hunt.text("id"),
        (
            ((safe_text(hunt.text("id"), 40), "accent"),),
            ((words.known("hunt_state", hunt.text("state")), "text"),),
            ((labels.number(hunt.integer("matches")), "strong"),),
            ((safe_text(", ".join(hunt.texts("asked")), 200), "text"),),
            ((safe_text(hunt.text("by"), 60), "dim"),),
        ),
    )
