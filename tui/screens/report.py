"""The report of an incident: chosen, previewed as it will be written, saved as a file of one's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from tui import wire
from tui.messages import LANGUAGES
from tui.present import DETAIL_LIMIT, Line, safe_text, wrap
from tui.screens.forms import IncidentForm
from tui.session import Session
from tui.widgets.choice import Choice
from tui.widgets.lines import Lines

FORMATS = ("md", "html", "json")


class ReportForm(IncidentForm):
    TITLE_KEY = "reporting.title"

    def __init__(self, session: Session, incident: wire.IncidentRow, folder: Path) -> None:
        super().__init__(session, incident)
        self._folder = folder
        self._filename, self._content = "", ""

    def fields(self) -> ComposeResult:
        words = self.words
        yield Choice(words("reporting.format"), [(name, name.upper()) for name in FORMATS], id="format")
        yield Choice(
            words("reporting.language"),
            [(name, words(f"languages.{name}")) for name in LANGUAGES],
            chosen=words.language,
            id="lang",
        )
        yield Lines(id="preview")
        yield Input(value=str(self._folder), id="folder")

    def on_mount(self) -> None:
        self.work_on(self._load())

    @on(Choice.Picked)
    def _picked(self) -> None:
        self.work_on(self._load())

    async def _load(self) -> None:
        wanted = ("", "")
        while wanted != (wanted := self._wanted()):
            asked = await self.session.ask("incidents.report", id=self.subject.id, format=wanted[0], lang=wanted[1])
            self._filename, self._content = wire.paper(asked)
        self.query_one("#preview", Lines).show(self._preview, top=True)
        self.say("" if self._content else self.words("reporting.empty"))

    def _wanted(self) -> tuple[str, str]:
        return self.query_one("#format", Choice).value, self.query_one("#lang", Choice).value

    def _preview(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        for line in self._content[:DETAIL_LIMIT].splitlines():
            tone = "title" if line.startswith("#") else "text"
            lines.extend(((part, tone),) for part in wrap(safe_text(line, DETAIL_LIMIT), width))
        return lines

    async def save(self) -> str:
        if not self._content:
            self.say(self.words("reporting.empty"))
            return ""
        folder = Path(self.query_one("#folder", Input).value.strip() or ".").expanduser()
        try:
            path = write_new(folder, Path(self._filename).name or f"{self.subject.id}.txt", self._content)
        except OSError as error:
            self.say(self.words("reporting.failed", why=safe_text(error.strerror or str(error), 200)))
            return ""
        return self.words("reporting.saved", path=safe_text(str(path), 500))


def write_new(folder: Path, name: str, content: str) -> Path:
    """Write a file that was not there, readable by its owner alone; a number is added to a name that is taken."""
    base = Path(name)
    for number in range(1, 1_000):
        path = folder / (name if number == 1 else f"{base.stem}-{number}{base.suffix}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(content)
        return path
    raise FileExistsError(17, "File exists", str(folder / name))
