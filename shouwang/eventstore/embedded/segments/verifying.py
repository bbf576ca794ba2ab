"""The worker's job ``store.verify``: everything is read back and held against the manifest and the ledger.

A file is held against its SHA-256, and its rows, source by source, against the sums that were written when it was
sealed; a file that is not as it was is searched for the place. A day's rows together are held against the ledger.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import apsw
import pyarrow as pa
import pyarrow.parquet as pq

from shouwang.errors import StoreError
from shouwang.eventstore.base import Fault
from shouwang.eventstore.embedded.database import telling
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.eventstore.embedded.segments.footer import SourceSum
from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.readback import Days, until_whole
from shouwang.eventstore.embedded.segments.sealing import reading
from shouwang.eventstore.embedded.segments.sums import added, sum_of
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
Sums = dict[str, SourceSum]


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """args: ``events`` (path of ``events.db``), ``zone``, ``days`` (ISO; empty: all, and the journal itself).

    Gives ``days``, ``parts``, ``events``, ``bytes``, and ``faults`` as ``plain`` makes them.
    """
    check = _Check(Days(Path(str(args["events"])), ZoneInfo(str(args["zone"]))))
    asked = [date.fromisoformat(str(each)) for each in cast("list[Value]", args["days"])]
    for number, day in enumerate(asked or check.all_days()):
        say({"day": day.isoformat(), "done": number})
        until_whole(lambda day=day: check.day(day))  # type: ignore[misc]  # bound now
        check.days_done += 1
    if not asked:
        check.journal()
    return {
        "days": check.days_done,
        "parts": check.parts,
        "events": check.events,
        "bytes": check.bytes,
        "faults": [plain(fault) for fault in check.faults],
    }


def plain(fault: Fault) -> Json:
    """For JSON; ``fault_of`` is its inverse."""
    day = fault.day.isoformat() if fault.day else ""
    return {"zh": fault.what.zh, "en": fault.what.en, "part": fault.part, "day": day, "source": fault.source}


class _Check:
    def __init__(self, days: Days) -> None:
        self._days = days
        self.days_done = self.parts = self.events = self.bytes = 0
        self.faults: list[Fault] = []

    def all_days(self) -> list[date]:
        with reading(self._days.journal) as db:
            rows = db.execute("SELECT day FROM ledger UNION SELECT day FROM segment ORDER BY 1").fetchall()
        return [date.fromisoformat(str(row[0])) for row in rows]

    def journal(self) -> None:
        """Its pages."""
        path = self._days.journal
        try:
            with telling(path), reading(path) as db:
                said = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
        except StoreError as damaged:
            self.faults.append(Fault(damaged.message, path.name))
            return
        if said != ["ok"]:
            self.faults.append(
                Fault(
                    Words(f"日志库已损坏：{'；'.join(said)}", f"the journal is damaged: {'; '.join(said)}"), path.name
                )
            )

    def day(self, day: date) -> None:
        """Books nothing before the day is done: it may have to be begun again."""
        with reading(self._days.journal) as db:
            segments = manifest.of_day(db, day.isoformat())
            wanted = {each.path: manifest.sources(db, each.path) for each in segments}
            ledger = _ledger(db, day)
            found = [self._hot(db, day)]
        faults: list[Fault] = []
        for segment in segments:
            sums, wrong = self._segment(segment, wanted[segment.path])
            found.append(sums)
            faults += wrong
        whole = added(found)
        if not faults:
            faults = list(_against_ledger(day, whole, ledger))
        self.faults += faults
        self.parts += len(segments)
        self.events += sum(each.rows for each in whole.values())
        self.bytes += sum(each.bytes for each in whole.values())

    def _hot(self, db: apsw.Connection, day: date) -> Sums:
        rows = db.execute(
            "SELECT source, id, raw, received_us FROM event WHERE seq > ? AND received_us >= ? AND received_us < ?",
            (manifest.sealed_to(db), *self._days.bounds_us(day)),
        )
        found: Sums = {}
        held: dict[str, list[tuple[bytes, bytes, int]]] = {}
        for number, (source, *record) in enumerate(rows, 1):
            held.setdefault(cast(str, source), []).append(cast("tuple[bytes, bytes, int]", tuple(record)))
            if number % 5000 == 0:
                found, held = added([found, _summed(held)]), {}
        return added([found, _summed(held)])

    def _segment(self, segment: Segment, wanted: Sums) -> tuple[Sums, list[Fault]]:
        """What its rows add up to, as far as they can be read, and what is wrong with it."""
        path, day = manifest.place(self._days.journal, segment.path), date.fromisoformat(segment.day)
        if not path.exists():
            try:
                self._days.explain(segment)
            except StoreError as missing:
                return {}, [Fault(missing.message, segment.path, day, _named(wanted))]
        with path.open("rb") as file:
            changed = hashlib.file_digest(file, "sha256").hexdigest() != segment.sha256
        sums, places = _read(path, segment.path)
        if not changed and not places and sums == wanted:
            return sums, []
        if not places:
            places = [_elsewhere(sums == wanted)]
        sources = _named({name: each for name, each in wanted.items() if sums.get(name) != each})
        return sums, [Fault(place, segment.path, day, sources) for place in places]


def _read(path: Path, name: str) -> tuple[Sums, list[Words]]:
    """Sums by source of the row groups that can be read, and where the others cannot."""
    found: Sums = {}
    places: list[Words] = []
    try:
        with layout.opened(path, name) as (file, _):
            for group in range(file.metadata.num_row_groups):
                bad = list(_unreadable(file, group))
                places += [
                    Words(
                        f"第 {group + 1} 个行组的 {column} 列已损坏：{why}",
                        f"row group {group + 1}, column {column}, is damaged: {why}",
                    )
                    for column, why in bad
                ]
                if not {"id", "raw", "source", "received_us"} & {column for column, _ in bad}:
                    found = added([found, _group_sums(file, group)])
    except StoreError as torn:
        places.append(torn.message)
    return found, places


def _unreadable(file: pq.ParquetFile, group: int) -> Iterator[tuple[str, str]]:
    for column in file.schema_arrow.names:
        try:
            file.read_row_group(group, columns=[column])
        except (pa.ArrowException, OSError) as wrong:
            yield column, str(wrong).splitlines()[0][:200]


def _group_sums(file: pq.ParquetFile, group: int) -> Sums:
    table = file.read_row_group(group, columns=["source", "id", "raw", "received_us"])
    held: dict[str, list[tuple[bytes, bytes, int]]] = {}
    columns = [table.column(name).to_pylist() for name in ("source", "id", "raw", "received_us")]
    for source, id, raw, received_us in zip(*columns, strict=True):
        held.setdefault(source, []).append((id, raw, received_us))
    return _summed(held)


def _summed(held: dict[str, list[tuple[bytes, bytes, int]]]) -> Sums:
    return {source: sum_of(records) for source, records in held.items()}


def _elsewhere(rows_are_whole: bool) -> Words:
    if rows_are_whole:
        return Words(
            "文件的 SHA-256 与清单不符，但每一行都完好：改动在行数据之外（页头、索引或文件尾）",
            "the file's SHA-256 is not the manifest's, yet every row is whole: the change lies beside the rows"
            " (page heads, indexes, footer)",
        )
    return Words("记录与封存时不同", "its records are not those that were sealed")


def _ledger(db: apsw.Connection, day: date) -> Sums:
    """Rows are not compared: the ledger counts dead letters by their reason, together with what was not kept."""
    rows = db.execute("SELECT source, bytes, digest FROM ledger WHERE day = ?", (day.isoformat(),))
    return {
        source: SourceSum(0, size, digest.hex(), 0)
        for source, size, digest in cast("list[tuple[str, int, bytes]]", rows.fetchall())
    }


def _against_ledger(day: date, found: Sums, ledger: Sums) -> Iterator[Fault]:
    nothing = SourceSum(0, 0, "0" * 64, 0)
    for source in sorted(found.keys() | ledger.keys()):
        have, want = found.get(source, nothing), ledger.get(source, nothing)
        if (have.bytes, have.digest) != (want.bytes, want.digest):
            said = Words(
                f"与台账不符：存有 {have.rows} 条、{have.bytes} 字节，台账为 {want.bytes} 字节，摘要不同",
                f"not as in the ledger: {have.rows} events with {have.bytes} bytes are there, the ledger has"
                f" {want.bytes} bytes and digest {want.digest[:16]}, not {have.digest[:16]}",
            )
            yield Fault(said, "", day, source)


def _named(sums: Sums) -> str:
    return ", ".join(sorted(sums))
