"""What every screen of the console has: header, footer, one sentence, commands, and a way to look again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker

from shouwang.errors import ShouwangError
from tui import bars, commands, wire
from tui.acts import unfit
from tui.commands import BY_NAME, Command
from tui.messages import Words
from tui.present import clip, safe_text, wrap
from tui.session import Changed, Disconnected, Go, Notice, Session
from tui.widgets.bars import Bar, NoticeLine
from tui.widgets.lines import Lines

MIN_WIDTH, MIN_HEIGHT = 80, 24
QUIET = ("look", "rows", "detail", "more")
"""What the console asks by itself: that the daemon is away stands in the banner already."""

COPY_MAX_BYTES = 8_192
"""Longer texts are cut by terminals on the way (OSC 52)."""


def bindings(screen: str) -> list[BindingType]:
    """The keys of the screen's commands, with their full-width twins."""
    return [
        Binding(",".join(commands.all_keys(command)), f"run_command('{command.name}')", show=False)
        for command in commands.on_screen(screen)
        if command.keys and command.name != "quit"
    ]


class ConsoleScreen(Screen[None]):
    """One of the console's screens. ``look`` is asked for about once a second while it is the one shown."""

    NAME: ClassVar[str]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (160, "-wide")]  # noqa: RUF012  # as Textual has it

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.spoken = ""
        """The language whose words stand on the screen."""
        self.ready = False
        """Mounted with all its parts; before that nobody may ask it to look."""
        self._looking = False
        self._again = False
        self._looked = False
        self._waiting: list[Callable[[], None]] = []

    @property
    def words(self) -> Words:
        return self.session.words

    # ------------------------------------------------------------------------------------------ parts

    def compose(self) -> ComposeResult:
        yield Bar(id="head")
        with Container(id="body"):
            yield from self.body()
        yield Lines(id="tiny", focusable=False)
        yield NoticeLine()
        yield Bar(id="foot")

    def body(self) -> ComposeResult:
        """The panes."""
        raise NotImplementedError

    def relabel(self) -> None:
        """Write every fixed word again: the language changed."""
        raise NotImplementedError

    async def look(self) -> None:
        """Ask for what the screen shows. Raises what the daemon refuses."""

    def redraw(self) -> None:
        """Show what is known: a second went by, or a new snapshot came."""

    def target(self) -> str:
        """The incident that an act would meet, ``""`` for none."""
        return ""

    def viewed(self) -> tuple[str, ...]:
        """The alert and the incident that a person at the screen has before him whole."""
        return ()

    def copied(self) -> tuple[str, str]:
        """(what ``y`` copies, what ``Y`` copies)"""
        return "", ""

    def deeds(self) -> dict[str, Callable[[], None]]:
        """What this screen does for its own commands."""
        return {}

    def is_deeper(self) -> bool:
        """Whether Esc would lead back to something."""
        return isinstance(self.focused, Input)

    def step_back(self) -> bool:
        """One step back inside the screen; whether there was one."""
        return False

    # ------------------------------------------------------------------------------------------ showing

    def on_mount(self) -> None:
        self.ready = True
        self.refresh_words()
        self.ask_again()

    def refresh_words(self) -> None:
        """Textual calls the ``on_mount`` of every class, the subclass's first: the parts are there by now."""
        if not self.ready:
            return
        if self.spoken != self.words.language:
            self.spoken = self.words.language
            self.relabel()
        self.tick()

    def on_screen_resume(self) -> None:
        if self.ready:
            self.refresh_words()
            self.ask_again()

    def on_resize(self, event: events.Resize) -> None:
        tiny = event.size.width < MIN_WIDTH or event.size.height < MIN_HEIGHT
        self.set_class(tiny, "-tiny")
        if self.ready:
            self.tick()

    def tick(self) -> None:
        """Header, footer and what the time moves."""
        width, height = self.app.size
        tiny = self.words("screen.tiny", width=width, height=height)
        self.query_one("#tiny", Lines).show(lambda room: [((line, "high"),) for line in wrap(tiny, room)])
        session, words = self.session, self.words
        now, shot = session.now(), session.snapshot
        top = bars.banner(session.me, session.connected, words, width)
        status = shot.status if shot is not None else None
        bell = bars.bell_mark(session.alarm, words)
        who = bars.who_line(session.me, status, session.connected, now, words, bell=bell, width=width)
        tabs, places = bars.tab_line(self.NAME, shot.incidents if shot is not None else None, now, words, width)
        hits = [bars.Hit(len(top) + 1, first, last, name) for first, last, name in places]
        self.query_one("#head", Bar).show((*top, who, tabs), hits)
        self.set_class(session.me.drill, "-drill")
        self.set_class(session.ascii, "-ascii")
        self.show_keys()
        self.redraw()

    def show_keys(self) -> None:
        line, hits = bars.footer_line(self.valid(), self.words, self.app.size.width)
        self.query_one("#foot", Bar).show((line,), hits)

    def valid(self) -> list[Command]:
        """The commands that would do something now."""
        return [command for command in commands.on_screen(self.NAME) if self._is_valid(command)]

    def _is_valid(self, command: Command) -> bool:
        if command.acts:
            return bool(self.target()) and self.session.may_act() and self._fits(command)
        if command.name == "report":
            return bool(self.target())
        if command.name == "back":
            return self.is_deeper()
        if command.name == "open":
            return not (self.has_class("-open") or isinstance(self.focused, Input))
        return True

    def _fits(self, command: Command) -> bool:
        known = self.incident()
        return known is None or not unfit(command.name, known, self.session.me.user)

    def incident(self) -> wire.IncidentRow | None:
        """What is known of the target."""
        shot, wanted = self.session.snapshot, self.target()
        return next((item for item in shot.incidents if item.id == wanted), None) if shot is not None else None

    def say(self, text: str, tone: str = "good") -> None:
        self.query_one(NoticeLine).say(text, tone)

    def on_notice(self, notice: Notice) -> None:
        notice.stop()
        self.say(notice.text, notice.tone)

    # ------------------------------------------------------------------------------------------ asking

    def attempt(self, deed: Callable[[], Coroutine[None, None, None]], *, group: str) -> None:
        """Run it beside the screen, in place of an earlier one of the group; a refusal becomes a sentence."""

        async def guarded() -> None:
            try:
                await self._guarded(deed, quiet=group in QUIET)
            except NoMatches:
                if self.display:
                    raise
                # Being closed: some parts are gone already, and nobody looks at it any more.

        _: Worker[None] = self.run_worker(guarded, group=group, exclusive=True)

    async def _guarded(self, deed: Callable[[], Coroutine[None, None, None]], *, quiet: bool) -> None:
        try:
            await deed()
        except Disconnected as lost:
            self.tick()
            if not quiet:
                self.say(readable(lost, self.words), "critical")
        except ShouwangError as error:
            self.say(self.words("notice.error", message=readable(error, self.words)), "critical")

    def ask_again(self) -> None:
        """Look again; when a look is under way, once more after it."""
        self._again = True
        if self.ready and not self._looking:
            self.attempt(self._look_while_asked, group="look")

    async def _look_while_asked(self) -> None:
        self._looking = True
        try:
            while self._again:
                self._again = False
                await self.look()
        finally:
            self._looking, self._looked = False, True
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()
        self.tick()

    def when_looked(self, then: Callable[[], None], *, anew: bool) -> None:
        """Call it when the screen has looked: once at all, or ``anew``, after this. Refused looks count too."""
        if self._looked and not anew:
            then()
        else:
            self._waiting.append(then)

    def on_changed(self, _changed: Changed) -> None:
        """An act was done: the screen looks again; the app does too, for the header."""
        self.ask_again()

    # ------------------------------------------------------------------------------------------ commands

    def action_run_command(self, name: str) -> None:
        self.run_command(name)

    def on_bar_pressed(self, pressed: Bar.Pressed) -> None:
        self.run_command(pressed.command)

    def run_command(self, name: str) -> None:
        """Do it, or say why not."""
        command = BY_NAME[name]
        if command.acts and not self.session.may_act():
            role = self.words.known("role", self.session.me.role)
            title = commands.title(command, self.words)
            self.say(self.words("notice.reader", role=role, act=title), "critical")
        elif (command.acts or name == "report") and not self.target():
            self.say(self.words("notice.no_target"), "high")
        elif command.acts and (known := self.incident()) and (why := unfit(name, known, self.session.me.user)):
            self.say(self.words(f"notice.{why}", id=safe_text(known.id)), "high")
        elif name == "back":
            self._back()
        elif name in ("copy", "copy_json"):
            self._copy(self.copied()[name == "copy_json"])
        elif (deed := self.deeds().get(name)) is not None:
            deed()
            self.show_keys()
        else:
            self.post_message(Go(name, self.target() if command.acts or name == "report" else ""))

    def _back(self) -> None:
        if isinstance(self.focused, Input) or not self.step_back():
            first = next(iter(self.query("VirtualTable")), None)
            self.set_focus(first)
        self.show_keys()

    def _copy(self, text: str) -> None:
        if not text:
            return
        if len(text.encode("utf-8", "replace")) > COPY_MAX_BYTES:
            self.say(self.words("notice.too_big"), "high")
            return
        self.app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
        self.say(self.words("notice.copied", what=clip(safe_text(text), 60)))


def readable(error: ShouwangError, words: Words) -> str:
    """The refusal and its hint as one safe sentence."""
    return safe_text(error.whole.of(words.language), 600)
