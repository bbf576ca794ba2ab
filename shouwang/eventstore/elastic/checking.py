"""What a worker reads back for the store: to hold it against the ledger, or to write it out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast

from shouwang import worker
from shouwang.eventstore.base import DayLedger, Exported, Fault, Told, Verified
from shouwang.eventstore.elastic.place import Place, plain
from shouwang.eventstore.elastic.template import Names
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]


def verify(where: Place, names: Names, ledger: Iterable[DayLedger], told: Told) -> Verified:
    """Each closed day's digests against what is read back. Raises ``ShouwangError``."""
    days: dict[date, list[DayLedger]] = {}
    for row in ledger:
        if row.digest:
            days.setdefault(row.day, []).append(row)
    events = size = 0
    faults: list[Fault] = []
    for day, rows in days.items():
        answer = worker.run("elastic.verify", _asked(where, names, day), told=told)
        events += cast(int, answer["events"])
        size += cast(int, answer["bytes"])
        faults += _faults(day, rows, cast("dict[str, Json]", answer["sources"]), names)
    return Verified(days=len(days), parts=len(days), events=events, bytes=size, faults=faults)


def export(where: Place, names: Names, day: date, *, form: str, file: int, told: Told) -> Exported:
    """Raises ``ShouwangError``."""
    asked = {**_asked(where, names, day), "format": form}
    answer = worker.run("elastic.export", asked, files=[file], told=told)
    return Exported(
        sha256=str(answer["sha256"]),
        size=cast(int, answer["size"]),
        events=cast(int, answer["events"]),
        bytes=cast(int, answer["bytes"]),
        sources=cast("dict[str, Json]", answer["sources"]),
    )


def _asked(where: Place, names: Names, day: date) -> Json:
    return {"where": plain(where), "prefix": names.prefix, "day": day.isoformat()}


def _faults(day: date, rows: list[DayLedger], read: Mapping[str, Json], names: Names) -> list[Fault]:
    found = []
    index = names.index("events", day.isoformat())
    kept = {row.source: row for row in rows}
    for source in sorted({*kept, *read}):
        digest = kept[source].digest if source in kept else _EMPTY
        seen = read.get(source, {})
        if digest != seen.get("digest", _EMPTY):
            what = Words(
                f"读回 {seen.get('events', 0)} 条，摘要与台账不符",
                f"{seen.get('events', 0)} events were read back, and their digest is not the ledger's",
            )
            found.append(Fault(what, part=index, day=day, source=source))
    return found


_EMPTY = "0" * 64
"""The digest of no event."""
