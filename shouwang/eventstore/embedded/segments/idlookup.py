"""The worker's job ``store.ids``: which of some ids certain segments hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from shouwang.errors import StoreError
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.model import Value

Json = dict[str, Value]


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: none. args: ``events`` (path of ``events.db``), ``asked`` (path of a segment -> ids, hex).

    Gives ``found``, ids, and ``unread``, why a file could not be asked: what is in it cannot be read twice either.
    """
    found: list[Value] = []
    unread: list[Value] = []
    for path, ids in cast("dict[str, list[str]]", args["asked"]).items():
        wanted = pa.array([bytes.fromhex(id) for id in ids], pa.binary(16))
        try:
            for batch in layout.batches(manifest.place(Path(str(args["events"])), path), ["id"], rows=65_536):
                there = batch["id"].filter(pc.is_in(batch["id"], wanted))
                found += [id.hex() for id in there.to_pylist()]
        except StoreError as damaged:
            unread.append(str(damaged))
    return {"found": found, "unread": unread}
