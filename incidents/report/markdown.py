"""Paper -> Markdown. Pure. Whatever Markdown or HTML could read as markup is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import assert_never

from incidents.report.layout import Block, Cell, Pairs, Paper, Paragraph, Records, Table, lay_out
from incidents.report.model import ReportModel

ESCAPED = str.maketrans({c: "\\" + c for c in "\\`*_[]|~@$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
AT_START = re.compile(r"([#+=-]|\d+(?=[.)]))")
"""What begins a heading, a list or a rule when it begins a line."""


def escape(text: str) -> str:
    """One line of plain text; no link, image, tag, table cell or mention can come of it."""
    plain = text.strip().translate(ESCAPED).replace("://", "\\://")
    return re.sub(r"\bwww\.", r"www\\.", plain, flags=re.IGNORECASE)


def line(text: str) -> str:
    """Escaped, and no heading, list or rule either where it begins a line."""
    plain = escape(text)
    if AT_START.match(plain) is None:
        return plain
    return f"&#{ord(plain[0])};{plain[1:]}"


def markdown(model: ReportModel) -> str:
    paper = lay_out(model)
    return "\n\n".join(_lines(paper)) + "\n"


def _lines(paper: Paper) -> Iterable[str]:
    if paper.drill:
        yield f"**{' · '.join([escape(paper.drill)] * 3)}**  \n{escape(paper.drill_note)}"
    yield f"# {escape(paper.kind)}"
    yield f"{escape(paper.masthead)}  \n{escape(paper.number)}  \n{escape(paper.issued)}"
    yield f"*{escape(paper.draft)}*"
    for section in paper.sections:
        yield f"## {escape(section.heading)}"
        for block in section.blocks:
            yield _block(block)
    yield "  \n".join(f"{escape(label)} \\_\\_\\_\\_\\_\\_\\_\\_\\_\\_" for label in paper.sign)
    if paper.drill:
        yield f"**{' · '.join([escape(paper.drill)] * 3)}**"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, kind):
            return f"**{escape(text)}**" if kind == "lead" else line(text)
        case Pairs(rows):
            return _table(["", ""], [[f"**{escape(label)}**", _cell(cell)] for label, cell in rows])
        case Table(_, head, cells):
            return _table([escape(name) for name in head], [_row(row, len(head)) for row in cells])
        case Records(rows):
            return "\n".join(f"- {line(origin)}  \n  {line(text)}" for origin, text in rows)
        case _:
            assert_never(block)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _row(row: tuple[Cell, ...], width: int) -> list[str]:
    if len(row) == 1:
        return [f"**{_cell(row[0])}**", *[""] * (width - 1)]
    return [_cell(cell) for cell in row]


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    strong = f"**{text}**" if cell.strong and text.strip() else text
    return f"{strong} [{escape(cell.mark)}]" if cell.mark else strong
