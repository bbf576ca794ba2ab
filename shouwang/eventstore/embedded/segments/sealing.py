"""The worker's job ``store.seal``: a stretch of the journal becomes files, one a receipt day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast
from zoneinfo import ZoneInfo

import apsw
import pyarrow as pa
import pyarrow.compute as pc

from shouwang import faults
from shouwang.errors import StoreError
from shouwang.eventstore.embedded.database import telling
from shouwang.eventstore.embedded.ledger import Days
from shouwang.eventstore.embedded.rows import Row
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.eventstore.embedded.segments.footer import Bounds, Footer, Seal, SourceSum
from shouwang.eventstore.embedded.segments.product import Product, plain, product
from shouwang.eventstore.embedded.segments.sums import added, sum_of
from shouwang.eventstore.embedded.segments.tables import AT, COLUMNS, matches_of, ordered, table_of
from shouwang.model import Value
from shouwang.words import Words

Json = dict[str, Value]
AT_ONCE: Final = 5_000


def work(args: Json, files: Sequence[int], say: Callable[[Json], None]) -> Json:
    """``files``: none.

    args: ``events`` (path of ``events.db``), ``home`` (its id), ``zone``, ``after_seq``, ``to_seq``, ``state`` (of the
    mark at ``to_seq``), ``earlier`` (files with what is sealed since the mark before), ``most_rows``, ``most_bytes``
    (of records: where one is passed, the stretch ends early).
    Gives ``to_seq`` as far as it came, ``complete``, and ``files`` as ``Product``.
    """
    journal = Path(str(args["events"]))
    stretch = _Stretch(Days(ZoneInfo(str(args["zone"]))), cast(int, args["after_seq"]))
    faults.reach("seal.begun")
    with reading(journal) as db:
        complete = stretch.read(db, args, say)
    to = cast(int, args["to_seq"]) if complete else stretch.reached
    parts = [f"{manifest.FOLDER}/{day}/{stretch.after + 1}-{to}.parquet" for day in stretch.days]
    state = footers.state_of(cast("dict[str, object]", args["state"])) if complete else None
    seal = Seal(stretch.after, to, [*cast("list[str]", args["earlier"]), *parts], state)
    with telling_of_disk(journal):
        made = [
            plain(stretch.write(journal, str(args["home"]), day, part, seal))
            for day, part in zip(list(stretch.days), parts, strict=True)
        ]
    faults.reach("seal.answer")
    return {"to_seq": to, "complete": complete, "files": list(made)}


class _Day:
    """What a stretch has of one receipt day."""

    def __init__(self) -> None:
        self.tables: list[pa.Table] = []
        self.sums: dict[str, SourceSum] = {}

    def add(self, rows: Sequence[Row], matches: dict[bytes, bytes]) -> None:
        self.tables.append(table_of(rows, matches))
        by_source: dict[str, list[tuple[bytes, bytes, int]]] = {}
        for row in rows:
            record = (row[AT["id"]], row[AT["raw"]], row[AT["received_us"]])
            by_source.setdefault(cast(str, row[AT["source"]]), []).append(cast("tuple[bytes, bytes, int]", record))
        self.sums = added([self.sums, *({name: sum_of(records)} for name, records in by_source.items())])


class _Stretch:
    def __init__(self, days: Days, after: int) -> None:
        self._days = days
        self.after = after
        self.reached = after
        self.days: dict[str, _Day] = {}

    def read(self, db: apsw.Connection, args: Json, say: Callable[[Json], None]) -> bool:
        """Whether up to ``to_seq``, and not only as far as a seal may be large."""
        most_rows, most_bytes = cast(int, args["most_rows"]), cast(int, args["most_bytes"])
        size = 0
        cursor = db.execute(
            f"SELECT {', '.join(COLUMNS)}, (SELECT 1 FROM match WHERE event_id = event.id) FROM event"  # noqa: S608  # our own words and columns; values are bound
            " WHERE seq > ? AND seq <= ? ORDER BY seq",
            (self.after, cast(int, args["to_seq"])),
        )
        held: list[Row] = []
        for rows, row in enumerate(cursor, 1):
            held.append(row)
            size += len(cast(bytes, row[AT["raw"]]))
            if len(held) == AT_ONCE or rows >= most_rows or size >= most_bytes:
                self._add(db, held)
                held = []
                say({"rows": rows})
            if rows >= most_rows or size >= most_bytes:
                cursor.close(True)
                return False
        if held:
            self._add(db, held)
        return True

    def _add(self, db: apsw.Connection, rows: Sequence[Row]) -> None:
        self.reached = cast(int, rows[-1][AT["seq"]])
        matches = matches_of(db, [cast(bytes, row[AT["id"]]) for row in rows if row[-1]])
        by_day: dict[str, list[Row]] = {}
        for row in rows:
            by_day.setdefault(self._days.of(cast(int, row[AT["received_us"]])), []).append(row[:-1])
        for day, mine in by_day.items():
            self.days.setdefault(day, _Day()).add(mine, matches)

    def write(self, journal: Path, home: str, day: str, part: str, seal: Seal) -> Product:
        """Frees what it wrote."""
        held = self.days.pop(day)
        table = ordered(held.tables)
        held.tables.clear()
        group_rows = layout.group_rows(table.num_rows, sum(each.bytes for each in held.sums.values()))
        footer = Footer(home, footers.HOURLY, day, table.num_rows, matched(table), bounds_of(table), seal, held.sums)
        with layout.SegmentWriter(manifest.place(journal, part), footers.HOURLY, group_rows) as writer:
            writer.write(table)
            return product(part, footer, *writer.finish(footer))


def matched(table: pa.Table) -> int:
    """Events with matches."""
    number: int = table.num_rows - table["matches"].null_count
    return number


def bounds_of(table: pa.Table) -> Bounds:
    ends = [pc.min_max(table[name]) for name in ("seq", "time_us", "received_us", "id")]
    return Bounds(*(each[end].as_py() for each in ends for end in ("min", "max")))


@contextmanager
def reading(journal: Path, *, snapshot: bool = True) -> Iterator[apsw.Connection]:
    """``snapshot``: of one moment, for which the write-ahead log grows meanwhile. Raises ``StoreError``."""
    with telling(journal):
        db = apsw.Connection(str(journal), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            db.set_busy_timeout(5000)
            if snapshot:
                db.execute("BEGIN")
            yield db
        finally:
            db.close(True)


@contextmanager
def telling_of_disk(journal: Path) -> Iterator[None]:
    try:
        yield
    except OSError as wrong:
        folder = manifest.place(journal, manifest.FOLDER)
        raise StoreError(
            Words(
                f"无法写入日志分段 {folder}：{wrong.strerror}。",
                f"Cannot write a segment in {folder}: {wrong.strerror}.",
            ),
            hint=Words(
                "请检查磁盘空间和权限。日志仍在 events.db 中，系统会自动重试。",
                "Look at the disk: space, permissions. The events stay in events.db; it is tried again.",
            ),
        ) from wrong
