"""The console's application: screens, the one loop that looks again, and what is done by command."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen

from shouwang.errors import ShouwangError
from tui import commands, health, probe, themes, wire
from tui.alarm import callers
from tui.bell import PRESENT_S, Bell
from tui.commands import BY_NAME
from tui.link import Call, Reconnecting
from tui.messages import LANGUAGES
from tui.present import safe_text
from tui.screens.alerts import Alerts
from tui.screens.base import ConsoleScreen, readable
from tui.screens.dialogs import Help, Palette, Quit
from tui.screens.forms import CloseForm, Form, TriageForm
from tui.screens.grade import GradeForm
from tui.screens.incidents import Incidents
from tui.screens.listing import Listing
from tui.screens.logs import Logs
from tui.screens.mute import Mute
from tui.screens.overview import Overview
from tui.screens.report import ReportForm
from tui.screens.silence import SilenceForm
from tui.screens.silences import Silences
from tui.session import Changed, Disconnected, Go, Notice, Session, Snapshot
from tui.typeahead import KeyedApp

LOOK_S = 1.0
SNAPSHOT_EVERY = 2
HOURLY_EVERY = 60
"""The screen shown looks again each second, the whole each second second, the day's curve once a minute."""


class ShouwangApp(KeyedApp):
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
        self.stops = False
        self._may_stop = may_stop
        self.session = Session(call, lang=lang, monotonic=monotonic)
        self.session.ascii = ascii_only
        self._bell = Bell(self.session, self.bell)
        self.animation_level = "none"
        self._look_s = look_s
        self._folder = folder
        self._hourly: tuple[tuple[int, int], ...] = ()
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.NAMES[0]
        for name, make in self.SCREEN_TYPES.items():
            self.add_mode(name, partial(make, self.session))

    async def on_mount(self) -> None:
        await self._show("overview")
        self.set_interval(1.0, self._tick)
        self.run_worker(self._watch(), group="watch")

    def on_unmount(self) -> None:
        self.session.link.close()

    @property
    def console_screen(self) -> ConsoleScreen:
        """The screen under whatever form stands open."""
        screen: Screen[object] = self.screen_stack[0]
        assert isinstance(screen, ConsoleScreen)
        return screen

    def _tick(self) -> None:
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
                self._tick()
            except ShouwangError as error:
                self._say_error(error)
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

    def _say_error(self, error: ShouwangError) -> None:
        self.console_screen.say(
            self.session.words("notice.error", message=readable(error, self.session.words)), "critical"
        )

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

    def _listen(self) -> None:
        screen = self.console_screen
        seen = screen.viewed() if self.screen is screen and self.untouched_s < PRESENT_S else ()
        self._bell.listen(seen, screen.say)

    # ------------------------------------------------------------------------------------------ doing

    async def on_go(self, go: Go) -> None:
        await self._do(go.screen, go.item)

    def on_changed(self, _changed: Changed) -> None:
        self.run_worker(self._refreshed(), group="refresh", exclusive=True)

    async def _refreshed(self) -> None:
        try:
            await self._snapshot(hourly=False)
        except ShouwangError:
            return  # the watch meets the same and says it
        self._tick()

    async def _do(self, name: str, item: str) -> None:
        if name in commands.SCREENS:
            await self._show(name, item)
        elif name in ("claim", "triage", "grade", "report", "close", "silence"):
            self.run_worker(self._guarded(self._act(name, item, self.keys.hold())), group="act", exclusive=True)
        elif name in ("palette", "menu"):
            self.open_dialog(Palette(self.session, self.console_screen.valid(), menu=name == "menu"), self._picked)
        elif name == "help":
            self.open_dialog(Help(self.session))
        elif name == "quit":
            await self.action_quit()
        elif name == "mute":
            self.open_dialog(Mute(self.session), self._muted)
        elif name == "silences":
            self.open_dialog(Silences(self.session), self._ended)
        elif name == "language":
            self._speak()
        elif name == "skin":
            self.session.ascii = not self.session.ascii
            state = self.session.words("notice.on" if self.session.ascii else "notice.off")
            self._everywhere(self.session.words("notice.skin", state=state))
        elif name == "theme":
            place = (themes.NAMES.index(self.theme) + 1) % len(themes.NAMES)
            self.theme = themes.NAMES[place]
            self._everywhere(self.session.words("notice.theme", name=self.theme))

    async def _show(self, name: str, item: str = "") -> None:
        reason = self.keys.hold()
        await self.switch_mode(name)
        screen = self.console_screen
        screen.when_looked(lambda: self.keys.release(reason), anew=False)
        if item and isinstance(screen, Listing):
            screen.call_after_refresh(screen.show, item)

    def _picked(self, name: str | None) -> None:
        if name and name in BY_NAME:
            self.console_screen.run_command(name)

    def _muted(self, minutes: int | None) -> None:
        if minutes is not None and minutes >= 0:
            self._bell.mute(minutes, self.console_screen.say)
            self._tick()

    def _ended(self, said: str | None) -> None:
        if said:
            self.console_screen.say(said)
            self.on_changed(Changed())

    def _speak(self) -> None:
        now = LANGUAGES.index(self.session.words.language)
        self.session.speak(LANGUAGES[(now + 1) % len(LANGUAGES)])
        self._everywhere(self.session.words("notice.language"))
        self.on_changed(Changed())  # what the daemon says, in the other language

    def _everywhere(self, sentence: str) -> None:
        screen = self.console_screen
        screen.refresh_words()
        screen.ask_again()
        screen.refresh(recompose=False)
        screen.say(sentence)

    # ------------------------------------------------------------------------------------------ acts

    async def _guarded(self, deed: Coroutine[None, None, None]) -> None:
        try:
            await deed
        except ShouwangError as error:
            self._say_error(error)

    async def _act(self, name: str, item: str, reason: int) -> None:
        """``reason`` holds the keys until the form can take them, or what was claimed stands on the screen."""
        screen = self.console_screen
        try:
            if name == "claim":
                await self.session.ask("incidents.claim", id=item)
                screen.post_message(Notice(self.session.words("claiming.done", id=safe_text(item))))
                screen.when_looked(lambda: self.keys.release(reason), anew=True)
            else:
                form = await self._form(name, item)
                answer = self.push_screen(form, wait_for_dismiss=True)
                form.call_later(self.keys.release, reason)
                if done := await answer:
                    screen.post_message(Notice(done))
        except ShouwangError:
            self.keys.release(reason)
            raise
        screen.post_message(Changed())

    async def _form(self, name: str, item: str) -> Form:
        if name == "silence":
            return SilenceForm(self.session, wire.alert_detail(await self.session.ask("alerts.show", id=item)).alert)
        incident = wire.incident_detail(await self.session.ask("incidents.show", id=item)).incident
        if name == "triage":
            return TriageForm(self.session, incident)
        if name == "grade":
            return GradeForm(self.session, incident)
        if name == "close":
            return CloseForm(self.session, incident)
        return ReportForm(self.session, incident, self._folder or Path.cwd())

    def action_help_quit(self) -> None:
        """Ctrl+C with nothing selected to copy."""
        self._ask_to_leave()

    async def action_quit(self) -> None:
        self._ask_to_leave()

    def _ask_to_leave(self) -> None:
        """Staying is the default."""
        if not isinstance(self.screen, Quit):
            self.open_dialog(Quit(self.session, may_stop=self._may_stop), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in ("leave", "stop"):
            self.stops = answer == "stop"
            self.keys.hold()
            self.exit(0)

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self._tick()


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
