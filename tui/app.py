"""The console's application: its screens, and the one loop that looks again."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen

from shouwang.errors import ShouwangError
from tui import health, probe, themes, wire
from tui.acting import ActingApp
from tui.alarm import callers
from tui.bell import PRESENT_S, Bell
from tui.link import Call, Reconnecting
from tui.screens.alerts import Alerts
from tui.screens.base import ConsoleScreen
from tui.screens.incidents import Incidents
from tui.screens.logs import Logs
from tui.screens.overview import Overview
from tui.session import Changed, Disconnected, Session, Snapshot

LOOK_S = 1.0
SNAPSHOT_EVERY = 2
HOURLY_EVERY = 60
"""The screen shown looks again each second, the whole each second second, the day's curve once a minute."""


class ShouwangApp(ActingApp):
    """The console over ``call`` (``tui.link.Reconnecting``). Reads and acts through it alone."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "守望 Shouwang"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", show=False, priority=True)]
    SCREEN_TYPES: ClassVar[dict[str, Callable[[Session], ConsoleScreen]]] = {
        "overview": Overview,
        "alerts": Alerts,
        "incidents": Incidents,
        "logs": Logs,
    }

    def __init__(
        self,
        call: Call,
        *,
        lang: str | None = None,
        ascii_only: bool = False,
        look_s: float = LOOK_S,
        folder: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        may_stop: bool = False,
    ) -> None:
        """``folder``: where reports are saved unless another is typed; the working directory by default.

        ``may_stop``: leaving also offers to end the daemon; ``stops`` then says whether that was chosen.
        """
        super().__init__(monotonic)
        self.may_stop = may_stop
        self.session = Session(call, lang=lang, monotonic=monotonic)
        self.session.ascii = ascii_only
        self.ringing = Bell(self.session, self.bell)
        self.animation_level = "none"
        self._look_s = look_s
        self.folder = folder
        self._hourly: tuple[tuple[int, int], ...] = ()
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.NAMES[0]
        for name, make in self.SCREEN_TYPES.items():
            self.add_mode(name, partial(make, self.session))

    async def on_mount(self) -> None:
        await self.show("overview")
        self.set_interval(1.0, self.tick)
        self.run_worker(self._watch(), group="watch")

    def on_unmount(self) -> None:
        self.session.link.close()

    @property
    def console_screen(self) -> ConsoleScreen:
        """The screen under whatever form stands open."""
        screen: Screen[object] = self.screen_stack[0]
        assert isinstance(screen, ConsoleScreen)
        return screen

    def tick(self) -> None:
        self.keys.expire()
        if self.is_running and self.console_screen.ready:
            self._listen()
            self.console_screen.tick()

    # ------------------------------------------------------------------------------------------ looking

    async def _watch(self) -> None:
        turn = 0
        while True:
            try:
                await self._look(turn)
                turn += 1
            except Disconnected:
                turn = 0
                self.tick()
            except ShouwangError as error:
                self.say_error(error)
            await asyncio.sleep(self._look_s * (2 if self.session.connected is False else 1))

    async def _look(self, turn: int) -> None:
        if turn == 0:
            await self.session.greet()
        if turn % SNAPSHOT_EVERY == 0:
            await self._snapshot(hourly=turn % HOURLY_EVERY == 0 or not self._hourly)
        if self.is_running:
            screen = self.console_screen
            if turn == 0:
                screen.refresh_words()
            screen.ask_again()

    async def _snapshot(self, *, hourly: bool) -> None:
        ask = self.session.ask
        status = health.status(await ask("status"))
        if status.now is not None:
            self.session.set_now(status.now)
        incidents: list[wire.IncidentRow] = []
        for state in ("open", "claimed", "triaged"):
            incidents += wire.incidents(await ask("incidents.list", state=state, limit=100, offset=0))[1]
        incidents.sort(key=lambda item: item.clock.latest.timestamp() if item.clock.latest else 0.0)
        grave = wire.alerts(await ask("alerts.list", state="open", severity="high", limit=200, offset=0))[1]
        if hourly:
            counted = await ask("events.count", since="24h", bucket_s=3600, top=24)
            self._hourly = health.hourly(counted)
        self.session.snapshot = Snapshot(status, tuple(incidents), grave, self._hourly)
        self.session.alarm.take(callers(grave, incidents))
        if self.is_running and self.console_screen.ready:
            self._listen()

    def on_changed(self, _changed: Changed) -> None:
        self.look_again()

    def look_again(self) -> None:
        self.run_worker(self._refreshed(), group="refresh", exclusive=True)

    async def _refreshed(self) -> None:
        try:
            await self._snapshot(hourly=False)
        except ShouwangError:
            return  # the watch meets the same and says it
        self.tick()

    def _listen(self) -> None:
        screen = self.console_screen
        seen = screen.viewed() if self.screen is screen and self.untouched_s < PRESENT_S else ()
        self.ringing.listen(seen, screen.say)

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self.tick()


def run(home: Path, lang: str | None = None, *, may_stop: bool = False) -> bool:
    """The console on this terminal, over the daemon of ``home``. Returns whether the daemon shall end too, which
    can be chosen only with ``may_stop``."""
    from shouwang.client import Client  # noqa: PLC0415  # what a test with its own call does not need

    probe.shorten_escape()
    call = Reconnecting(lambda: Client.connect(home))
    ascii_only = "SHOUWANG_ASCII" in os.environ or probe.ambiguous_is_wide(sys.stdin, sys.stdout)
    try:
        app = ShouwangApp(call, lang=lang, ascii_only=ascii_only, may_stop=may_stop)
        app.run()
        return app.stops
    finally:
        call.close()
