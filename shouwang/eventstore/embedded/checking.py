"""What a worker reads back for the store: to hold it against the ledger, or to write it out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, tzinfo
from pathlib import Path
from typing import cast

from shouwang import worker
from shouwang.eventstore.base import Exported, Fault, Told, Verified
from shouwang.model import Finding, Level, Value
from shouwang.words import Words, many

Json = dict[str, Value]


def verify(journal: Path, zone: tzinfo, days: Collection[date], told: Told) -> tuple[Verified, list[Finding]]:
    """And what ``health`` has to say of it. ``journal``: the path of ``events.db``. Raises ``ShouwangError``."""
    asked: list[Value] = [day.isoformat() for day in sorted(days)]
    answer = worker.run("store.verify", {"events": str(journal), "zone": str(zone), "days": asked}, told=told)
    faults = [_fault(cast(Json, each)) for each in cast("list[Value]", answer["faults"])]
    found = Verified(
        days=cast(int, answer["days"]),
        parts=cast(int, answer["parts"]),
        events=cast(int, answer["events"]),
        bytes=cast(int, answer["bytes"]),
        faults=faults,
    )
    return found, [_finding(faults)] if faults else []


def export(journal: Path, zone: tzinfo, day: date, *, form: str, file: int, told: Told) -> Exported:
    """Raises ``ShouwangError``."""
    asked: Json = {"events": str(journal), "zone": str(zone), "day": day.isoformat(), "format": form}
    answer = worker.run("store.export", asked, files=[file], told=told)
    return Exported(
        sha256=str(answer["sha256"]),
        size=cast(int, answer["size"]),
        events=cast(int, answer["events"]),
        bytes=cast(int, answer["bytes"]),
        sources=cast("dict[str, Json]", answer["sources"]),
    )


def _fault(held: Json) -> Fault:
    day = str(held["day"])
    return Fault(
        what=Words(str(held["zh"]), str(held["en"])),
        part=str(held["part"]),
        day=date.fromisoformat(day) if day else None,
        source=str(held["source"]),
    )


def _finding(faults: Collection[Fault]) -> Finding:
    first = next(iter(faults))
    at = first.part or f"{first.day} {first.source}"
    return Finding(
        Level.BROKEN,
        Words(
            f"核验发现 {len(faults)} 处日志与封存时不符，首处：{at}：{first.what.zh}。",
            f"Verifying found {many(len(faults), 'place')} not as it was stored, first {at}: {first.what.en}.",
        ),
        Words(
            "`shouwang store verify` 列出全部；请从备份恢复所列文件，再核验一次。",
            "`shouwang store verify` lists all; restore the files that it names from the backup and verify again.",
        ),
    )
