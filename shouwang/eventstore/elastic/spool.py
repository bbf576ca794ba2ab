"""What is on its way to the cluster, on this host: batches oldest first, the cursors, this writer's ledger.

A batch and its cursors are one transaction, durable before anything is sent: kill the process or the cluster anywhere,
and the batch is sent once more under the same ids. It leaves the spool together with its booking in the ledger.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, cast

import apsw
import msgspec
import zstandard

from shouwang.errors import StoreError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.elastic.bookings import TABLES, Bookings, Row, book, latest, rows
from shouwang.eventstore.elastic.documents import Item, written_by
from shouwang.eventstore.embedded.database import refuse_network_filesystem, telling
from shouwang.visible import well_formed
from shouwang.words import Words

SCHEMA: Final = 1
_CREATE: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE entry (number INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE cursor (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
TOGETHER: Final = 100
TOGETHER_BYTES: Final = 1 << 20
"""Packed; what is sent is some ten times that."""
KINDS: Final = ("events", "matches")


class Drop(msgspec.Struct, frozen=True, array_like=True):
    day: str
    source: str
    reason: str
    count: int


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """One batch."""

    items: list[Item]
    drops: list[Drop]
    replayed: bool
    """Whether its cursors stood already where it moves them; decides for a batch without events."""


class Entry(NamedTuple):
    number: int
    payload: Payload


class Marks(NamedTuple):
    """The highest arrival numbers that are in the cluster."""

    events: int
    matches: int


class Waiting(NamedTuple):
    """What is on this host and not in the cluster yet."""

    batches: int
    bytes: int
    full: bool


class Spool:
    """Any thread may call. ``limit_bytes``: of the batches that wait. Raises ``StoreError``, ``StoreAway``."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._lock = threading.RLock()
        self.adding = threading.RLock()
        """Held while a batch is made for this writer and added."""
        self._pack = zstandard.ZstdCompressor(level=3)
        self._encode = msgspec.msgpack.Encoder()
        self._decode = msgspec.msgpack.Decoder(Payload)
        refuse_network_filesystem(path)
        with telling(path):
            if not path.exists():
                path.touch(mode=0o600)
            self._db = apsw.Connection(str(path))
            try:
                self._prepare()
            except BaseException:  # whatever it was, goes on up; the connection does not stay open
                self._db.close(True)
                raise
        self.writer = str(self.recall("writer"))
        self.waiting_bytes, self.waiting = self._waiting()
        self._newest: Entry | None = None
        self.is_full = False
        """Whether the last batch found no room."""
        self._next = self._last_number() + 1

    def close(self) -> None:
        with self._lock:
            self._db.close(True)

    def _prepare(self) -> None:
        self._db.set_busy_timeout(5000)
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864")
        if self._db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").fetchone() is None:
            with self._db:
                self._db.execute(_CREATE + TABLES)
                self._db.execute("INSERT INTO meta VALUES ('schema', ?), ('writer', ?)", (SCHEMA, _new_writer()))
        found = self.recall("schema")
        if found != SCHEMA:
            raise StoreError(
                Words(
                    f"{self.path} 的结构版本为 {found}，本版本支持 {SCHEMA}。",
                    f"{self.path} has schema {found}, not {SCHEMA}.",
                ),
                hint=Words("请用写入它的版本启动。", "Start the version that wrote it."),
            )

    # ---------------------------------------------------------------------------------------- batches

    def next_number(self) -> int:
        """Of the batch that is added next; the caller adds one at a time."""
        return self._next

    def add(self, payload: Payload, cursors: Mapping[str, bytes], *, seq: int) -> int:
        """Durable on return; the entry's number. ``seq``: the last arrival number given. Raises ``StoreAway`` when
        there is no room."""
        packed = self._pack.compress(self._encode.encode(payload))
        self.is_full = self.waiting > 0 and self.waiting_bytes + len(packed) > self._limit_bytes
        if self.is_full:
            raise StoreAway(
                Words(
                    f"本机缓存已满（{self.waiting_bytes >> 20} MiB，{self.waiting} 批），Elasticsearch 尚未恢复。",
                    f"What waits for Elasticsearch fills its place on this host ({self.waiting_bytes >> 20} MiB).",
                ),
                hint=Words(
                    "请恢复集群，或加大 store.spool_mb。各来源等待，不丢日志。",
                    "Mend the cluster, or raise store.spool_mb. Sources wait; nothing is lost.",
                ),
            )
        with self._writing() as db:
            db.execute("INSERT INTO entry VALUES (?, ?, ?)", (self._next, len(packed), packed))
            db.execute("INSERT OR REPLACE INTO meta VALUES ('seq', ?)", (seq,))
            for name, value in cursors.items():
                if value:
                    db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (well_formed(name), value))
                else:
                    db.execute("DELETE FROM cursor WHERE name = ?", (well_formed(name),))
        with self._lock:
            self._next += 1
            self.waiting += 1
            self.waiting_bytes += len(packed)
            self._newest = Entry(self._next - 1, payload)
            return self._newest.number

    def oldest_few(self) -> list[Entry]:
        """What is sent together: the oldest alone, or of a backlog as many as ``TOGETHER_BYTES`` hold."""
        with self._lock:
            if self.waiting <= 1:
                oldest = self.oldest()
                return [] if oldest is None else [oldest]
        found: list[tuple[int, bytes]] = []
        size = 0
        with self._reading() as db:
            for number, packed in db.execute("SELECT number, payload FROM entry ORDER BY number LIMIT ?", (TOGETHER,)):
                size += len(cast(bytes, packed))
                if found and size > TOGETHER_BYTES:
                    break
                found.append((cast(int, number), cast(bytes, packed)))
        return [Entry(number, self._decode.decode(zstandard.decompress(packed))) for number, packed in found]

    def oldest(self) -> Entry | None:
        with self._reading() as db:
            number = db.execute("SELECT min(number) FROM entry").get
            if number is None:
                return None
            if self._newest is not None and self._newest.number == number:
                return self._newest
            packed = db.execute("SELECT payload FROM entry WHERE number = ?", (number,)).get
        return Entry(cast(int, number), self._decode.decode(zstandard.decompress(cast(bytes, packed))))

    def done(self, number: int, bookings: Bookings, marks: Marks) -> None:
        """The batch is in the cluster and booked."""
        with self._writing() as db:
            row = db.execute("SELECT size FROM entry WHERE number = ?", (number,)).fetchone()
            db.execute("DELETE FROM entry WHERE number = ?", (number,))
            book(db, bookings)
            for kind, mark in marks._asdict().items():
                db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"sent/{kind}", mark))
        with self._lock:
            self.waiting -= 1
            self.waiting_bytes -= int(row[0]) if row else 0

    def stands(self, cursors: Mapping[str, bytes]) -> bool:
        """Whether every cursor is there already."""
        held = self.cursors()
        return bool(cursors) and all((held.get(well_formed(name)) or b"") == value for name, value in cursors.items())

    def _waiting(self) -> tuple[int, int]:
        with self._reading() as db:
            (row,) = db.execute("SELECT total(size), count(*) FROM entry").fetchall()
        return int(cast(float, row[0])), cast(int, row[1])

    def _last_number(self) -> int:
        with self._reading() as db:
            return cast(int, db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entry'").get or 0)

    # -------------------------------------------------------------------------------------- what is known

    def cursors(self) -> dict[str, bytes]:
        with self._reading() as db:
            return {str(name): bytes(value) for name, value in db.execute("SELECT name, value FROM cursor")}

    def marks(self) -> Marks:
        return Marks(*(int(self.recall(f"sent/{kind}") or 0) for kind in KINDS))

    def rows(self) -> list[Row]:
        """This writer's ledger."""
        with self._reading() as db:
            return rows(db)

    def latest(self) -> Mapping[str, int]:
        with self._reading() as db:
            return latest(db)

    def recall(self, name: str) -> str | int | None:
        with self._reading() as db:
            row = db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def remember(self, name: str, value: str | int) -> None:
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def forget_day(self, day: str) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM ledger WHERE day = ?", (day,))

    def begin_as_another(self) -> None:
        """This file is older than what the cluster has of its writer: numbers given since must not be given again."""
        with self.adding:
            writer = _new_writer()
            with self._writing() as db:
                db.execute("UPDATE meta SET value = ? WHERE name = 'writer'", (writer,))
                db.execute("DELETE FROM ledger")
                for (number,) in db.execute("SELECT number FROM entry").fetchall():
                    packed = db.execute("SELECT payload FROM entry WHERE number = ?", (number,)).get
                    payload = self._decode.decode(zstandard.decompress(cast(bytes, packed)))
                    items = [written_by(item, writer, f"{writer}:{number}") for item in payload.items]
                    again = self._pack.compress(self._encode.encode(Payload(items, payload.drops, payload.replayed)))
                    db.execute("UPDATE entry SET payload = ? WHERE number = ?", (again, number))
            self.writer, self._newest = writer, None

    # -------------------------------------------------------------------------------------------- the file

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        with self._lock, telling(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        with self._lock, telling(self.path):
            yield self._db


def _new_writer() -> str:
    return secrets.token_hex(6)
