"""态势: what needs me now, the queue, and how the system does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from tui import board, commands, tables
from tui.present import Line
from tui.screens.base import ConsoleScreen, bindings
from tui.session import Go, Snapshot
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable


class Overview(ConsoleScreen):
    NAME: ClassVar[str] = "overview"
    BINDINGS = bindings("overview")

    def body(self) -> ComposeResult:
        with Vertical(id="lists"):
            yield VirtualTable(id="needs", titles=False)
            with Vertical(id="queues"):
                yield VirtualTable(id="queue")
                yield VirtualTable(id="grave")
        yield Lines(id="system")

    def relabel(self) -> None:
        words = self.words
        self._table("needs").relabel(board.need_columns(words), words("overview.needs_empty"))
        self._table("queue").relabel(tables.incident_columns(words), words("overview.queue_empty"))
        self._table("grave").relabel(tables.alert_columns(words), words("overview.alerts_empty"))
        self._table("needs").retitle(words("overview.needs"))
        self._table("queue").retitle(words("overview.queue", n=""))
        self._table("grave").retitle(words("overview.alerts", n=""))
        self.query_one("#system", Lines).retitle(words("overview.system"))

    def _table(self, name: str) -> VirtualTable:
        return self.query_one(f"#{name}", VirtualTable)

    def redraw(self) -> None:
        shot = self.session.snapshot
        if shot is None:
            return
        now, words = self.session.now(), self.words
        wanting = board.needs(shot, now, words)
        self._table("needs").replace([board.need_row(need, words) for need in wanting])
        self._table("queue").replace([tables.incident_row(item, now, words) for item in shot.incidents])
        owners = {incident.id: incident.owner for incident in shot.incidents}
        self._table("grave").replace(
            [tables.alert_row(alert, owners.get(alert.incident, ""), now, words) for alert in shot.alerts]
        )
        counts = shot.status.open_alerts
        self._table("queue").retitle(words("overview.queue", n=len(shot.incidents)))
        self._table("grave").retitle(words("overview.alerts", n=counts.get("critical", 0) + counts.get("high", 0)))
        self.query_one("#system", Lines).show(lambda width: list(self._system(shot, width)))

    def _system(self, shot: Snapshot, width: int) -> Iterable[Line]:
        now, words, ascii_only = self.session.now(), self.words, self.session.ascii
        if self.has_class("-narrow"):
            return board.brief_lines(shot, now, words, ascii_only=ascii_only)
        return board.system_lines(shot, now, words, width, ascii_only=ascii_only)

    # ------------------------------------------------------------------------------------------ acting

    def _chosen(self) -> tuple[str, str]:
        """(screen, id) under the cursor of the list in focus."""
        table = self.focused
        if not isinstance(table, VirtualTable) or not table.chosen:
            return "", ""
        if table.id == "needs":
            screen, _, item = table.chosen.partition(":")
            return screen, item if screen in ("alerts", "incidents") else ""
        return ("incidents" if table.id == "queue" else "alerts"), table.chosen

    def target(self) -> str:
        screen, item = self._chosen()
        shot = self.session.snapshot
        if screen != "alerts" or shot is None:
            return item if screen == "incidents" else ""
        return next((alert.incident for alert in shot.alerts if alert.id == item), "")

    def copied(self) -> tuple[str, str]:
        return self._chosen()[1], ""

    def deeds(self) -> dict[str, Callable[[], None]]:
        return {"open": self._open}

    def _open(self) -> None:
        screen, item = self._chosen()
        if screen:
            self.post_message(Go(screen, item))
        elif row := self._row():
            self.say(row.removeprefix(":"), "high")  # a finding leads nowhere: all that it says

    @on(VirtualTable.Chosen)
    def _open_clicked(self) -> None:
        self._open()

    @on(VirtualTable.Moved)
    def _other_keys(self) -> None:
        self.show_keys()

    def on_descendant_focus(self) -> None:
        self.show_keys()

    def valid(self) -> list[commands.Command]:
        return [command for command in super().valid() if command.name != "open" or self._row()]

    def _row(self) -> str:
        """The row under the cursor of the list in focus."""
        return self.focused.chosen if isinstance(self.focused, VirtualTable) else ""
