"""Text made fit for a terminal: hostile characters escaped, cells counted, lines cut and padded to the cell.

Pure. A line is a tuple of spans, a span is (text, tone); a tone is a name that ``tui.themes`` gives a colour.
Nothing here or above it counts with ``len`` or pads with ``ljust``: a Chinese character takes two cells.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from rich.cells import cell_len, get_character_cell_size

from shouwang.visible import escaped, visible

Span: TypeAlias = tuple[str, str]
Line: TypeAlias = tuple[Span, ...]

CELL_LIMIT = 2_048
"""Characters of a value that a table cell or a one-line field looks at."""

DETAIL_LIMIT = 65_536
"""Characters of a value that a detail pane shows."""

CUT = ".."
"""What stands where text was cut; no ellipsis character: its width is ambiguous."""

_MARKS_KEPT = 2


@lru_cache(maxsize=8_192)
def _shown(character: str) -> str:
    """The character itself, or its escape when a terminal could obey it, hide it or disagree on its width."""
    code = ord(character)
    jamo = 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    if jamo or selector:
        return escaped(character)
    return " " if unicodedata.category(character) == "Zs" else visible(character)


def safe_text(text: str, limit: int = CELL_LIMIT) -> str:
    """The text with C0, C1, NUL, bidi, zero-width, private and unpaired characters shown as escapes, on one line.

    At most two combining marks stay on a character. Of a longer text the first ``limit`` characters and the number
    left out. The result is data, never markup.
    """
    head = text[:limit]
    if not (head.isascii() and head.isprintable()):
        head = _escaped(head)
    left = len(text) - limit
    return f"{head} (+{left})" if left > 0 else head


def _escaped(text: str) -> str:
    parts: list[str] = []
    marks = _MARKS_KEPT
    for character in text:
        shown = _shown(character)
        if shown == character and unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
            parts.append(character if marks <= _MARKS_KEPT else escaped(character))
            continue
        marks = 0
        parts.append(shown)
    return "".join(parts)


def cells(text: str) -> int:
    """How many cells the text takes."""
    return cell_len(text)


def clip(text: str, width: int, *, cut: str = CUT) -> str:
    """The text in at most ``width`` cells; what was cut is marked when there is room for the mark."""
    if cell_len(text) <= width:
        return text
    mark = cut if cell_len(cut) < width else ""
    room = width - cell_len(mark)
    taken = 0
    for place, character in enumerate(text):
        taken += get_character_cell_size(character)
        if taken > room:
            return text[:place] + mark
    return text


def clip_middle(text: str, width: int) -> str:
    """As ``clip``, with the end kept too: ports and file names stand there."""
    if cell_len(text) <= width or width < 8:
        return clip(text, width)
    tail = text[-((width - len(CUT)) // 2) :]
    while cell_len(tail) > (width - len(CUT)) // 2:
        tail = tail[1:]
    return clip(text, width - cell_len(tail)) + tail


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly ``width`` cells."""
    text = clip(text, width)
    fill = " " * (width - cell_len(text))
    return fill + text if right else text + fill


def line_width(line: Line) -> int:
    return sum(cell_len(text) for text, _ in line)


def fit(line: Line, width: int, *, right: bool = False) -> Line:
    """The line in exactly ``width`` cells."""
    used = line_width(line)
    if used <= width:
        fill = (" " * (width - used), "")
        return (fill, *line) if right else (*line, fill)
    kept: list[Span] = []
    room = width
    for text, tone in line:
        taken = cell_len(text)
        if taken >= room:
            kept.append((pad(text, room), tone))
            break
        kept.append((text, tone))
        room -= taken
    return tuple(kept)


def sides(left: Line, right: Line, width: int) -> Line:
    """``left`` at the left edge and ``right`` at the right one; the right one is kept whole as long as it can be."""
    room = max(0, width - line_width(right))
    return fit((*fit(left, room), *right), width)


def wrap(text: str, width: int) -> list[str]:
    """The (safe) text in lines of at most ``width`` cells, words kept whole unless they are long."""
    width = max(2, width)
    lines: list[str] = []
    start = 0
    while (end := _reach(text, start, width)) < len(text):
        end = _word_start(text, start, end)
        lines.append(text[start:end].rstrip(" "))
        start = end + (text[end] == " ")
    return [*lines, text[start:]]


def _word_start(text: str, start: int, end: int) -> int:
    """Where to break before ``end`` so that no word is cut; between wide characters one may break anywhere."""
    place = end
    while place > start + (end - start) // 3:
        before, after = text[place - 1], text[place]
        if before == " " or after == " " or get_character_cell_size(before) == 2 or get_character_cell_size(after) == 2:
            return place
        place -= 1
    return end


def _reach(text: str, start: int, width: int) -> int:
    """The end of what fits from ``start`` on."""
    used = 0
    for place in range(start, len(text)):
        used += get_character_cell_size(text[place])
        if used > width:
            return place
    return len(text)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    width: int
    """Cells; for the flexible column the least it should have."""
    flex: bool = False
    """Takes what is left; one column of a table does."""
    rank: int = 0
    """Columns of the highest rank go first when the pane is narrow; rank 0 stays."""
    right: bool = False


GAP = 2
"""Blank cells between two columns."""


def layout(columns: Sequence[Column], width: int) -> tuple[int, ...]:
    """The columns' widths in a pane of ``width`` cells; 0 for those left out."""
    kept = set(range(len(columns)))
    for rank in sorted({column.rank for column in columns if column.rank}, reverse=True):
        if _needed(columns, kept) <= width:
            break
        kept -= {place for place in kept if columns[place].rank == rank}
    spare = width - _needed(columns, kept)
    return tuple(
        0 if place not in kept else max(1, column.width + spare) if column.flex else column.width
        for place, column in enumerate(columns)
    )


def _needed(columns: Sequence[Column], kept: Iterable[int]) -> int:
    widths = [columns[place].width for place in kept]
    return sum(widths) + GAP * max(0, len(widths) - 1)


def row_line(cells_of_row: Sequence[Line], columns: Sequence[Column], widths: Sequence[int], width: int) -> Line:
    """The row's cells under their columns, exactly ``width`` cells in all."""
    spans: list[Span] = []
    for cell, column, room in zip(cells_of_row, columns, widths, strict=True):
        if room:
            if spans:
                spans.append((" " * GAP, ""))
            spans.extend(fit(cell, room, right=column.right))
    return fit(tuple(spans), width)


def plain(line: Line) -> str:
    """The line's text alone."""
    return "".join(text for text, _ in line)
