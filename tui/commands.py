"""Every command of the console: its keys, where it is valid, and how it is found by name.

Pure. One table feeds the bindings, the footer, the help, the menu (F10) and the palette (Ctrl+P). A command whose key
is a letter is reachable without letters too: by a Ctrl or function key, or through the menu, because a Chinese input
method swallows letters. What is done to an incident has a function key of its own, which the footer shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.messages import LANGUAGES, Words, load

TWINS = {
    "/": ("fullwidth_solidus", "ideographic_comma"),
    ":": ("fullwidth_colon",),
    "?": ("fullwidth_question_mark",),
    "[": ("left_black_lenticular_bracket", "fullwidth_left_square_bracket"),
    "]": ("right_black_lenticular_bracket", "fullwidth_right_square_bracket"),
}
"""What the same key gives when the input method is in full-width or Chinese punctuation."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    keys: tuple[str, ...]
    """The first is the one shown."""
    screens: tuple[str, ...] = ()
    """Where it is valid; empty: everywhere."""
    acts: bool = False
    """Changes an incident: refused to a reader."""
    footer: bool = True
    menu: bool = True


COMMANDS: tuple[Command, ...] = (
    Command("open", ("enter",), ("overview", "alerts", "incidents", "logs"), menu=False),
    Command("back", ("escape", "q"), menu=False),
    Command("claim", ("f4", "a", "ctrl+a"), ("overview", "alerts", "incidents"), acts=True),
    Command("triage", ("f5", "t", "ctrl+t"), ("overview", "alerts", "incidents"), acts=True),
    Command("grade", ("f6", "g", "ctrl+g"), ("overview", "alerts", "incidents"), acts=True),
    Command("report", ("f9", "R", "ctrl+r"), ("overview", "alerts", "incidents")),
    Command("close", ("f8", "C", "ctrl+x"), ("overview", "alerts", "incidents"), acts=True),
    Command("silence", ("x", "ctrl+e"), ("alerts",)),
    Command("filter", ("/", "ctrl+f"), ("alerts", "incidents", "logs")),
    Command("previous", ("[", "ctrl+up"), ("alerts", "incidents", "logs"), footer=False),
    Command("next", ("]", "ctrl+down"), ("alerts", "incidents", "logs"), footer=False),
    Command("follow", ("F", "ctrl+l"), ("logs",)),
    Command("freeze", ("Z", "ctrl+z"), ("logs",)),
    Command("own", ("o", "ctrl+o"), ("logs",)),
    Command("range", ("w", "ctrl+w"), ("logs",)),
    Command("copy", ("y", "ctrl+y"), ("overview", "alerts", "incidents", "logs"), footer=False),
    Command("copy_json", ("Y", "ctrl+j"), ("alerts", "incidents", "logs"), footer=False),
    Command("overview", ("1",), footer=False),
    Command("alerts", ("2", "f2"), footer=False),
    Command("incidents", ("3", "f3"), footer=False),
    Command("logs", ("7", "f7"), footer=False),
    Command("palette", ("ctrl+p", ":"), menu=False),
    Command("menu", ("f10",), menu=False, footer=False),
    Command("mute", ("M", "ctrl+n")),
    Command("silences", (), footer=False),
    Command("maintenance", (), footer=False),
    Command("hunt", (), footer=False),
    Command("hunts", (), footer=False),
    Command("language", (), footer=False),
    Command("theme", (), footer=False),
    Command("skin", (), footer=False),
    Command("help", ("?", "f1"), menu=False),
    Command("quit", ("ctrl+q",), footer=False),
)
BY_NAME = {command.name: command for command in COMMANDS}
SCREENS = ("overview", "alerts", "incidents", "logs")
READERS = ("auditor",)
"""Roles that may look at everything and change nothing."""


def twins(key: str) -> tuple[str, ...]:
    """The key and what it becomes under a full-width input method, as key names of Textual."""
    if key in TWINS:
        return (key, *TWINS[key])
    if len(key) == 1 and key.isascii() and key.isalnum():
        return (key, chr(ord(key) + 0xFEE0))
    return (key,)


def all_keys(command: Command) -> tuple[str, ...]:
    return tuple(twin for key in command.keys for twin in twins(key))


def on_screen(screen: str) -> tuple[Command, ...]:
    """The commands that this screen answers to."""
    return tuple(command for command in COMMANDS if not command.screens or screen in command.screens)


def key_label(key: str) -> str:
    """How a key is written: ``^P``, ``F2``, ``Esc``."""
    if key.startswith("ctrl+"):
        rest = key.removeprefix("ctrl+")
        return f"^{rest.upper()}" if len(rest) == 1 else f"^{rest.capitalize()}"
    return {"escape": "Esc", "enter": "Enter", "space": "Space"}.get(key, key.upper() if len(key) > 1 else key)


def keys_label(command: Command) -> str:
    return " ".join(key_label(key) for key in command.keys)


def title(command: Command, words: Words) -> str:
    return words(f"commands.{command.name}")


def _names(command: Command) -> tuple[str, ...]:
    in_both = tuple(load(language)(f"commands.{command.name}") for language in LANGUAGES)
    return (*in_both, load("zh")(f"pinyin.{command.name}"))


def find(commands: tuple[Command, ...], typed: str) -> tuple[Command, ...]:
    """The commands that the text means, best first: Chinese name, pinyin initials or English, whatever is shown."""
    wanted = "".join(typed.lower().split())
    if not wanted:
        return commands
    scored = [(min(_distance(name, wanted) for name in _names(command)), command) for command in commands]
    return tuple(command for score, command in sorted(scored, key=lambda pair: pair[0]) if score < _FAR)


_FAR = 1_000


def _distance(name: str, wanted: str) -> int:
    """0 the same, then a beginning, a part, letters in their order; ``_FAR`` not at all."""
    name = "".join(name.lower().split())
    if name == wanted:
        return 0
    if name.startswith(wanted):
        return 1
    if wanted in name:
        return 2
    letters = iter(name)
    return 3 + len(name) if all(letter in letters for letter in wanted) else _FAR
