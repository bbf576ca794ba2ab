"""The form that begins works on a host, an asset or a network now: on what, which, and until when."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from shouwang.model import Value
from tui import labels
from tui.doc import Doc
from tui.present import Line, safe_text, wrap
from tui.screens.forms import Form
from tui.session import Session
from tui.widgets.choice import Choice

SPANS = ("30m", "1h", "2h", "4h", "8h")


class MaintenanceForm(Form):
    TITLE_KEY = "maintaining.title"
    LABELS = {"what": "maintaining.what", "reason": "maintaining.works"}  # noqa: RUF012  # see Form

    def __init__(self, session: Session) -> None:
        super().__init__(session, "")

    def about(self, width: int) -> Sequence[Line]:
        return [((line, "dim"),) for line in wrap(self.words("maintaining.about"), width)[:3]]

    def fields(self) -> ComposeResult:
        words = self.words
        yield Input(placeholder=words("maintaining.what_hint"), id="what")
        yield Choice(
            words("silencing.span"), [(span, words(f"maintaining.{span}")) for span in SPANS], chosen="2h", id="span"
        )
        yield Input(placeholder=words("maintaining.works_hint"), id="reason")

    async def save(self) -> str:
        named = [each for each in self.query_one("#what", Input).value.replace(",", " ").split() if each]
        if not named or not self.reason():
            self.say(self.words("maintaining.needed"))
            self.query_one("#reason" if named else "#what").focus()
            return ""
        span = self.query_one("#span", Choice).value
        match: list[Value] = [*named]
        made = Doc(await self.session.ask("maintenance.add", match=match, reason=self.reason(), until=span))
        until = labels.stamp(made.time("until"), self.session.now(), self.words)
        return self.words(
            "maintaining.done", id=safe_text(made.text("id")), until=until, what=safe_text(made.text("what"))
        )
