"""The state database: one writer, many readers, and no change of a person's doing without its audit entry."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from shouwang import __version__
from shouwang.audit import Entry
from shouwang.errors import StoreError
from shouwang.model import Value
from shouwang.statestore.alerts import Alerts
from shouwang.statestore.audit import Audit
from shouwang.statestore.changes import Changes
from shouwang.statestore.correlations import Correlations
from shouwang.statestore.gaps import Gaps
from shouwang.statestore.holds import Holds
from shouwang.statestore.incidents import Incidents
from shouwang.statestore.keeping import Deletions, LegalHolds
from shouwang.statestore.memory import Memory
from shouwang.statestore.numbers import Numbers
from shouwang.statestore.schema import prepare
from shouwang.words import Words

SYSTEM = "system"
"""The actor of what the machine does by itself."""


class Tables:
    """All tables as one connection sees them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.alerts = Alerts(connection)
        self.incidents = Incidents(connection)
        self.memory = Memory(connection)
        self.numbers = Numbers(connection)
        self.trail = Audit(connection)
        self.correlations = Correlations(connection)
        self.gaps = Gaps(connection)
        self.holds = Holds(connection)
        self.legal_holds = LegalHolds(connection)
        self.deletions = Deletions(connection)
        self.changes = Changes(connection)


class Transaction(Tables):
    """What is done through it is done together or not at all."""

    def __init__(self, connection: apsw.Connection, detail: Mapping[str, Value] | None = None) -> None:
        super().__init__(connection)
        self.detail: dict[str, Value] = dict(detail or {})
        """Goes into the audit entry of ``act``; may be completed inside the transaction (before, after)."""

    def audit(
        self,
        *,
        act: str,
        target: str,
        at_us: int,
        detail: Mapping[str, Value] | None = None,
        actor: str = SYSTEM,
        role: str = SYSTEM,
    ) -> Entry:
        """A further entry in this transaction: what the machine made, or a second object of a person's act."""
        return self.trail.append(at_us=at_us, actor=actor, role=role, act=act, target=target, detail=detail or {})


@dataclass(slots=True)
class _Writer:
    connection: apsw.Connection
    lock: threading.RLock = field(default_factory=threading.RLock)
    busy: bool = False


class StateStore:
    """Opens, or makes, the database. Raises ``StoreError`` when it cannot, or when it is newer than this version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.role = ""
        self._local = threading.local()
        self._readers: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        try:
            os.close(
                os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            )  # SQLite's other files follow its mode
            connection = _open(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full")
            prepare(connection, path, __version__)
        except (apsw.Error, OSError) as wrong:
            raise StoreError(
                Words(f"无法打开 {path}：{wrong}。", f"Cannot open {path}: {wrong}."),
                hint=Words("请检查属主、磁盘和最近的备份。", "Check its owner, the disk, the last backup."),
            ) from wrong
        self._writer = _Writer(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Who still reads in another thread goes on; its connection ends with it."""
        with self._writer.lock:
            for reader in list(self._readers):
                with suppress(apsw.ThreadingViolationError):
                    reader.close()
            self._writer.connection.close()

    def acting_as(self, role: str) -> StateStore:
        """The same store; its ``act`` writes this role of the actor into the audit trail."""
        same = copy(self)
        same.role = role
        return same

    @contextmanager
    def act(
        self, *, actor: str, act: str, target: str, at_us: int, detail: Mapping[str, Value] | None = None
    ) -> Iterator[Transaction]:
        """One transaction with its audit entry, written last with ``tx.detail``; an exception leaves neither."""
        with self.work() as tx:
            tx.detail.update(detail or {})
            yield tx
            tx.audit(at_us=at_us, actor=actor, role=self.role, act=act, target=target, detail=tx.detail)

    @contextmanager
    def work(self) -> Iterator[Transaction]:
        """One transaction without an entry of its own: the machine's work. What it makes it audits by ``tx.audit``.

        Raises ``StoreError`` when the database refuses; nothing of the transaction is kept then.
        """
        writer = self._writer
        with writer.lock:
            if writer.busy:
                raise RuntimeError("a transaction of the state store inside another one")
            writer.busy = True
            try:
                yield from self._transaction(writer.connection)
            except apsw.Error as wrong:
                raise StoreError(
                    Words(f"{self.path} 拒绝写入：{wrong}。", f"{self.path} refuses: {wrong}."),
                    hint=Words("磁盘是否已满或为只读？", "Is the disk full or read-only?"),
                ) from wrong
            finally:
                writer.busy = False

    def _transaction(self, connection: apsw.Connection) -> Iterator[Transaction]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Transaction(connection)
            connection.execute("COMMIT")
        except BaseException:  # whatever it was, goes on up; nothing of the transaction stays
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """All tables as of one moment."""
        reader = self._reader()
        reader.execute("BEGIN")
        try:
            yield Tables(reader)
        finally:
            reader.execute("ROLLBACK")

    @property
    def alerts(self) -> Alerts:
        """For reading, each call as of now; changes go through ``act`` and ``work``. So with the other tables."""
        return Alerts(self._reader())

    @property
    def incidents(self) -> Incidents:
        return Incidents(self._reader())

    @property
    def memory(self) -> Memory:
        return Memory(self._reader())

    @property
    def correlations(self) -> Correlations:
        return Correlations(self._reader())

    @property
    def gaps(self) -> Gaps:
        return Gaps(self._reader())

    @property
    def holds(self) -> Holds:
        return Holds(self._reader())

    @property
    def trail(self) -> Audit:
        return Audit(self._reader())

    def _reader(self) -> apsw.Connection:
        """One a thread."""
        found: apsw.Connection | None = getattr(self._local, "reader", None)
        if found is None:
            found = _open(self.path, apsw.SQLITE_OPEN_READONLY)
            self._local.reader = found
            with self._writer.lock:
                self._readers.add(found)
        return found


def _open(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(10_000)
    return connection
