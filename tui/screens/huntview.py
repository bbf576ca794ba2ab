"""One hunt: how far it is, what each rule found, the matches of a rule, the fields of a match."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from shouwang.errors import ShouwangError
from tui import labels
from tui.doc import Doc
from tui.present import Column, Line, safe_text, wrap
from tui.screens.base import readable
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable
from tui.window import Row

LOOK_S: Final = 0.5
PAGE: Final = 1000
SHOWN: Final = 500
"""Matches of one rule; ``shouwang hunts matches`` has all."""
READ: Final = 20_000
"""Matches looked through for them."""
BAR: Final = 30


class HuntView(ModalScreen[str]):
    """Esc goes back, and from the first level away; the hunt runs on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ｑ", "back", show=False),
        Binding("enter", "open", show=False, priority=True),
        Binding("s,ｓ,ctrl+x", "stop", show=False),
        Binding("r,ｒ,ctrl+r", "resume", show=False),
    ]

    def __init__(self, session: Session, id: str) -> None:
        super().__init__()
        self.session = session
        self.hunt = id
        self._rule = ""
        self._match = ""
        self._found: dict[str, Doc] = {}
        """Matches by the id of their row."""

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield Lines(id="hunt", focusable=False)
            yield VirtualTable(id="hits")

    def on_mount(self) -> None:
        self.set_class(self.session.ascii, "-ascii")
        frame = self.query_one("#palette")
        frame.border_title = Text(self.session.words("huntview.title", id=safe_text(self.hunt, 40)))
        frame.border_subtitle = Text(self.session.words("huntview.keys"))
        self._table.focus()
        self.run_worker(self._watch(), group="watch", exclusive=True)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#hits", VirtualTable)

    def _say(self, lines: Sequence[Line]) -> None:
        self.query_one("#hunt", Lines).show(lambda _width: list(lines))

    def _refuse(self, error: ShouwangError) -> None:
        text = readable(error, self.session.words)
        self.query_one("#hunt", Lines).show(lambda width: [((line, "critical"),) for line in wrap(text, width)])

    # ------------------------------------------------------------------------------------------ looking

    async def _watch(self) -> None:
        """Until it has ended; a daemon that is away is waited for."""
        while True:
            try:
                told = Doc(await self.session.ask("hunt.show", id=self.hunt))
            except ShouwangError as error:
                self._refuse(error)
            else:
                self._show(told)
                if told.text("state") != "running":
                    return
            await asyncio.sleep(LOOK_S)

    def _show(self, told: Doc) -> None:
        words, total, passed = self.session.words, told.integer("total"), told.integer("passed")
        share = passed / total if total else 1.0 if told.text("state") == "done" else 0.0
        bar = "#" * round(BAR * share) + "." * (BAR - round(BAR * share))
        state = words.known("hunt_state", told.text("state"))
        numbers = words(
            "huntview.numbers",
            passed=labels.number(passed),
            total=labels.number(total),
            n=labels.number(told.integer("matches")),
        )
        why = told.text("why") or "; ".join(told.texts("refused"))
        self._say(
            (
                ((f"{state}  ", "accent"), (f"[{bar}] {share:.0%}", "strong")),
                ((numbers, "text"),),
                ((safe_text(why, 300) or safe_text(", ".join(told.texts("asked")), 300), "high" if why else "dim"),),
            )
        )
        if not self._rule:
            self._list_rules(told)

    def _list_rules(self, told: Doc) -> None:
        words = self.session.words
        columns = (
            Column(words("hunts.matches"), 8, right=True),
            Column(words("table.severity"), 8),
            Column(words("table.title"), 20, flex=True),
        )
        none = "huntview.none_yet" if told.text("state") == "running" else "huntview.none"
        self._table.relabel(columns, words(none))
        self._table.replace(
            [
                Row(
                    rule.text("rule_id"),
                    (
                        ((labels.number(rule.integer("count")), "strong"),),
                        (labels.severity(rule.text("level"), words),),
                        ((safe_text(rule.text("title"), 200), "text"),),
                    ),
                )
                for rule in told.docs("by_rule")
            ]
        )

    # ------------------------------------------------------------------------------------------ results

    @on(VirtualTable.Chosen)
    def action_open(self) -> None:
        chosen = self._table.chosen
        if not chosen:
            return
        if not self._rule:
            self._rule = chosen
            self.run_worker(self._matches(), group="results", exclusive=True)
        elif not self._match:
            self._match = chosen
            self._list_fields(self._found[chosen])

    async def _matches(self) -> None:
        words, rule = self.session.words, self._rule
        self._found, after, read = {}, 0, 0
        self._table.clear()
        columns = (Column(words("table.time"), 19), Column(words("table.what"), 30, flex=True))
        self._table.relabel(columns, words("huntview.none_yet"))
        try:
            while read < READ and len(self._found) < SHOWN:
                page = Doc(await self.session.ask("hunt.matches", id=self.hunt, after=after, limit=PAGE))
                items, after = page.docs("items"), page.integer("next")
                mine = [each for each in items if each.text("rule_id") == rule]
                self._found |= {f"{read}-{place}": each for place, each in enumerate(mine)}
                read += len(items)
                if not items:
                    break
        except ShouwangError as error:
            self._refuse(error)
        if self._rule == rule:
            self._table.replace([_match_row(key, each) for key, each in list(self._found.items())[:SHOWN]])

    def _list_fields(self, match: Doc) -> None:
        words, fields = self.session.words, match.doc("fields")
        self._table.clear()
        self._table.relabel((Column(words("huntview.field"), 32), Column(words("huntview.value"), 30, flex=True)), "")
        self._table.replace(
            [
                Row(name, (((safe_text(name, 60), "label"),), ((safe_text(fields.text(name), 500), "text"),)))
                for name in sorted(fields.fields)
            ]
        )

    # ------------------------------------------------------------------------------------------ keys

    def action_back(self) -> None:
        if self._match:
            self._match = ""
            self.run_worker(self._matches(), group="results", exclusive=True)
        elif self._rule:
            self._rule = ""
            self._table.clear()
            self.run_worker(self._watch(), group="watch", exclusive=True)
        else:
            self.dismiss("")

    def action_stop(self) -> None:
        self.run_worker(self._asked("hunt.stop"), group="watch", exclusive=True)

    def action_resume(self) -> None:
        self.run_worker(self._asked("hunt.resume"), group="watch", exclusive=True)

    async def _asked(self, act: str) -> None:
        try:
            await self.session.ask(act, id=self.hunt)
        except ShouwangError as error:
            self._refuse(error)
            return
        await self._watch()


def _match_row(key: str, match: Doc) -> Row:
    named = match.doc("match")
    what = "  ".join(f"{name}={named.text(name)}" for name in sorted(named.fields) if named.text(name))
    return Row(
        key,
        (((safe_text(match.text("time")[:19].replace("T", " "), 19), "dim"),), ((safe_text(what, 400), "text"),)),
    )
