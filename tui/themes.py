"""Colours: three themes, and for each the style of every tone that a line may name.

Severity colours are Okabe and Ito's, told apart by the colour-blind; a letter and a word always stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.style import Style
from textual.theme import Theme

if TYPE_CHECKING:
    from textual.widget import Widget

_DARK = {
    "ground": "#0f141a",
    "surface": "#141b23",
    "panel": "#1b2530",
    "frame": "#33414f",
    "text": "#d3dae2",
    "dim": "#8593a3",
    "label": "#8fa8bd",
    "strong": "#f2f5f8",
    "accent": "#6fc3cf",
    "critical": "#ff7a3d",
    "high": "#e69f00",
    "failed": "#d8ab6e",
    "medium": "#f0e442",
    "low": "#56b4e9",
    "good": "#4fb99a",
    "cursor": "#22435a",
    "cursor_away": "#1f2c38",
    "alarm_text": "#ffffff",
    "alarm": "#b34700",
    "drill_text": "#10151b",
    "drill": "#cc9ac2",
}
_LIGHT = {
    "ground": "#f7f6f2",
    "surface": "#fffefb",
    "panel": "#e9e7e0",
    "frame": "#bdb9ad",
    "text": "#22282e",
    "dim": "#6b7076",
    "label": "#4a6276",
    "strong": "#000000",
    "accent": "#0b6c7d",
    "critical": "#b34700",
    "high": "#8f6000",
    "failed": "#7a5a20",
    "medium": "#6e6600",
    "low": "#0072b2",
    "good": "#00705a",
    "cursor": "#cfe3ea",
    "cursor_away": "#e4e7e6",
    "alarm_text": "#ffffff",
    "alarm": "#b34700",
    "drill_text": "#ffffff",
    "drill": "#8a4a7d",
}
_CONTRAST = {
    "ground": "#000000",
    "surface": "#000000",
    "panel": "#000000",
    "frame": "#ffffff",
    "text": "#ffffff",
    "dim": "#d0d0d0",
    "label": "#ffffff",
    "strong": "#ffffff",
    "accent": "#00ffff",
    "critical": "#ff8c4a",
    "high": "#ffc040",
    "failed": "#ffd9a0",
    "medium": "#ffff60",
    "low": "#8ad0ff",
    "good": "#60ffc0",
    "cursor": "#0044aa",
    "cursor_away": "#333333",
    "alarm_text": "#000000",
    "alarm": "#ff8c4a",
    "drill_text": "#000000",
    "drill": "#ffb0f0",
}
_COLOURS: Mapping[str, Mapping[str, str]] = {
    "duty-dark": _DARK,
    "duty-light": _LIGHT,
    "duty-contrast": _CONTRAST,
}
NAMES = tuple(_COLOURS)


def _theme(name: str, colours: Mapping[str, str]) -> Theme:
    return Theme(
        name=name,
        primary=colours["accent"],
        secondary=colours["label"],
        accent=colours["accent"],
        warning=colours["high"],
        error=colours["critical"],
        success=colours["good"],
        foreground=colours["text"],
        background=colours["ground"],
        surface=colours["surface"],
        panel=colours["panel"],
        dark=name != "duty-light",
        variables={
            "frame": colours["frame"],
            "dim": colours["dim"],
            "drill": colours["drill"],
            "scrollbar": colours["frame"],
            "scrollbar-hover": colours["dim"],
            "scrollbar-active": colours["accent"],
            "scrollbar-background": colours["ground"],
            "scrollbar-background-hover": colours["ground"],
            "scrollbar-background-active": colours["ground"],
            "scrollbar-corner-color": colours["ground"],
            "input-cursor-background": colours["accent"],
            "input-selection-background": colours["cursor"],
            "border": colours["accent"],
            "border-blurred": colours["frame"],
        },
    )


THEMES = tuple(_theme(name, colours) for name, colours in _COLOURS.items())


def _tones(colours: Mapping[str, str]) -> dict[str, Style]:
    plain = ("failed", "text", "dim", "label", "accent", "low", "good", "frame")
    bold = ("strong", "critical", "high")
    ground = {
        "bar": ("text", "panel", False),
        "bar_dim": ("dim", "panel", False),
        "bar_strong": ("strong", "panel", True),
        "bar_warn": ("high", "panel", True),
        "bar_bad": ("critical", "panel", True),
        "tab": ("dim", "ground", False),
        "tab_on": ("ground", "accent", True),
        "key": ("accent", "panel", True),
        "alarm": ("alarm_text", "alarm", True),
        "drill": ("drill_text", "drill", True),
        "chosen": ("strong", "cursor", True),
    }
    return {
        "": Style(color=colours["text"]),
        **{name: Style(color=colours[name]) for name in plain},
        **{name: Style(color=colours[name], bold=True) for name in bold},
        "medium": Style(color=colours["medium"]),
        "informational": Style(color=colours["dim"]),
        "title": Style(color=colours["accent"], bold=True),
        "quiet": Style(color=colours["dim"], italic=False),
        "cursor": Style(bgcolor=colours["cursor"]),
        "cursor_away": Style(bgcolor=colours["cursor_away"]),
        **{
            name: Style(color=colours[front], bgcolor=colours[back], bold=bold_face)
            for name, (front, back, bold_face) in ground.items()
        },
    }


TONES: Mapping[str, Mapping[str, Style]] = {name: _tones(colours) for name, colours in _COLOURS.items()}


def tone(widget: Widget, name: str) -> Style:
    """The style of a tone in the theme of the widget's app; an unknown tone is plain text."""
    tones = TONES.get(widget.app.theme, TONES["duty-dark"])
    return tones.get(name, tones[""])
