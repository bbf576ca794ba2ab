"""The worker's job ``store.survey``: what the segments of a lost ``events.db`` say of themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from shouwang.errors import StoreError
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.model import Value

Json = dict[str, Value]
MATCHES_AT_ONCE: Final = 1000


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: none. args: ``events`` (path of ``events.db``), ``paths``, ``matches`` (whether those are wanted).

    Without, says of each path ``footer``, ``size_bytes`` and ``sha256``, or what is ``wrong`` (Chinese, English), and
    raises ``StoreError`` for one that a newer version wrote. With: says ``matches``, event id and cell.
    """
    journal = Path(str(args["events"]))
    for path in cast("list[str]", args["paths"]):
        file = manifest.place(journal, path)
        if args["matches"]:
            for found in _matches(file):
                say({"matches": cast(Value, found)})
            continue
        try:
            footer = layout.read_footer(file, path)
        except StoreError as wrong:
            if isinstance(wrong, footers.NewerSegment):
                raise
            say({"path": path, "wrong": [wrong.message.zh, wrong.message.en]})
            continue
        with file.open("rb") as held:
            digest = hashlib.file_digest(held, "sha256").hexdigest()
        plain = footers.dumps(footer).decode("ascii")
        say({"path": path, "footer": plain, "size_bytes": file.stat().st_size, "sha256": digest})
    return {}


def _matches(file: Path) -> list[list[list[str]]]:
    """Pairs of event id (hex) and cell, some at a time."""
    if not layout.read_footer(file).matched:
        return []
    found: list[list[str]] = []
    for batch in layout.batches(file, ["id", "matches"], rows=65_536):
        some = batch.filter(pc.is_valid(batch["matches"]))
        found += [[id.hex(), cell.decode()] for id, cell in zip(*map(pa.Array.to_pylist, some.columns), strict=True)]
    return [found[at : at + MATCHES_AT_ONCE] for at in range(0, len(found), MATCHES_AT_ONCE)]
