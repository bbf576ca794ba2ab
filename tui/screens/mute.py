"""The bell's silence: for how long."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.alarm import MUTES_MIN
from tui.present import wrap
from tui.session import Session
from tui.widgets.choice import Choice
from tui.widgets.lines import Lines


class Mute(ModalScreen[int]):
    """Answers with minutes, 0 to ring again, -1 to leave it as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ｑ", "close", show=False),
        Binding("enter,ctrl+s", "choose", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        words = self.session.words
        options = [(str(minutes), words("muting.minutes", n=minutes)) for minutes in MUTES_MIN]
        if self.session.alarm.muted_s:
            options.append(("0", words("muting.off")))
        with Vertical(id="mute"):
            yield Lines(id="question", focusable=False)
            yield Choice(words("muting.time"), options, id="minutes")

    def on_mount(self) -> None:
        words = self.session.words
        self.set_class(self.session.ascii, "-ascii")
        frame = self.query_one("#mute")
        frame.border_title = Text(words("muting.title"))
        frame.border_subtitle = Text(words("muting.keys"))
        self.query_one("#question", Lines).show(
            lambda width: [((line, "text"),) for line in wrap(words("muting.question"), width)]
        )

    def action_choose(self) -> None:
        self.dismiss(int(self.query_one("#minutes", Choice).value))

    def action_close(self) -> None:
        self.dismiss(-1)
