"""A line of tones as the strip that Textual draws."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tui.present import Line, fit
from tui.themes import tone


def strip_of(widget: Widget, line: Line, width: int, *, under: Style | None = None, base: Style | None = None) -> Strip:
    """The line in exactly ``width`` cells; ``under`` is laid over every span (the cursor), ``base`` beneath."""
    ground = base if base is not None else widget.rich_style
    segments = []
    for text, name in fit(line, width):
        if not text:
            continue
        style = ground + tone(widget, name) if name else ground
        segments.append(Segment(text, style + under if under is not None else style))
    return Strip(segments, width)
