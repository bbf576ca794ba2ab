"""The state database's tables, its schema number, and how an older one is brought up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from shouwang.errors import StoreError
from shouwang.statestore.rows import one
from shouwang.words import Words

SCHEMA: Final = 6
APPLICATION_ID: Final = 0x53574154  # "SWAT": state of Shouwang

TABLES: Final = """
CREATE TABLE alerts (
    id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, severity INTEGER NOT NULL, state TEXT NOT NULL,
    incident_id TEXT NOT NULL, last_us INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_last ON alerts (last_us DESC, id);
CREATE INDEX alerts_incident ON alerts (incident_id) WHERE incident_id <> '';
CREATE INDEX alerts_open ON alerts (state, severity);
CREATE TABLE incidents (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, found_at_us INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_found ON incidents (found_at_us DESC, id DESC);
CREATE INDEX incidents_key ON incidents (key, state);
CREATE TABLE memory (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, act TEXT NOT NULL,
    target TEXT NOT NULL, detail TEXT NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_target ON audit (target, seq);
CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
"""

CORRELATIONS: Final = """
CREATE TABLE correlations (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, counters BLOB NOT NULL,
    behind TEXT NOT NULL) STRICT;
CREATE TABLE remembered (correlation INTEGER NOT NULL, number INTEGER NOT NULL, row BLOB NOT NULL,
    PRIMARY KEY (correlation, number)) STRICT, WITHOUT ROWID;
CREATE TABLE gaps (number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, reason TEXT NOT NULL,
    from_us INTEGER NOT NULL, to_us INTEGER NOT NULL, filled_us INTEGER NOT NULL, count INTEGER NOT NULL) STRICT;
CREATE INDEX gaps_name ON gaps (name, reason);
"""

HOLDS: Final = """
ALTER TABLE alerts ADD COLUMN suppressed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN count INTEGER NOT NULL DEFAULT 0;
CREATE INDEX alerts_held ON alerts (suppressed_by, count) WHERE suppressed_by > '';
CREATE INDEX alerts_heard ON alerts (suppressed_by, last_us DESC, id DESC);
DROP INDEX alerts_open;
CREATE INDEX alerts_open ON alerts (state, suppressed_by, severity);
CREATE TABLE holds (id TEXT PRIMARY KEY, kind TEXT NOT NULL, from_us INTEGER NOT NULL, over_us INTEGER NOT NULL,
    body TEXT NOT NULL) STRICT;
CREATE INDEX holds_over ON holds (over_us);
"""
"""Silences and maintenance windows, and which alerts something holds."""

KEEPING: Final = """
CREATE TABLE legal_holds (name TEXT PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, reason TEXT NOT NULL,
    by TEXT NOT NULL, made_us INTEGER NOT NULL) STRICT;
CREATE TABLE deletions (number INTEGER PRIMARY KEY AUTOINCREMENT, day TEXT NOT NULL, begun_us INTEGER NOT NULL,
    done_us INTEGER NOT NULL, dropped INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
"""
"""Days that must be kept, and days that have gone."""

MENDING: Final = """
ALTER TABLE gaps ADD COLUMN first_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN last_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN next_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE gaps ADD COLUMN why TEXT NOT NULL DEFAULT '';
CREATE INDEX gaps_open ON gaps (filled_us, next_us);
"""
"""Of a gap: when the events that it is about happened, and how far it is made up for."""


_CHANGED: Final = """
CREATE TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN
    UPDATE numbers SET value = max(value + 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER)) WHERE name = 'change';
    DELETE FROM changes WHERE kind = '{kind}' AND id = NEW.id;
    INSERT INTO changes SELECT value, '{kind}', NEW.id FROM numbers WHERE name = 'change';
END;
"""
CHANGES: Final = (
    "CREATE TABLE changes (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, UNIQUE (kind, id)) STRICT;"
    "INSERT INTO numbers VALUES ('change', 0);"
)
TRIGGERS: Final = tuple(
    _CHANGED.format(table=table, kind=kind, event=event)
    for table, kind in (("alerts", "alert"), ("incidents", "incident"))
    for event in ("insert", "update")
)
"""Which records changed, in order: ``changes.Changes``."""


def _correlations(connection: apsw.Connection) -> None:
    """What version 1 remembered of correlations is not read any more: they go on as after a change of their rule."""
    connection.execute(CORRELATIONS)
    connection.execute(
        "INSERT INTO correlations (name, counters, behind)"
        " SELECT substr(name, 13), CAST('[1,\"\",0,0,0,0,0,1]' AS BLOB), '' FROM memory"
        " WHERE name LIKE 'correlation/%' AND name <> 'correlation/clock'"
    )
    connection.execute("DELETE FROM memory WHERE name LIKE 'correlation/%' AND name <> 'correlation/clock'")


def _holds(connection: apsw.Connection) -> None:
    """Alerts of before were held by nothing; their count is looked up only where something holds them."""
    connection.execute(HOLDS)


def _keeping(connection: apsw.Connection) -> None:
    connection.execute(KEEPING)


def _mending(connection: apsw.Connection) -> None:
    """Of earlier gaps it is only known that live events are dated a day before their receipt at most."""
    connection.execute(MENDING)
    connection.execute(
        "UPDATE gaps SET first_us = from_us - 86400000000, last_us = to_us WHERE reason IN ('late', 'evicted', 'fault')"
    )


def _changes(connection: apsw.Connection) -> None:
    """All that is there counts as changed."""
    connection.execute(CHANGES + "".join(TRIGGERS))
    connection.execute(
        "INSERT INTO changes SELECT row_number() OVER (ORDER BY at_us, id), kind, id FROM ("
        " SELECT last_us AS at_us, 'alert' AS kind, id FROM alerts"
        " UNION ALL SELECT found_at_us, 'incident', id FROM incidents)"
    )
    connection.execute("UPDATE numbers SET value = (SELECT count(*) FROM changes) WHERE name = 'change'")


MIGRATIONS: Final[dict[int, Callable[[apsw.Connection], None]]] = {
    1: _correlations,
    2: _holds,
    3: _keeping,
    4: _mending,
    5: _changes,
}
"""Schema number -> what makes the next one of it. Each runs in one transaction, after a copy was made."""


def prepare(connection: apsw.Connection, path: Path, version: str) -> None:
    """Make, check or bring up the database. Raises ``StoreError`` for a newer or a strange one."""
    found = int(one(connection, "PRAGMA user_version") or 0)
    if found == 0:
        _create(connection, path)
    elif found > SCHEMA:
        raise StoreError(
            Words(
                f"{path} 的结构版本为 {found}，本版本（{version}）支持 {SCHEMA}。",
                f"{path} has schema {found}; this version ({version}) knows {SCHEMA}.",
            ),
            hint=Words(
                "请安装建立它的版本或更新的版本；本次未改动该数据库。",
                "Install the version that made it, or a newer one; this database was not touched.",
            ),
        )
    elif one(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise _foreign(path)
    elif found < SCHEMA:
        _migrate(connection, path, found)


def _foreign(path: Path) -> StoreError:
    return StoreError(
        Words(f"{path} 是其他程序的数据库。", f"{path} is a database of another program."),
        hint=Words("请用 --home 指定另一个目录。", "Give --home another folder."),
    )


def _create(connection: apsw.Connection, path: Path) -> None:
    if one(connection, "SELECT count(*) FROM sqlite_schema"):
        raise _foreign(path)
    with connection:
        connection.execute(TABLES + CORRELATIONS + HOLDS + KEEPING + MENDING + CHANGES + "".join(TRIGGERS))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA}")


def _migrate(connection: apsw.Connection, path: Path, found: int) -> None:
    copy = path.with_name(f"{path.name}.schema{found}")
    copy.unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(copy),))
    for number in range(found, SCHEMA):
        with connection:
            MIGRATIONS[number](connection)
            connection.execute(f"PRAGMA user_version={number + 1}")
