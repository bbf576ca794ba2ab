"""The forms: what every one has, triage, and closing."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from shouwang.errors import ShouwangError
from shouwang.model import Value
from tui import labels, wire
from tui.doc import Doc
from tui.messages import Words
from tui.present import Line, safe_text, wrap
from tui.screens.base import readable
from tui.session import Session
from tui.widgets.choice import Choice
from tui.widgets.lines import Lines

DISPOSITIONS = ("true", "false_positive", "duplicate", "authorised")


class Form(ModalScreen[str]):
    """Asks, does, and closes with the sentence that says what was done; ``""`` when nothing was."""

    TITLE_KEY: ClassVar[str]
    LABELS: ClassVar[Mapping[str, str]] = {"folder": "reporting.folder"}
    """What stands over a line of input, by its id; else it asks for the reason."""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]  # noqa: RUF012  # as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("ctrl+s", "save", show=False),
        Binding("enter", "app.focus_next", show=False),
    ]

    def __init__(self, session: Session, item: str) -> None:
        """``item``: the id of what it is about."""
        super().__init__()
        self.session = session
        self.item = item
        self._busy = False

    @property
    def words(self) -> Words:
        return self.session.words

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="form", can_focus=False):
            yield Lines(id="subject", focusable=False)
            yield from self.fields()
            yield Lines(id="said", focusable=False)
            with Horizontal(id="buttons"):
                yield from self.buttons()

    def fields(self) -> ComposeResult:
        """What is asked."""
        raise NotImplementedError

    def buttons(self) -> ComposeResult:
        yield Button(self.words("form.save") + " ^S", id="save", compact=True)
        yield Button(self.words("form.cancel") + " Esc", id="cancel", compact=True)

    async def save(self) -> str:
        """Do it. Returns what was done, ``""`` to stay. Raises what the daemon refuses."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.set_class(self.session.ascii, "-ascii")
        form = self.query_one("#form")
        form.border_title = Text(self.words(self.TITLE_KEY, id=safe_text(self.item, 60)))
        form.border_subtitle = Text(self.words("form.keys"))
        for line in self.query(Input):
            line.cursor_blink = False
            line.border_title = Text(self.words(self.LABELS.get(line.id or "", "form.reason")))
        self.query_one("#subject", Lines).show(self.about)

    def about(self, width: int) -> Sequence[Line]:
        """What it is about, in two lines."""
        raise NotImplementedError

    def say(self, text: str, tone: str = "critical") -> None:
        said = self.query_one("#said", Lines)
        said.show(lambda width: [((line, tone),) for line in wrap(text, width)] if text else [])
        said.styles.height = max(1, len(said.lines))

    # ------------------------------------------------------------------------------------------ leaving

    def action_cancel(self) -> None:
        self.dismiss("")

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.dismiss("")

    @on(Button.Pressed, "#save")
    def _pressed(self) -> None:
        self.action_save()

    @on(Input.Submitted)
    def _next(self) -> None:
        self.focus_next()

    def action_save(self) -> None:
        self.work_on(self._saved())

    def work_on(self, deed: Coroutine[None, None, None]) -> None:
        """One deed at a time; a refusal is said in the form and everything typed stays."""
        if self._busy:
            deed.close()
            return
        self._busy = True
        self.say(self.words("form.working"), "dim")
        self.run_worker(self._guarded(deed))

    async def _guarded(self, deed: Coroutine[None, None, None]) -> None:
        try:
            await deed
        except ShouwangError as error:
            self.say(readable(error, self.session.words))
        finally:
            self._busy = False

    async def _saved(self) -> None:
        done = await self.save()
        if done:
            self.dismiss(done)

    def reason(self) -> str:
        return self.query_one("#reason", Input).value.strip()


class IncidentForm(Form):
    """What is done to an incident."""

    def __init__(self, session: Session, incident: wire.IncidentRow) -> None:
        super().__init__(session, incident.id)
        self.subject = incident

    def about(self, width: int) -> Sequence[Line]:
        incident, words = self.subject, self.words
        return (
            ((wrap(safe_text(incident.title), width)[0], "strong"),),
            (
                labels.grade(incident.grade, words),
                ("   ", ""),
                labels.state(incident.state, words),
                ("   ", ""),
                (safe_text(incident.owner) or words("none"), "dim"),
                (f"   {words('incidents.alerts')} {len(incident.alerts)}", "dim"),
            ),
        )

    async def act(self, name: str, **args: Value) -> wire.IncidentRow:
        """The incident as the act left it."""
        return wire.incident(Doc(await self.session.ask(name, id=self.subject.id, **args)))


class TriageForm(IncidentForm):
    TITLE_KEY = "triage.title"

    def fields(self) -> ComposeResult:
        words = self.words
        yield Choice(
            words("triage.verdict"),
            [(name, words(f"disposition.{name}")) for name in DISPOSITIONS],
            chosen=self.subject.disposition,
            id="verdict",
        )
        yield Input(
            value=safe_text(self.subject.disposition_reason), placeholder=words("triage.reason_hint"), id="reason"
        )

    async def save(self) -> str:
        if not self.reason():
            self.say(self.words("form.reason_needed"))
            self.query_one("#reason").focus()
            return ""
        verdict = self.query_one("#verdict", Choice).value
        await self.act("incidents.triage", disposition=verdict, reason=self.reason())
        word = self.words(f"disposition.{verdict}")
        return self.words("triage.done", id=safe_text(self.subject.id), word=word)


class CloseForm(IncidentForm):
    TITLE_KEY = "closing.title"

    def fields(self) -> ComposeResult:
        yield Input(placeholder=self.words("closing.reason_hint"), id="reason")

    def on_mount(self) -> None:
        self.say(self.words("closing.warning"), "high")

    async def save(self) -> str:
        if not self.reason():
            self.say(self.words("form.reason_needed"))
            self.query_one("#reason").focus()
            return ""
        await self.act("incidents.close", reason=self.reason())
        return self.words("closing.done", id=safe_text(self.subject.id))
