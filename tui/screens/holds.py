"""The silences, or the maintenance windows, that hold or are planned: seen, ended, and works begun."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from shouwang.errors import ShouwangError
from tui import health, labels
from tui.doc import Doc
from tui.messages import Words
from tui.present import Column, safe_text, wrap
from tui.screens.base import readable
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable
from tui.window import Row

Kind = Literal["silences", "maintenance"]
ANOTHER: Final = "+"
"""The answer that asks for a new one."""


class Holds(ModalScreen[str]):
    """Answers with what was done, as a sentence, or ``ANOTHER``. Ending takes Enter twice on the same row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ｑ", "close", show=False),
        Binding("enter", "end", show=False, priority=True),
        Binding("n,ｎ,insert,f4", "another", show=False),
    ]

    def __init__(self, session: Session, kind: Kind) -> None:
        super().__init__()
        self.session = session
        self.kind: Kind = kind
        self._armed = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield Lines(id="question", focusable=False)
            yield VirtualTable(id="hits")

    def on_mount(self) -> None:
        words = self.session.words
        self.set_class(self.session.ascii, "-ascii")
        self.query_one("#palette").border_title = Text(words(f"{self.kind}.title"))
        self.query_one("#palette").border_subtitle = Text(words("form.esc"))
        self._table.relabel(_columns(words), words(f"{self.kind}.none"))
        self._table.focus()
        self._ask(words(f"{self.kind}.hint"))
        self.run_worker(self._load())

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#hits", VirtualTable)

    def _ask(self, text: str) -> None:
        self.query_one("#question", Lines).show(lambda width: [((line, "text"),) for line in wrap(text, width)])

    async def _load(self) -> None:
        try:
            found = Doc(await self.session.ask(f"{self.kind}.list")).docs(self.kind)
        except ShouwangError as error:
            self._ask(readable(error, self.session.words))
            return
        self._table.replace([_row(health.hold(each), self.session.words) for each in found])

    @on(VirtualTable.Moved)
    def _moved(self) -> None:
        if self._armed:
            self._armed = ""
            self._ask(self.session.words(f"{self.kind}.hint"))

    def action_end(self) -> None:
        chosen = self._table.chosen
        if not chosen:
            return
        if self._armed == chosen:
            self.run_worker(self._end(chosen), exclusive=True)
        else:
            self._armed = chosen
            self._ask(self.session.words(f"{self.kind}.sure", id=safe_text(chosen)))

    async def _end(self, hold_id: str) -> None:
        words = self.session.words
        try:
            ended = health.hold(Doc(await self.session.ask(f"{self.kind}.end", id=hold_id)))
        except ShouwangError as error:
            self._ask(readable(error, words))
            return
        self.dismiss(words("need.held_text", id=safe_text(ended.id), n=ended.alerts, events=ended.events))

    def action_another(self) -> None:
        """Works are begun here; a silence belongs to an alert."""
        if self.kind == "maintenance":
            self.dismiss(ANOTHER)

    def action_close(self) -> None:
        self.dismiss("")


def _columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.id"), 6),
        Column(words("table.state"), 6),
        Column(words("silences.until"), 19),
        Column(words("table.alerts"), 6, right=True),
        Column(words("table.what"), 20, flex=True),
        Column(words("table.owner"), 8, rank=1),
    )


def _row(hold: health.HoldRow, words: Words) -> Row:
    until = labels.full_stamp(hold.until, words)
    return Row(
        hold.id,
        (
            ((safe_text(hold.id, 40), "accent"),),
            ((words("holds.planned" if hold.planned else "holds.now"), "high" if hold.planned else "good"),),
            ((until + (words("holds.weekly") if hold.weekly else ""), "text"),),
            ((labels.number(hold.alerts), "dim"),),
            ((safe_text(hold.what, 200), "text"),),
            ((safe_text(hold.owner, 60), "dim"),),
        ),
    )
