"""Text for a terminal: control characters shown escaped, columns aligned by cells (a Chinese character has two)."""

from __future__ import annotations

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from typing import TextIO

from shouwang.visible import visible

_STEERING = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
"""What JSON may hold as it is, and a terminal obeys, hides or turns round."""


def inert_json(text: str) -> str:
    """The JSON text with such characters written as ``\\uNNNN``. It means the same."""
    return text if text.isascii() and "\x7f" not in text else _STEERING.sub(lambda hit: json.dumps(hit[0])[1:-1], text)


def shown(value: object) -> str:
    """As text that is safe on a terminal."""
    return visible(str(value))


def cells(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(_width(each) for each in text)


def cut(text: str, width: int) -> str:
    """The text in at most ``width`` cells; what does not fit ends in an ellipsis."""
    if cells(text) <= width:
        return text
    taken, used = "", 0
    for each in text:
        used += _width(each)
        if used > width - 1:
            break
        taken += each
    return taken + "…"


def fitted(text: str, out: TextIO | None = None) -> str:
    """On a terminal no wider than it, so that no line of a log takes more than one of the screen; else whole."""
    return cut(text, shutil.get_terminal_size().columns) if (out or sys.stdout).isatty() else text


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], out: TextIO | None = None) -> None:
    """Columns two spaces apart. On a terminal the last one is cut to fit; into a pipe nothing is lost."""
    stream = out or sys.stdout
    texts = [[*headings], *([shown(cell) for cell in row] for row in rows)]
    widths = [max(cells(row[column]) for row in texts) for column in range(len(headings))]
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - 2 * (len(widths) - 1) if stream.isatty() else 0
    for row in texts:
        last = cut(row[-1], max(room, 20)) if room else row[-1]
        line = "".join(
            f"{cell}{' ' * (width - cells(cell) + 2)}" for cell, width in zip(row, widths[:-1], strict=False)
        )
        print((line + last).rstrip(), file=stream)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
