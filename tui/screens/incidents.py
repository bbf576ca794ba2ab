"""事件: what is due, why this grade, who did what."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.widgets import Input

from shouwang.model import Value
from tui import dossier, filters, tables, wire
from tui.filters import Unreadable
from tui.labels import number
from tui.screens.base import bindings
from tui.screens.listing import Listing
from tui.session import Changed, Session


class Incidents(Listing):
    NAME: ClassVar[str] = "incidents"
    BINDINGS = bindings("incidents")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._incidents: dict[str, wire.IncidentRow] = {}
        self._shown: wire.IncidentDetail | None = None
        self._stale = False

    def relabel(self) -> None:
        words = self.words
        self.table.relabel(tables.incident_columns(words), words("incidents.empty"))
        self.table.retitle(words("incidents.title", shown=""))
        self.detail.retitle(words("incidents.detail"))
        self.second.retitle(words("incidents.timeline"))
        self._stale = True
        if self._shown is not None:
            self._show_second(self._shown, top=False)
        self.query_one("#filter", Input).placeholder = words("incidents.filter")

    def parse(self, text: str) -> dict[str, Value] | Unreadable:
        return filters.incidents(text)

    async def list_rows(self) -> None:
        args = self.filter_args
        offset, limit = self.table.span()
        total, found = wire.incidents(await self.session.ask("incidents.list", **args, offset=offset, limit=limit))
        if args is not self.filter_args:
            return
        self._incidents = {incident.id: incident for incident in found}
        now = self.session.now()
        self.table.put(offset, [tables.incident_row(incident, now, self.words) for incident in found], total)
        self.table.retitle(self.words("incidents.title", shown=number(total)))

    async def load_detail(self) -> None:
        chosen, shown = self.table.chosen, self._shown
        if not chosen:
            self._shown = None
        elif self._stale or shown is None or shown.incident.id != chosen or self._changed(shown.incident):
            found = wire.incident_detail(await self.session.ask("incidents.show", id=chosen))
            if self.table.chosen != chosen:
                return
            other = shown is None or shown.incident.id != chosen
            self._shown, self._stale = found, False
            self._show_second(found, top=other)
            self._show(top=other)
        self.show_keys()

    def _changed(self, shown: wire.IncidentRow) -> bool:
        return self._incidents.get(shown.id, shown) != shown

    def on_changed(self, changed: Changed) -> None:
        self._stale = True

    def redraw(self) -> None:
        self._show(top=False)

    def _show(self, *, top: bool) -> None:
        words, now, shown = self.words, self.session.now(), self._shown
        if shown is None:
            self.detail.show(lambda _width: (((words("incidents.nothing"), "dim"),),))
            self.second.show(lambda _width: ())
            return
        self.detail.show(lambda width: list(dossier.incident_lines(shown, now, words, width)), top=top)
        self.detail.retitle(f"{words('incidents.detail')} {shown.incident.id}")

    def _show_second(self, shown: wire.IncidentDetail, *, top: bool) -> None:
        """Made when it was asked for, not each second: it may be long."""
        words, now = self.words, self.session.now()
        self.second.show(lambda width: list(dossier.timeline_lines(shown.timeline, now, words, width)), top=top)

    def target(self) -> str:
        return self.table.chosen

    def incident(self) -> wire.IncidentRow | None:
        return self._incidents.get(self.target()) or super().incident()

    def shown_ids(self) -> tuple[str, ...]:
        return (self._shown.incident.id,) if self._shown is not None else ()

    def copied(self) -> tuple[str, str]:
        shown = self._shown
        if shown is None:
            return "", ""
        incident = shown.incident
        whole = {
            "id": incident.id,
            "title": incident.title,
            "grade": incident.grade,
            "state": incident.state,
            "owner": incident.owner,
            "alerts": list(incident.alerts),
            "found_at": incident.found.isoformat() if incident.found else None,
        }
        return f"{incident.id} {incident.title}", json.dumps(whole, ensure_ascii=False)
