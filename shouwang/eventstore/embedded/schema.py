"""The tables of ``events.db``, and how an older file becomes today's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import apsw

from shouwang.errors import StoreError
from shouwang.words import Words

SCHEMA: Final = 2

PROMOTED: Final = (
    "host.name",
    "user.name",
    "source.ip",
    "destination.ip",
    "destination.port",
    "event.code",
    "event.action",
    "event.category",
    "event.outcome",
    "process.name",
    "log.level",
    "url.path",
    "http.response.status_code",
    "winlog.channel",
)
"""ECS fields kept in columns of their own, as the parser of the day of receipt read them; see ``rows.to_column``."""


def column_of(ecs_name: str) -> str:
    return ecs_name.replace(".", "_")


_CREATE = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    time_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    parser TEXT NOT NULL,
    dataset TEXT NOT NULL,
    shape_version INTEGER NOT NULL,
    asset_id TEXT NOT NULL,
    {", ".join(map(column_of, PROMOTED))},
    context,
    raw BLOB NOT NULL
);
CREATE INDEX event_time ON event (time_us, id);
CREATE TABLE match (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL,
    rule_id TEXT NOT NULL,
    title TEXT NOT NULL,
    severity INTEGER NOT NULL,
    time_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    source TEXT NOT NULL,
    fields BLOB NOT NULL,
    tags BLOB NOT NULL,
    UNIQUE (event_id, rule_id)
);
CREATE TABLE cursor (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger (
    day TEXT NOT NULL,
    source TEXT NOT NULL,
    received INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest BLOB NOT NULL,
    closed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (day, source)
) WITHOUT ROWID;
CREATE TABLE ledger_drop (
    day TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, source, reason)
) WITHOUT ROWID;
"""

_SEGMENTS = """
CREATE TABLE segment (
    path TEXT PRIMARY KEY,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    min_time_us INTEGER NOT NULL,
    max_time_us INTEGER NOT NULL,
    min_received_us INTEGER NOT NULL,
    max_received_us INTEGER NOT NULL,
    min_id BLOB NOT NULL,
    max_id BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    schema INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE segment_source (
    path TEXT NOT NULL,
    source TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    latest_us INTEGER NOT NULL,
    PRIMARY KEY (path, source)
) WITHOUT ROWID;
CREATE TABLE grave (path TEXT PRIMARY KEY, since_us INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (seq INTEGER PRIMARY KEY, hour_us INTEGER NOT NULL, state BLOB NOT NULL);
ALTER TABLE ledger ADD COLUMN touched INTEGER NOT NULL DEFAULT 0;
INSERT INTO meta VALUES ('sealed_to', 0), ('resume_to', 0);
"""
"""``segments.manifest``, ``segments.marks``; ``ledger.touched``: the newest ``event.seq`` before its last change."""

MIGRATIONS: Final[Mapping[int, str]] = {1: _CREATE, 2: _SEGMENTS}
"""Schema number -> the SQL that makes it from the one before; 1 from an empty file."""


def schema_of(db: apsw.Connection) -> int:
    """0 for an empty file."""
    if db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone() is None:
        return 0
    row = db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
    if row is None or not isinstance(row[0], int):
        raise StoreError(
            Words(
                "事件库没有结构版本号：不是守望建立的，或已损坏。",
                "The event store has no schema number: it was not made by Shouwang, or it is damaged.",
            ),
            hint=Words("请移走该文件，或从备份恢复。", "Move the file away, or restore it from the backup."),
        )
    return row[0]


def migrate(db: apsw.Connection, path: Path, steps: Mapping[int, str] = MIGRATIONS) -> None:
    """Bring the file to the newest schema, each step in a transaction of its own, after a copy beside it.

    Raises ``StoreError`` for a file that a newer version made.
    """
    have, newest = schema_of(db), max(steps)
    if have > newest:
        raise StoreError(
            Words(
                f"{path} 的结构版本为 {have}，本版本最高支持 {newest}。",
                f"{path} has schema {have}; this version of Shouwang reads up to schema {newest}.",
            ),
            hint=Words(
                "请用写入它的版本或更新的版本启动，或恢复由本版本生成的备份。",
                "Start the version that wrote it, or a newer one, or restore a backup made by this version.",
            ),
        )
    if 0 < have < newest:
        copy = path.with_name(f"{path.name}.schema-{have}")
        copy.unlink(missing_ok=True)
        db.execute("VACUUM INTO ?", (str(copy),))
    for number in range(have + 1, newest + 1):
        with db:
            db.execute(steps[number])
            db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (number,))
