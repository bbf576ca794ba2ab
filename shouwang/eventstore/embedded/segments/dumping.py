"""The worker's job ``store.export``: one receipt day into an open file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from shouwang.eventstore.embedded.segments.readback import Days, until_whole
from shouwang.eventstore.exporting import export
from shouwang.model import Value

Json = dict[str, Value]


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: the one to write. args: ``events`` (path of ``events.db``), ``zone``, ``day``, ``format``.

    Gives what ``exporting.export`` does.
    """
    days = Days(Path(str(args["events"])), ZoneInfo(str(args["zone"])))
    day = date.fromisoformat(str(args["day"]))
    return until_whole(lambda: export(days.stored(day), str(args["format"]), files[0], say))
