"""日志: what happened? The live tail, and a Lucene search over what is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Input

from shouwang.model import Value
from tui import commands, details, tables, wire
from tui.doc import Doc
from tui.labels import number
from tui.present import safe_text
from tui.screens.base import ConsoleScreen, bindings
from tui.session import Session
from tui.tail import METRICS, NOTICES, OWN_QUERY, RANGES, Found, Tail
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable
from tui.window import Row

FIRST, STEP = 200, 500
"""Lines shown at the start; lines taken at a time from then on."""


class Logs(ConsoleScreen):
    NAME: ClassVar[str] = "logs"
    BINDINGS = bindings("logs")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._tail = Tail()
        self._found: Found | None = None
        self._range = "24h"
        self._rows: dict[str, Row] = {}
        self._shown = ""
        self._paging = False

    def body(self) -> ComposeResult:
        with Vertical(id="left"):
            yield Input(id="filter", compact=True)
            yield VirtualTable(id="list")
        with Container(id="right"):
            yield Lines(id="detail")

    def on_mount(self) -> None:
        line = self.query_one("#filter", Input)
        line.cursor_blink = False
        line.display = False
        self._table.focus()

    def relabel(self) -> None:
        words = self.words
        self._table.relabel(tables.event_columns(words), "")
        self._detail.retitle(words("logs.detail"))
        self.query_one("#filter", Input).placeholder = words("logs.search")
        self._show()

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#list", VirtualTable)

    @property
    def _detail(self) -> Lines:
        return self.query_one("#detail", Lines)

    # ------------------------------------------------------------------------------------------ the tail

    async def look(self) -> None:
        await self._take()
        if self._found is None:
            self._show()

    async def _take(self) -> None:
        """New lines; when it is the first time, those of before too."""
        tail = self._tail
        if not tail.started:
            value = await self.session.ask("events.tail", limit=1)
            tail.start(wire.events(value)[0])
            await self._fill(tail)
        args: dict[str, Value] = {"after": tail.after} if tail.after else {}
        after, arrived = wire.events(await self.session.ask("events.tail", limit=STEP, **args))
        tail.after = after or tail.after
        tail.take(arrived)

    async def _fill(self, tail: Tail) -> None:
        """The lines of before, and how many between them are not shown."""
        query = "" if tail.own else f"NOT {OWN_QUERY}"
        found = await self.session.ask("events.search", query=query, since="24h", limit=FIRST, newest_first=True)
        recent = wire.events(found)[1]
        tail.take(reversed(recent))
        if not tail.own:
            oldest = recent[-1].at if len(recent) == FIRST else None
            since = oldest.isoformat() if oldest is not None else "24h"
            counted = await self.session.ask("events.count", query=OWN_QUERY, since=since, by="event.dataset")
            tail.hide(wire.counts(counted))

    def _show(self) -> None:
        """The list as it should stand now, and its title."""
        table, words = self._table, self.words
        events = self._found.events if self._found is not None else self._tail.shown()
        table.empty = words("logs.empty_search" if self._found is not None else "logs.empty_live")
        table.replace([self._row(event) for event in events])
        if self._found is None and self._tail.following and not self._tail.frozen:
            table.action_edge(1)
        table.retitle(self._title())

    def _row(self, event: wire.EventRow) -> Row:
        row = self._rows.get(event.id)
        if row is None:
            if len(self._rows) > 4 * self._tail.KEPT:
                self._rows.clear()
            row = self._rows[event.id] = tables.event_row(event, self.session.now(), self.words)
        return row

    def _title(self) -> str:
        words, found = self.words, self._found
        if found is not None:
            key = "logs.found_more" if found.next else "logs.found"
            parts = [words(key, n=len(found.events)), words("logs.range", range=words.known("range", self._range))]
            if found.narrowed:
                parts.append(words("logs.narrowed", why=safe_text(found.narrowed, 200)))
        else:
            follow = "logs.follow_on" if self._tail.following else "logs.follow_off"
            parts = [words("logs.live"), words("logs.frozen" if self._tail.frozen else follow)]
            if self._tail.fresh:
                parts.append(words("logs.fresh", n=self._tail.fresh))
            parts.append(self._own_part())
        return "  ".join(parts)

    def _own_part(self) -> str:
        words, hidden = self.words, self._tail.hidden
        key = commands.key_label(commands.BY_NAME["own"].keys[0])
        if self._tail.own:
            return words("logs.own_shown", press=key)
        notices = words("logs.own_notices", n=number(hidden[NOTICES])) if hidden[NOTICES] else ""
        return words("logs.own_hidden", n=number(hidden[METRICS]), notices=notices, press=key)

    @on(VirtualTable.Moved)
    def _moved(self) -> None:
        table = self._table
        if self._found is None:
            self._tail.follow(on=table.at_end)
        elif table.at_end and self._found.next and not self._paging:
            self.attempt(self._more, group="more")
        table.retitle(self._title())
        self._show_event()
        self.show_keys()

    def _event(self) -> wire.EventRow | None:
        chosen = self._table.chosen
        events = self._found.events if self._found is not None else self._tail.shown()
        return next((event for event in reversed(events) if event.id == chosen), None)

    def _show_event(self) -> None:
        event, words = self._event(), self.words
        if event is None:
            self._detail.show(lambda _width: (((words("logs.nothing"), "dim"),),))
            return
        top, self._shown = event.id != self._shown, event.id
        self._detail.show(lambda width: list(details.event_lines(event, words, width)), top=top)

    # ------------------------------------------------------------------------------------------ the search

    async def _search(self, query: str) -> None:
        asked = self._range
        value = await self.session.ask("events.search", query=query, since=asked, limit=FIRST, newest_first=True)
        following, events = wire.events(value)
        self._found = Found(query, tuple(events), following, Doc(value).text("narrowed"))
        self._table.clear()
        self._show()
        self._show_event()
        self._table.focus()

    async def _more(self) -> None:
        found = self._found
        if found is None or not found.next:
            return
        self._paging = True
        try:
            value = await self.session.ask(
                "events.search", query=found.query, since=self._range, limit=STEP, after=found.next, newest_first=True
            )
        finally:
            self._paging = False
        following, events = wire.events(value)
        if self._found is found:
            self._found = Found(found.query, (*found.events, *events), following, Doc(value).text("narrowed"))
            self._show()

    @on(Input.Submitted, "#filter")
    def _searched(self, submitted: Input.Submitted) -> None:
        query = submitted.value.strip()
        if query:
            self.attempt(partial(self._search, query), group="search")
        else:
            self._live()

    def _live(self) -> None:
        self._found = None
        self.query_one("#filter", Input).display = False
        self._table.clear()
        self._tail.follow(on=True)
        self._show()
        self._table.focus()

    # ------------------------------------------------------------------------------------------ commands

    def deeds(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._open,
            "filter": self._filter,
            "previous": lambda: self._table.action_move(-1),
            "next": lambda: self._table.action_move(1),
            "follow": self._follow,
            "freeze": self._freeze,
            "range": self._widen,
            "own": self._own,
        }

    def _open(self) -> None:
        self.add_class("-open")
        self._show_event()
        self._detail.focus()

    @on(VirtualTable.Chosen)
    def _open_clicked(self) -> None:
        self._open()

    def _filter(self) -> None:
        line = self.query_one("#filter", Input)
        line.display = True
        line.focus()

    def _follow(self) -> None:
        if self._found is not None:
            self._live()
            return
        self._tail.follow(on=not self._tail.following)
        self._show()

    def _freeze(self) -> None:
        if self._found is None:
            self._tail.freeze(on=not self._tail.frozen)
            self._show()

    def _own(self) -> None:
        """The list starts anew: what was only counted is not held."""
        if self._found is not None:
            self.say(self.words("logs.own_search"), "high")
            return
        self._tail = Tail(own=not self._tail.own)
        self._table.clear()
        self.ask_again()

    def _widen(self) -> None:
        self._range = RANGES[(RANGES.index(self._range) + 1) % len(RANGES)]
        if self._found is not None:
            self.attempt(partial(self._search, self._found.query), group="search")

    def is_deeper(self) -> bool:
        return self.has_class("-open") or self._found is not None or super().is_deeper()

    def step_back(self) -> bool:
        if self.has_class("-open"):
            self.remove_class("-open")
            self._table.focus()
            return True
        if self._found is not None:
            self._live()
            return True
        return False

    def copied(self) -> tuple[str, str]:
        event = self._event()
        if event is None:
            return "", ""
        return event.text("event.original") or event.text("message"), json.dumps(dict(event.fields), ensure_ascii=False)
