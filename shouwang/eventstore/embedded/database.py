"""One SQLite file: one connection that writes and alone checkpoints, and as many readers as are asked at once.

Write-ahead log: readers never wait for the writer, nor it for them. ``synchronous=FULL``: what COMMIT returned
survives the loss of power. A file on a network is refused: the log needs shared memory and real locks.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from shouwang.errors import StoreError
from shouwang.eventstore.base import StoreAway
from shouwang.eventstore.embedded.schema import migrate
from shouwang.words import Words

PAGE_BYTES: Final = 8192
CHECKPOINT_PAGES: Final = 1000
LOG_LIMIT_BYTES: Final = 64 << 20
OLDEST_SQLITE: Final = (3, 51, 3)
"""Earlier ones can lose a commit when a checkpoint meets it (sqlite.org/wal.html, the WAL-reset bug)."""

NETWORK_FILESYSTEMS: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2",
     "ncpfs", "beegfs", "vboxsf", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone")
)  # fmt: skip

_AWAY = (
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.PermissionsError,
)
_DAMAGED = (apsw.CorruptError, apsw.NotADBError)


class Database:
    """Opens and migrates the file. Raises ``StoreError``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._write_lock = threading.RLock()
        self._pool_lock = threading.Lock()
        self._idle: list[apsw.Connection] = []
        self._open = True
        refuse_network_filesystem(path)
        with telling(self.path):
            if not path.exists():
                path.touch(mode=0o600)
            self._writer = apsw.Connection(str(path))
            try:
                _prepare_writer(self._writer)
                migrate(self._writer, path)
            except BaseException:  # whatever it was, goes on up; the connection does not stay open
                self._writer.close(True)
                raise

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """One transaction: durable when the block is left, gone when it raises. Raises ``StoreAway``."""
        with self._write_lock, telling(self.path):
            self._must_be_open()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    @contextmanager
    def keeping(self) -> Iterator[apsw.Connection]:
        """The writing connection outside a transaction: for checkpoints."""
        with self._write_lock, telling(self.path):
            self._must_be_open()
            yield self._writer

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        """A read-only connection for this block alone, in one snapshot of the file."""
        with telling(self.path):
            reader = self._take()
            try:
                reader.execute("BEGIN")
                yield reader
            finally:
                if reader.in_transaction:
                    reader.execute("ROLLBACK")
                self._give(reader)

    def close(self) -> None:
        with self._write_lock, self._pool_lock:
            self._open = False
            for reader in self._idle:
                reader.close(True)
            self._idle.clear()
            self._writer.close(True)

    def _must_be_open(self) -> None:
        if not self._open:
            raise StoreError(Words(f"事件库 {self.path} 已关闭。", f"The event store {self.path} is closed."))

    def _take(self) -> apsw.Connection:
        with self._pool_lock:
            self._must_be_open()
            if self._idle:
                return self._idle.pop()
        reader = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READONLY)
        reader.set_busy_timeout(5000)
        reader.wal_autocheckpoint(0)
        return reader

    def _give(self, reader: apsw.Connection) -> None:
        with self._pool_lock:
            if self._open and len(self._idle) < 8:
                self._idle.append(reader)
                return
        reader.close(True)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """What SQLite raises, as errors of ours."""
    try:
        yield
    except _DAMAGED as error:
        raise StoreError(
            Words(f"事件库 {path} 已损坏（{error}）。", f"The event store {path} is damaged ({error})."),
            hint=Words(
                f"请停止守护进程，将 {path.name}、{path.name}-wal、{path.name}-shm 一并另存，"
                "再恢复最近的备份；另存的文件或可部分读出。",
                f"Stop the daemon, copy {path.name}, {path.name}-wal and {path.name}-shm aside "
                "together, then restore the newest backup; the copy may still be read in part.",
            ),
        ) from error
    except _AWAY as error:
        raise StoreAway(
            Words(
                f"事件库 {path} 暂时无法读写（{error}）。",
                f"The event store {path} cannot be written or read now ({error}).",
            ),
            hint=Words(
                "请检查磁盘空间、挂载和权限。没有写入一半的数据，系统会自动重试。",
                "Look at the disk: space, mount, permissions. Nothing was kept in part; it is tried again.",
            ),
        ) from error


def _prepare_writer(db: apsw.Connection) -> None:
    if tuple(map(int, apsw.sqlite_lib_version().split("."))) < OLDEST_SQLITE:
        raise StoreError(
            Words(
                f"SQLite {apsw.sqlite_lib_version()} 在预写日志模式下可能丢失已提交的数据。",
                f"SQLite {apsw.sqlite_lib_version()} can lose a commit in write-ahead-log mode.",
            ),
            hint=Words("请安装 apsw 3.51.3 或更新版本。", "Install apsw 3.51.3 or newer."),
        )
    db.set_busy_timeout(5000)
    db.execute(f"PRAGMA page_size={PAGE_BYTES}")
    mode = db.execute("PRAGMA journal_mode=WAL").get
    if mode != "wal":
        raise StoreError(
            Words(
                f"SQLite 无法在此使用预写日志（返回 {mode}）。",
                f"SQLite cannot keep a write-ahead log here (it says {mode}).",
            ),
            hint=Words("请使用本地磁盘。", "Use a local disk."),
        )
    db.execute(f"PRAGMA synchronous=FULL; PRAGMA journal_size_limit={LOG_LIMIT_BYTES}; PRAGMA cache_size=-65536")
    db.wal_autocheckpoint(CHECKPOINT_PAGES)


def refuse_network_filesystem(path: Path, mounts: Path = Path("/proc/mounts")) -> None:
    """Raises ``StoreError`` where the folder's mount is a network file system."""
    kind = filesystem_of(path.parent.resolve(), mounts)
    if kind in NETWORK_FILESYSTEMS:
        raise StoreError(
            Words(
                f"事件库 {path} 位于网络文件系统（{kind}）上，可能因此损毁。",
                f"The event store {path} would lie on a network file system ({kind}), where it can be destroyed.",
            ),
            hint=Words("请将数据目录放在本地磁盘。", "Put the home on a local disk."),
        )


def filesystem_of(folder: Path, mounts: Path) -> str:
    """The type of the mount that holds the folder; empty where the system does not tell."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        words = line.split(" ")
        if len(words) < 3:
            continue
        point = Path(words[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), words[2]
    return kind
