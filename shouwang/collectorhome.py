"""A collector's home: settings, rules, and what is on its way. A file in it says so, and what it has had."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from shouwang.errors import StoreError, UsageError
from shouwang.home import MARK_OF_COLLECTOR, Home
from shouwang.words import Words


@dataclass(frozen=True, slots=True)
class CollectorHome:
    """``begin`` before the spool is opened, ``keep`` after. The caller holds the home's lock."""

    home: Home

    def begin(self, *, anew: bool) -> str:
        """The id. ``anew``: a spool may be made in place of a lost one. Raises ``StoreError``, ``UsageError``."""
        kept = self._read()
        spool = self.home.spool
        if anew and _is_there(spool):
            raise UsageError(
                Words(f"{spool} 尚在，不会另建。", f"{spool} is there: it is not begun anew."),
                hint=Words("请先移走它（连同 -wal、-shm）。", "Move it away first, with its -wal and -shm."),
            )
        if kept is None:
            id = secrets.token_hex(16)
            self._write(id, had=False)
            return id
        id, had = kept
        if had and not anew and not _is_there(spool):
            raise StoreError(
                Words(
                    f"{spool}（待传日志和读取位置）缺失，此目录以前有过。没有另建。",
                    f"{spool} (what waits, and how far sources were read) is missing. Nothing was made in its place.",
                ),
                hint=Words(
                    "请从备份恢复（连同 -wal）。无备份时：`shouwang collect --new-spool`，来源将从头送达，会有重复。",
                    "Restore it with its -wal. Without a backup: `shouwang collect --new-spool`; sources deliver again "
                    "what they still have, and that is stored twice.",
                ),
            )
        return id

    def keep(self, id: str) -> None:
        """The spool is there from now on."""
        if self._read() != (id, True):
            self._write(id, had=True)

    def _read(self) -> tuple[str, bool] | None:
        path = self.home.path / MARK_OF_COLLECTOR
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return str(kept["id"]), bool(kept["spool"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            raise StoreError(
                Words(f"无法读取 {path}：{wrong}。", f"Cannot read {path}: {wrong}."),
                hint=Words("请从备份恢复。", "Restore it from the backup."),
            ) from wrong

    def _write(self, id: str, *, had: bool) -> None:
        path = self.home.path / MARK_OF_COLLECTOR
        draft = path.with_name(f".{MARK_OF_COLLECTOR}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8") as file:
                draft.chmod(0o600)
                json.dump({"id": id, "spool": had}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as wrong:
            draft.unlink(missing_ok=True)
            raise StoreError(
                Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
                hint=Words("磁盘是否已满？", "Is the disk full?"),
            ) from wrong


def refuse_daemons(home: Home) -> None:
    """Raises ``UsageError`` where a daemon has kept its state."""
    if home.drill or _is_there(home.state) or _is_there(home.events):
        raise UsageError(
            Words(
                f"{home.path} 是值守守护进程的数据目录，不能用作采集端。",
                f"{home.path} is the home of a daemon that correlates, not a collector's.",
            ),
            hint=Words("请用 --home 指定另一个目录。", "Give --home another folder."),
        )


def refuse_without_cluster(url: str) -> None:
    """Raises ``UsageError``."""
    if not url:
        raise UsageError(
            Words(
                "采集端须有 Elasticsearch 集群，但未设 store.url。",
                "A collector brings events into an Elasticsearch cluster, and store.url names none.",
            ),
            hint=Words(
                "首次启动：`shouwang collect --store URL`；只有一台主机时用 `shouwang up`。",
                "On the first start: `shouwang collect --store URL`. With one host alone: `shouwang up`.",
            ),
        )


def _is_there(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False
