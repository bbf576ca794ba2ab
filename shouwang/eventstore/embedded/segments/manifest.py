"""Which files hold what is sealed: tables ``segment``, ``segment_source`` and ``grave`` of ``events.db``.

Every event with ``seq <= sealed_to`` is in the files that ``segment`` names, every other in the table ``event``. Rows
of ``event`` up to ``sealed_to`` are leftovers on their way out: who reads asks for ``seq > sealed_to``. So one read
transaction sees each event once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import apsw

from shouwang.eventstore.embedded.segments.footer import SourceSum

FOLDER: Final = "segments"
"""Beside ``events.db``."""
GRACE_US: Final = 600_000_000
"""How long a file that the manifest no longer names stays: a reader may be about to open it."""
_COLUMNS: Final = (
    "path, day, kind, from_seq, to_seq, rows, size_bytes, min_time_us, max_time_us, min_received_us, max_received_us,"
    " min_id, max_id, sha256, schema"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One row of the manifest. All bounds are those of its rows, inclusive."""

    path: str
    """``segments/DAY/NAME.parquet``, below the folder that ``events.db`` is in."""
    day: str
    """Receipt day, in the site's zone."""
    kind: str
    """``hourly`` or ``daily``."""
    from_seq: int
    to_seq: int
    rows: int
    size_bytes: int
    """Of the file."""
    min_time_us: int
    max_time_us: int
    min_received_us: int
    max_received_us: int
    min_id: bytes
    max_id: bytes
    sha256: str
    """Of the file."""
    schema: int


def place(database: Path, path: str) -> Path:
    """Where the file of a ``Segment.path`` is."""
    return database.parent / path


def snapshot(db: apsw.Connection) -> tuple[list[Segment], int]:
    """All segments, and ``sealed_to``; for who also reads ``event``, in one transaction."""
    return segments(db), sealed_to(db)


def of_day(db: apsw.Connection, day: str) -> list[Segment]:
    return segments(db, "day = :day", {"day": day})


def sealed_to(db: apsw.Connection) -> int:
    return _number(db, "sealed_to")


def sealed_us(db: apsw.Connection) -> int:
    """Receipt time of the newest sealed event; 0 without one."""
    return cast(int, db.execute("SELECT max(max_received_us) FROM segment").get or 0)


def resume_to(db: apsw.Connection) -> int:
    """The end of the newest seal that has the state of the store: see ``footer.Seal``."""
    return _number(db, "resume_to")


def advance(db: apsw.Connection, to_seq: int, *, resumable: bool) -> None:
    db.execute("UPDATE meta SET value = ? WHERE name = 'sealed_to'", (to_seq,))
    if resumable:
        db.execute("UPDATE meta SET value = ? WHERE name = 'resume_to'", (to_seq,))


def segments(
    db: apsw.Connection, where: str = "1", values: Mapping[str, int | str | bytes] | None = None
) -> list[Segment]:
    """By day, then ``from_seq``. ``where``: a condition on the table, of our own words."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM segment WHERE {where} ORDER BY day, from_seq, path", values or {})  # noqa: S608  # our own words and columns; values are bound
    return [
        Segment(*cast("tuple[str, str, str, int, int, int, int, int, int, int, int, bytes, bytes, str, int]", row))
        for row in rows
    ]


def sources(db: apsw.Connection, path: str) -> dict[str, SourceSum]:
    rows = db.execute(
        "SELECT source, rows, bytes, digest, latest_us FROM segment_source WHERE path = ? ORDER BY source", (path,)
    )
    return {
        name: SourceSum(*cast("tuple[int, int, str, int]", tuple(rest)))
        for name, *rest in cast("Iterable[tuple[str, int, int, str, int]]", rows)
    }


def insert(db: apsw.Connection, segment: Segment, sums: Mapping[str, SourceSum]) -> None:
    cells = tuple(getattr(segment, name.strip()) for name in _COLUMNS.split(","))
    db.execute(f"INSERT INTO segment ({_COLUMNS}) VALUES ({', '.join('?' * len(cells))})", cells)  # noqa: S608  # our own words and columns; values are bound
    db.executemany(
        "INSERT INTO segment_source VALUES (?, ?, ?, ?, ?, ?)",
        [(segment.path, name, each.rows, each.bytes, each.digest, each.latest_us) for name, each in sums.items()],
    )


def bury(db: apsw.Connection, paths: Sequence[str], now_us: int) -> None:
    """Take the files out of the manifest; ``graves`` unlinks them when nobody opens them any more."""
    for path in paths:
        db.execute("DELETE FROM segment WHERE path = ?", (path,))
        db.execute("DELETE FROM segment_source WHERE path = ?", (path,))
        db.execute("INSERT OR REPLACE INTO grave VALUES (?, ?)", (path, now_us))


def graves(db: apsw.Connection) -> dict[str, int]:
    """Path -> since when, in microseconds."""
    return dict(cast("list[tuple[str, int]]", db.execute("SELECT path, since_us FROM grave ORDER BY path").fetchall()))


def forget(db: apsw.Connection, path: str) -> None:
    """The file of a grave is gone."""
    db.execute("DELETE FROM grave WHERE path = ?", (path,))


def last_seq(db: apsw.Connection, table: str = "event") -> int:
    """The highest number ever given, those of sealed and dropped events included."""
    return cast(int, db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).get or 0)


def _number(db: apsw.Connection, name: str) -> int:
    return cast(int, db.execute("SELECT value FROM meta WHERE name = ?", (name,)).get or 0)
