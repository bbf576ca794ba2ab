"""What the console's commands do: screens shown, dialogs opened, incidents acted on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path

from shouwang.errors import ShouwangError
from tui import commands, themes, wire
from tui.bell import Bell
from tui.commands import BY_NAME
from tui.messages import LANGUAGES
from tui.present import safe_text
from tui.screens.base import ConsoleScreen, readable
from tui.screens.dialogs import Help, Palette, Quit
from tui.screens.forms import CloseForm, Form, TriageForm
from tui.screens.grade import GradeForm
from tui.screens.holds import ANOTHER, Holds
from tui.screens.hunt import HuntForm
from tui.screens.hunts import Hunts
from tui.screens.huntview import HuntView
from tui.screens.listing import Listing
from tui.screens.maintenance import MaintenanceForm
from tui.screens.mute import Mute
from tui.screens.report import ReportForm
from tui.screens.silence import SilenceForm
from tui.session import Changed, Go, Notice, Session
from tui.typeahead import KeyedApp


class ActingApp(KeyedApp):
    """Knows nothing of when to look; ``tick``, ``look_again`` and ``console_screen`` are the console's."""

    session: Session
    ringing: Bell
    folder: Path | None
    """Where reports are saved unless another is typed; the working directory by default."""
    may_stop: bool
    stops: bool

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__(monotonic)
        self.stops = False

    @property
    def console_screen(self) -> ConsoleScreen:
        """The screen under whatever form stands open."""
        raise NotImplementedError

    def tick(self) -> None:
        raise NotImplementedError

    def look_again(self) -> None:
        """Something was done: the whole is asked for now."""
        raise NotImplementedError

    def say_error(self, error: ShouwangError) -> None:
        self.console_screen.say(
            self.session.words("notice.error", message=readable(error, self.session.words)), "critical"
        )

    async def on_go(self, go: Go) -> None:
        await self._do(go.screen, go.item)

    async def _do(self, name: str, item: str) -> None:
        if name in commands.SCREENS:
            await self.show(name, item)
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
        elif name in ("silences", "maintenance"):
            self.open_dialog(Holds(self.session, "silences" if name == "silences" else "maintenance"), self._ended)
        elif name == "hunt":
            self.open_dialog(HuntForm(self.session), self._hunting)
        elif name == "hunts":
            self.open_dialog(Hunts(self.session), self._hunting)
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

    async def show(self, name: str, item: str = "") -> None:
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
            self.ringing.mute(minutes, self.console_screen.say)
            self.tick()

    def _ended(self, said: str | None) -> None:
        if said == ANOTHER:
            self.open_dialog(MaintenanceForm(self.session), self._ended)
        elif said:
            self.console_screen.say(said)
            self.look_again()

    def _hunting(self, hunt: str | None) -> None:
        if hunt == ANOTHER:
            self.open_dialog(HuntForm(self.session), self._hunting)
        elif hunt:
            self.open_dialog(HuntView(self.session, hunt))

    def _speak(self) -> None:
        now = LANGUAGES.index(self.session.words.language)
        self.session.speak(LANGUAGES[(now + 1) % len(LANGUAGES)])
        self._everywhere(self.session.words("notice.language"))
        self.look_again()  # what the daemon says, in the other language

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
            self.say_error(error)

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
        return ReportForm(self.session, incident, self.folder or Path.cwd())

    def action_help_quit(self) -> None:
        """Ctrl+C with nothing selected to copy."""
        self._ask_to_leave()

    async def action_quit(self) -> None:
        self._ask_to_leave()

    def _ask_to_leave(self) -> None:
        """Staying is the default."""
        if not isinstance(self.screen, Quit):
            self.open_dialog(Quit(self.session, may_stop=self.may_stop), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer in ("leave", "stop"):
            self.stops = answer == "stop"
            self.keys.hold()
            self.exit(0)
