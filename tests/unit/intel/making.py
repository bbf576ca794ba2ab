"""Sets and events as the tests need them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from detection.intel.formats import FORMATS
from detection.intel.head import Head
from detection.intel.index import build
from detection.intel.indicator import Indicator
from detection.intel.leftout import LeftOut
from detection.intel.library import Library
from shouwang.model import Event, Shape, Value

DAY_US = 86_400_000_000
NOW_US = 1_790_000_000_000_000
SHAPE = Shape(dataset="test.flat", parser="json", paths={}, prefixes=(("", ()),))


def read(form: str, text: str | bytes) -> tuple[list[Indicator], list[LeftOut]]:
    data = text.encode() if isinstance(text, str) else text
    items = list(FORMATS[form](io.BytesIO(data)))
    return [i for i in items if isinstance(i, Indicator)], [i for i in items if isinstance(i, LeftOut)]


def head(name: str = "feed", *, confidence: int | None = None, until_us: int = 0) -> Head:
    return Head(name=name, source="made here", confidence=confidence, made_us=NOW_US, until_us=until_us, digest="")


def library(folder: Path, *sets: tuple[Head, Iterable[Indicator]]) -> Library:
    found = Library(folder)
    for about, items in sets:
        made = folder / "made"
        build(items, about, made)
        found.adopt(about.name, made)
    return found


def event(fields: dict[str, Value], *, received_us: int = NOW_US) -> Event:
    return Event(
        time_us=received_us, received_us=received_us, source="test", shape=SHAPE, doc=fields, raw=b"{}", id=b"e" * 16
    )
