"""The form that begins a hunt: for which rule, or the rules of which folder, and how far back."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from shouwang.errors import ShouwangError
from shouwang.model import Value
from shouwang.rulearchive import pack
from tui import labels
from tui.doc import Doc
from tui.present import Column, Line, safe_text, wrap
from tui.screens.base import readable
from tui.screens.forms import Form
from tui.session import Session
from tui.widgets.choice import Choice
from tui.widgets.table import VirtualTable
from tui.window import Row

SPANS = ("24h", "7d", "30d", "90d", "184d")


class HuntForm(Form):
    """Closes with the hunt's id."""

    TITLE_KEY = "hunting.title"
    LABELS = {"rule": "hunting.rule"}  # noqa: RUF012  # see Form

    def __init__(self, session: Session) -> None:
        super().__init__(session, "")
        self._rules: list[Doc] = []

    def about(self, width: int) -> Sequence[Line]:
        return [((line, "dim"),) for line in wrap(self.words("hunting.about"), width)[:3]]

    def fields(self) -> ComposeResult:
        words = self.words
        yield Input(placeholder=words("hunting.rule_hint"), id="rule")
        yield VirtualTable(id="rules", titles=False)
        yield Choice(
            words("hunting.since"), [(span, words(f"hunting.{span}")) for span in SPANS], chosen="7d", id="since"
        )

    def on_mount(self) -> None:
        columns = (Column("", 14), Column("", 20, flex=True))
        self.query_one("#rules", VirtualTable).relabel(columns, self.words("hunting.none"))
        self.run_worker(self._load())

    async def _load(self) -> None:
        try:
            self._rules = list(Doc(await self.session.ask("rules.list")).docs("rules"))
        except ShouwangError as error:
            self.say(readable(error, self.words))
            return
        self._show(self.query_one("#rule", Input).value)

    @on(Input.Changed, "#rule")
    def _typed(self, changed: Input.Changed) -> None:
        self._show(changed.value)

    def _show(self, typed: str) -> None:
        wanted = typed.strip().lower()
        found = [
            rule for rule in self._rules if wanted in rule.text("title").lower() or wanted == rule.text("id").lower()
        ]
        table = self.query_one("#rules", VirtualTable)
        table.clear()
        table.replace([Row(rule.text("id"), self._cells(rule)) for rule in found])

    def _cells(self, rule: Doc) -> tuple[Line, Line]:
        return (labels.severity(rule.text("severity"), self.words),), ((safe_text(rule.text("title"), 200), "text"),)

    async def save(self) -> str:
        typed, since = self.query_one("#rule", Input).value.strip(), self.query_one("#since", Choice).value
        path = Path(typed).expanduser()
        if typed.startswith(("/", "~", ".")):
            return await self._with_files(path, since)
        rule = self.query_one("#rules", VirtualTable).chosen
        if not rule:
            self.say(self.words("hunting.needed"))
            return ""
        title = next(each.text("title") for each in self._rules if each.text("id") == rule)
        return await self._begun(ids=[rule], asked=[f"{title} ({rule})"], since=since)

    async def _with_files(self, path: Path, since: str) -> str:
        """Read here, with the rights of who sits at the console."""
        if not path.exists():
            self.say(self.words("hunting.missing", path=safe_text(str(path), 200)))
            return ""
        with tempfile.TemporaryFile() as archive:
            await asyncio.to_thread(pack, [path], archive)
            archive.flush()
            return await self._begun(file=archive.fileno(), asked=[str(path.resolve())], since=since)

    async def _begun(self, *, file: int | None = None, **args: Value) -> str:
        return Doc(await self.session.ask("hunt.start", file, **args)).text("id")
