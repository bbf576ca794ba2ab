"""告警: real or not?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar

from textual.widgets import Input

from shouwang.model import Value
from tui import details, filters, tables, wire
from tui.commands import Command
from tui.doc import Doc
from tui.filters import Unreadable
from tui.labels import number
from tui.screens.base import bindings
from tui.screens.listing import Listing
from tui.session import Go, Session


class Alerts(Listing):
    NAME: ClassVar[str] = "alerts"
    BINDINGS = bindings("alerts")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._alerts: dict[str, wire.AlertRow] = {}
        self._shown: wire.AlertDetail | None = None
        self._owner: wire.IncidentRow | None = None
        """The shown alert's incident, where the snapshot (what is not closed) has it not."""
        self._stale = False
        """The detail stands in another language."""

    def relabel(self) -> None:
        words = self.words
        self.table.relabel(tables.alert_columns(words), words("alerts.empty"))
        self.table.retitle(words("alerts.title", shown=""))
        self.detail.retitle(words("alerts.detail"))
        self.second.retitle(words("alerts.events", n=""))
        self._stale = True
        if self._shown is not None:
            self._show_second(self._shown, top=False)
        self.query_one("#filter", Input).placeholder = words("alerts.filter")

    def parse(self, text: str) -> dict[str, Value] | Unreadable:
        return filters.alerts(text)

    async def list_rows(self) -> None:
        args = self.filter_args
        offset, limit = self.table.span()
        found = await self.session.ask("alerts.list", **args, offset=offset, limit=limit)
        total, alerts = wire.alerts(found)
        if args is not self.filter_args:
            return
        self._alerts = {alert.id: alert for alert in alerts}
        shot, now = self.session.snapshot, self.session.now()
        owners = {incident.id: incident.owner for incident in shot.incidents} if shot is not None else {}
        rows = [tables.alert_row(alert, owners.get(alert.incident, ""), now, self.words) for alert in alerts]
        self.table.put(offset, rows, total)
        hidden = Doc(found).integer("hidden")
        held = self.words("alerts.hidden", n=number(hidden)) if hidden else ""
        self.table.retitle(f"{self.words('alerts.title', shown=number(total))} {held}".rstrip())

    async def load_detail(self) -> None:
        chosen, shown = self.table.chosen, self._shown
        if not chosen:
            self._shown = None
        elif self._stale or shown is None or shown.alert.id != chosen or self._changed(shown.alert):
            found = wire.alert_detail(await self.session.ask("alerts.show", id=chosen))
            owner = found.incident or await self._closed_incident(found.alert.incident)
            if self.table.chosen != chosen:
                return
            self._owner, self._stale = owner, False
            other = shown is None or shown.alert.id != chosen
            self._shown = found
            self._show_second(found, top=other)
            self._show(top=other)
        self.show_keys()

    def _changed(self, shown: wire.AlertRow) -> bool:
        return self._alerts.get(shown.id, shown) != shown

    async def _closed_incident(self, incident_id: str) -> wire.IncidentRow | None:
        shot = self.session.snapshot
        if not incident_id or (shot is not None and any(item.id == incident_id for item in shot.incidents)):
            return None
        return wire.incident_detail(await self.session.ask("incidents.show", id=incident_id)).incident

    def incident(self) -> wire.IncidentRow | None:
        owner = self._owner
        return super().incident() or (owner if owner is not None and owner.id == self.target() else None)

    def redraw(self) -> None:
        self._show(top=False)

    def _show(self, *, top: bool) -> None:
        words, now, shown = self.words, self.session.now(), self._shown
        if shown is None:
            self.detail.show(lambda _width: (((words("alerts.nothing"), "dim"),),))
            self.second.show(lambda _width: ())
            return
        incident = self.incident() or self._owner
        self.detail.show(lambda width: list(details.alert_lines(shown, incident, now, words, width)), top=top)
        self.detail.retitle(f"{words('alerts.detail')} {shown.alert.id}")
        self.second.retitle(words("alerts.events", n=len(shown.events)))

    def _show_second(self, shown: wire.AlertDetail, *, top: bool) -> None:
        """Made when it was asked for, not each second: it may be long."""
        words, now = self.words, self.session.now()
        self.second.show(lambda width: list(details.raw_lines(shown.events, now, words, width)), top=top)

    def target(self) -> str:
        chosen = self.table.chosen
        if self._shown is not None and self._shown.alert.id == chosen:
            return self._shown.alert.incident
        known = self._alerts.get(chosen)
        return known.incident if known is not None else ""

    def deeds(self) -> dict[str, Callable[[], None]]:
        return {**super().deeds(), "silence": self._silence}

    def valid(self) -> list[Command]:
        fits = bool(self.table.chosen) and self.session.may_act()
        return [command for command in super().valid() if command.name != "silence" or fits]

    def _silence(self) -> None:
        if not self.session.may_act():
            role, act = self.words.known("role", self.session.me.role), self.words("commands.silence")
            self.say(self.words("notice.reader", role=role, act=act), "critical")
        elif self.table.chosen:
            self.post_message(Go("silence", self.table.chosen))

    def shown_ids(self) -> tuple[str, ...]:
        return (self._shown.alert.id, self._shown.alert.incident) if self._shown is not None else ()

    def copied(self) -> tuple[str, str]:
        shown = self._shown
        if shown is None:
            return "", ""
        whole = {"id": shown.alert.id, "title": shown.alert.title, "events": [dict(e.fields) for e in shown.events]}
        return f"{shown.alert.id} {shown.alert.title}", json.dumps(whole, ensure_ascii=False)
