"""Paper -> one HTML file: style inside, no script, nothing fetched. Every text passes jinja2's autoescape."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from incidents.report.layout import Block, Pairs, Paragraph, Records, Table, lay_out
from incidents.report.model import ReportModel

POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(model: ReportModel) -> str:
    return _template().render(paper=lay_out(model), kind_of=_kind, style=_style(), policy=POLICY)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=DictLoader({"report": _text("report.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report")


@lru_cache(maxsize=1)
def _style() -> Markup:
    """Our own style sheet; no text of others is in it."""
    return Markup(_text("report.css"))  # noqa: S704  # a file of this package


def _text(name: str) -> str:
    return (files("incidents.report") / "templates" / name).read_text("utf-8")


def _kind(block: Block) -> str:
    match block:
        case Paragraph():
            return "paragraph"
        case Pairs():
            return "pairs"
        case Table():
            return "table"
        case Records():
            return "records"
