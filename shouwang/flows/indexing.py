"""A file of indicators -> an index beside the old one. Done in a worker: the file may be large, strangers made it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from detection.intel.formats import FORMATS, format_of
from detection.intel.head import Head
from detection.intel.index import MOST, Index, TooMany, build
from detection.intel.indicator import Indicator
from detection.intel.leftout import LeftOut, Unreadable
from detection.intel.summary import summary
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
EVERY: Final = 10_000
"""Entries between two words of progress."""
MOST_BYTES: Final = 4 << 30


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """The worker's job ``intel.build``. ``files``: the indicators, open and seekable.

    args: ``to`` and ``old`` (paths of the index to make and of the one in use), ``format``, and what ``Head`` says.
    """
    with os.fdopen(os.dup(files[0]), "rb") as file:
        file.seek(0)
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise UsageError(Words("文件超过 4 GiB。", "The file is larger than 4 GiB."))
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        head = Head(
            name=str(args["name"]),
            source=str(args["source"]),
            confidence=_number(args["confidence"]),
            made_us=_number(args["made_us"]) or 0,
            until_us=_number(args["until_us"]) or 0,
            digest=digest,
        )
        made = _built(file, head, str(args["format"]), Path(str(args["to"])), say)
    return summary(made) | _difference(Path(str(args["to"])), Path(str(args["old"])))


def _built(file: BinaryIO, head: Head, form: str, to: Path, say: Callable[[Json], None]) -> Head:
    try:
        named = format_of(file) if form == "auto" else form
        return build(_counted(FORMATS[named](file), say), head, to)
    except Unreadable as wrong:
        raise UsageError(
            Words(f"无法读取此情报文件：{wrong.why.zh}。", f"The file cannot be read: {wrong.why.en}."),
            hint=Words(
                "支持 CSV、STIX 2.1 与 MISP JSON；原有情报集未变。",
                "CSV, STIX 2.1 and MISP JSON are read; the set in use stays.",
            ),
        ) from None
    except TooMany:
        raise UsageError(
            Words(f"一个情报集最多 {MOST} 条指标。", f"A set holds at most {MOST} indicators."),
            hint=Words("请拆分成几个情报集。", "Split it into several sets."),
        ) from None


def _counted(items: Iterator[Indicator | LeftOut], say: Callable[[Json], None]) -> Iterator[Indicator | LeftOut]:
    for number, item in enumerate(items):
        if number % EVERY == 0:
            say({"read": number})
        yield item


def _difference(new: Path, old: Path) -> Json:
    """How many indicators are new, gone, or stay, against the set in use."""
    made = Index.at(new)
    try:
        before = Index.at(old)
    except (OSError, ValueError):
        return {"added": made.head.total, "gone": 0, "kept": 0}
    kept = sum(before.find(item.kind, item.value) is not None for item in made.items())
    return {"added": made.head.total - kept, "gone": before.head.total - kept, "kept": kept}


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) else None
