"""Help, the palette with its menu, and the question before leaving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from tui import commands, tables
from tui.commands import Command
from tui.messages import Words
from tui.present import Line, pad, wrap
from tui.session import Session
from tui.widgets.lines import Lines
from tui.widgets.table import VirtualTable

CLOSE = Binding("escape,q,ｑ", "close", show=False)


class Help(ModalScreen[None]):
    """Every key of every screen; scrolls, so that a small window hides nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [CLOSE, Binding("f1,question_mark", "close", show=False)]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def compose(self) -> ComposeResult:
        yield Lines(id="help")

    def on_mount(self) -> None:
        self.set_class(self.session.ascii, "-ascii")
        pane = self.query_one("#help", Lines)
        pane.border_title = Text(self.session.words("help.title"))
        pane.border_subtitle = Text("Esc")
        pane.show(lambda width: help_lines(self.session.words, width))

    def action_close(self) -> None:
        self.dismiss()


def help_lines(words: Words, width: int) -> list[Line]:
    lines: list[Line] = [((words("help.moving"), "title"),)]
    lines += [((line, "text"),) for line in wrap(words("help.moving_keys"), width)]
    for screen in ("", *commands.SCREENS):
        lines += [(), ((words(f"screens.{screen}") if screen else words("help.everywhere"), "title"),)]
        listed = [
            command for command in commands.COMMANDS if (screen in command.screens if screen else not command.screens)
        ]
        for command in listed:
            keys, name = commands.keys_label(command) or "^P", commands.title(command, words)
            head = pad(keys, 12) + pad(name, 22)
            texts = wrap(words(f"explain.{command.name}"), width - 34)
            lines.append(((head[:0] + pad(keys, 12), "accent"), (pad(name, 22), "strong"), (texts[0], "text")))
            lines += [((" " * 34, ""), (text, "text")) for text in texts[1:]]
    lines += [(), ((words("help.levels"), "title"),)]
    lines += [((words("help.levels_alert"), "text"),), ((words("help.levels_grade"), "text"),)]
    for topic in ("ime", "mouse"):
        lines += [(), ((words(f"help.{topic}"), "title"),)]
        lines += [((line, "text"),) for line in wrap(words(f"help.{topic}_text"), width)]
    return lines


class Palette(ModalScreen[str]):
    """Finds a command by Chinese name, pinyin initials or English; as a menu (F10) runs one by its number."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("enter", "run", show=False, priority=True),
    ]

    def __init__(self, session: Session, valid: Sequence[Command], *, menu: bool) -> None:
        super().__init__()
        self.session = session
        self._valid = tuple(command for command in valid if command.menu)
        self._menu = menu

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            if not self._menu:
                yield Input(placeholder=self.session.words("palette.hint"), id="typed", compact=True)
            yield VirtualTable(id="hits", titles=False)

    def on_mount(self) -> None:
        words = self.session.words
        self.set_class(self.session.ascii, "-ascii")
        frame = self.query_one("#palette")
        frame.border_title = Text(words("palette.menu" if self._menu else "palette.title"))
        frame.border_subtitle = Text(words("form.esc"))
        self._table.relabel(tables.command_columns(words, numbered=self._menu), words("palette.none"))
        if self._menu:
            self._table.focus()
        else:
            self.query_one("#typed", Input).cursor_blink = False
        self._show("")

    @property
    def _table(self) -> VirtualTable:
        return self.query_one("#hits", VirtualTable)

    @on(Input.Changed)
    def _typed(self, changed: Input.Changed) -> None:
        self._show(changed.value)

    def _show(self, typed: str) -> None:
        found = commands.find(self._valid, typed)
        self._table.clear()
        words = self.session.words
        self._table.replace(
            [tables.command_row(command, words, number=self._number(place)) for place, command in enumerate(found, 1)]
        )

    def _number(self, place: int) -> str | None:
        """What stands before the command: nothing at all in the palette, a blank beyond the ninth of the menu."""
        return None if not self._menu else str(place) if place <= 9 else ""

    def on_key(self, event: events.Key) -> None:
        """In the menu a digit runs the command beside it, at once, in full width too."""
        character = event.character or ""
        if self._menu and character.isdecimal() and 0 < int(character) <= len(self._valid):
            event.stop()
            self.dismiss(self._valid[int(character) - 1].name)

    def action_move(self, by: int) -> None:
        self._table.action_move(by)

    def action_run(self) -> None:
        self.dismiss(self._table.chosen)

    @on(VirtualTable.Chosen)
    def _clicked(self) -> None:
        self.action_run()

    def action_close(self) -> None:
        self.dismiss("")


Leaving = Literal["stay", "leave", "stop"]


class Quit(ModalScreen[Leaving]):
    """Staying is what Enter does. ``may_stop``: the daemon is this console's own, and may be ended with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        CLOSE,
        Binding("left,up,shift+tab", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, session: Session, *, may_stop: bool) -> None:
        super().__init__()
        self.session = session
        self._may_stop = may_stop

    def compose(self) -> ComposeResult:
        words = self.session.words
        with Vertical(id="quit"):
            yield Lines(id="question", focusable=False)
            with Horizontal(id="buttons"):
                yield Button(words("quitting.stay"), id="stay", compact=True)
                yield Button(words("quitting.keep" if self._may_stop else "quitting.leave"), id="leave", compact=True)
                if self._may_stop:
                    yield Button(words("quitting.stop"), id="stop", compact=True)

    def on_mount(self) -> None:
        words = self.session.words
        self.set_class(self.session.ascii, "-ascii")
        self.query_one("#quit").border_title = Text(words("quitting.title"))
        question = words("quitting.question_stop" if self._may_stop else "quitting.question")
        self.query_one("#question", Lines).show(lambda width: [((line, "text"),) for line in wrap(question, width)])
        self.query_one("#stay").focus()

    @on(Button.Pressed, "#stay")
    def action_close(self) -> None:
        self.dismiss("stay")

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.dismiss("leave")

    @on(Button.Pressed, "#stop")
    def _stop(self) -> None:
        self.dismiss("stop")
