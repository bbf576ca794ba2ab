"""The form that silences what is like an alert: why, and until when."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from shouwang.errors import ShouwangError
from tui import labels, wire
from tui.doc import Doc
from tui.present import Line, safe_text, wrap
from tui.screens.base import readable
from tui.screens.forms import Form
from tui.session import Session
from tui.widgets.choice import Choice

SPANS = ("1h", "8h", "24h", "3d", "7d")


class SilenceForm(Form):
    TITLE_KEY = "silencing.title"

    def __init__(self, session: Session, alert: wire.AlertRow) -> None:
        super().__init__(session, alert.id)
        self.alert = alert

    def about(self, width: int) -> Sequence[Line]:
        level = labels.severity(self.alert.severity, self.words)
        number = labels.number(self.alert.count, at_least=self.alert.at_least)
        return (
            ((wrap(safe_text(self.alert.title), width)[0], "strong"),),
            (level, (f"   {self.words('alerts.count')} {number}", "dim")),
        )

    def fields(self) -> ComposeResult:
        words = self.words
        yield Choice(
            words("silencing.span"), [(span, words(f"silencing.{span}")) for span in SPANS], chosen="8h", id="span"
        )
        yield Input(placeholder=words("silencing.reason_hint"), id="reason")

    def on_mount(self) -> None:
        self.run_worker(self._preview())

    async def _preview(self) -> None:
        """What it means, and what it would have held."""
        try:
            found = Doc(await self.session.ask("silences.preview", alert=self.item))
        except ShouwangError as error:
            self.say(readable(error, self.words))
            return
        would = found.doc("would_have_held")
        self.say(
            self.words(
                "silencing.preview",
                what=safe_text(found.text("what"), 300),
                n=labels.number(would.integer("alerts")),
                events=labels.number(would.integer("events")),
            ),
            "high",
        )

    async def save(self) -> str:
        if not self.reason():
            self.say(self.words("form.reason_needed"))
            self.query_one("#reason").focus()
            return ""
        span = self.query_one("#span", Choice).value
        asked = await self.session.ask("silences.add", alert=self.item, reason=self.reason(), until=span)
        made = Doc(asked)
        until = labels.stamp(made.time("until"), self.session.now(), self.words)
        return self.words(
            "silencing.done", id=safe_text(made.text("id")), until=until, what=safe_text(made.text("what"))
        )
