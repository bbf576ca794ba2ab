"""``home.id``: which databases a home has had, and the id that they bear. A lost one is not silently made again.

``claim`` stands before the databases are opened, ``join`` after. A home of before ``home.id`` has both databases and
gets its id then; so does a database that was restored from a backup of that time.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shouwang.errors import StoreError, UsageError
from shouwang.home import HOME_ID, Home
from shouwang.words import Words

DATABASES: Final[Mapping[str, Words]] = {
    "state": Words("告警、事件、审批和审计记录", "alerts, incidents, approvals and the audit trail"),
    "events": Words("日志、匹配和接收台账", "events, matches and the ledger"),
}
"""Name as in ``--new-database`` -> what is in it."""

_TAKEN_UP: Final = Words(
    "如无备份，可由已封存的分段（segments/）重建，其后的日志由来源重新送达：",
    "Without one, it is made again from the sealed segments, and sources deliver again what came after them:",
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the home is known to be before its databases are open."""

    home: Home
    id: str
    """Empty: not known yet; the databases may know it."""
    anew: frozenset[str]
    """Databases that a person asked for in place of lost ones."""
    paths: Mapping[str, Path]
    """Name as in ``DATABASES`` -> its file."""


def claim(home: Home, anew: Iterable[str] = (), *, in_cluster: bool = False) -> Claim:
    """The caller holds the home's lock. ``anew``: what may be made although it was there once. ``in_cluster``: events
    are kept in Elasticsearch, and on this host there is the spool.

    Raises ``StoreError`` where a database is missing that the home has had, ``UsageError`` to begin anew what is there.
    """
    paths = {"state": home.state, "events": home.spool if in_cluster else home.events}
    asked, there = frozenset(anew), frozenset(name for name in DATABASES if _is_there(paths[name]))
    for name in sorted(asked):
        _refuse_remains(paths[name])
    id, had = _read(home)
    if not id:
        had = frozenset(DATABASES) if there else frozenset()
    if lost := had - there - asked:
        if "events" in lost and _is_there(home.events if in_cluster else home.spool):
            raise _elsewhere(home, in_cluster=in_cluster)
        raise _lost(home, [paths[name] for name in sorted(lost)], sorted(lost))
    if not id and not there:
        id = secrets.token_hex(16)
        _write(home, id, frozenset())
    return Claim(home, id, asked & had, paths)


def join(claim: Claim, found: Mapping[str, str]) -> str:
    """The home's id. ``found``: each database -> the id that it bears, empty for none yet.

    Raises ``StoreError`` for a database of another home.
    """
    id = claim.id or next((each for each in found.values() if each), "") or secrets.token_hex(16)
    for name, borne in found.items():
        if borne and borne != id:
            raise StoreError(
                Words(
                    f"{claim.paths[name]} 属于另一个数据目录（{borne}，此处为 {id}）。未改动。",
                    f"{claim.paths[name]} belongs to another home ({borne}; this one is {id}). It was left so.",
                ),
                hint=Words(
                    f"请从同一份备份一并恢复 state.db、{claim.paths['events'].name} 和 {HOME_ID}。",
                    f"Restore state.db, {claim.paths['events'].name} and {HOME_ID} together, from one backup.",
                ),
            )
    return id


def keep(claim: Claim, id: str) -> None:
    """Both databases bear the id now."""
    if _read(claim.home) != (id, frozenset(DATABASES)):
        _write(claim.home, id, frozenset(DATABASES))


def _refuse_remains(path: Path) -> None:
    """A log of the lost one would be read into the new one."""
    for each in (path, path.with_name(f"{path.name}-wal")):
        if _is_there(each):
            raise UsageError(
                Words(f"{each} 尚在，不会另建。", f"{each} is there: it is not begun anew."),
                hint=Words(
                    f"请先移走 {path.name}（连同 -wal、-shm）。",
                    f"Move it away first: {path.name}, with its -wal and -shm.",
                ),
            )


def _is_there(path: Path) -> bool:
    """An empty file is none, and a log (``-wal``) alone is none: a database has its first page once it is opened."""
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        return False


def _elsewhere(home: Home, *, in_cluster: bool) -> UsageError:
    """The other kind of store has this home's events."""
    begin = "`shouwang up --new-database events`"
    if in_cluster:
        return UsageError(
            Words(
                f"store.url 指向 Elasticsearch，但此数据目录的日志在 {home.events}。",
                f"store.url names Elasticsearch, but this home's events are in {home.events}.",
            ),
            hint=Words(
                f"请先迁移：`shouwang store migrate`；或另建，从现有读取位置继续：{begin}。",
                f"Move them first: `shouwang store migrate`; or begin there, from where sources were read to: {begin}.",
            ),
        )
    return UsageError(
        Words(
            "此数据目录的日志在 Elasticsearch，但未设 store.url。",
            "This home's events are in Elasticsearch, but store.url is not set.",
        ),
        hint=Words(f"请设回 store.url；或在本机另建：{begin}。", f"Set store.url again; or begin here: {begin}."),
    )


def _lost(home: Home, paths: list[Path], names: list[str]) -> StoreError:
    files = " + ".join(path.name for path in paths)
    held = Words("；".join(DATABASES[name].zh for name in names), "; ".join(DATABASES[name].en for name in names))
    begin = "shouwang up " + " ".join(f"--new-database {name}" for name in names)
    sealed = "events" in names and any((home.path / "segments").glob("*/*.parquet"))
    without = _TAKEN_UP if sealed else Words("若决意舍弃其内容、重新开始：", "To begin anew without what it held:")
    return StoreError(
        Words(
            f"{home.path} 中缺少 {files}（{held.zh}），此目录以前有过。没有另建。",
            f"{files} ({held.en}) is missing from {home.path}, which had it. Nothing was made in its place.",
        ),
        hint=Words(
            f"请从最近的备份恢复（连同 -wal）。{without.zh}`{begin}`",
            f"Restore it from the last backup, with its -wal. {without.en} `{begin}`",
        ),
    )


def _read(home: Home) -> tuple[str, frozenset[str]]:
    """Id and databases; empty where there is no file."""
    path = home.path / HOME_ID
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return str(kept["id"]), frozenset(str(name) for name in kept["databases"]) & frozenset(DATABASES)
    except FileNotFoundError:
        return "", frozenset()
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise StoreError(
            Words(f"无法读取 {path}：{wrong}。", f"Cannot read {path}: {wrong}."),
            hint=Words(
                "请从备份恢复；若 state.db 和 events.db 都在，移走它即可重建。",
                "Restore it from the backup; where state.db and events.db are there, move it away: it is made again.",
            ),
        ) from wrong


def _write(home: Home, id: str, databases: frozenset[str]) -> None:
    path = home.path / HOME_ID
    draft = path.with_name(f".{HOME_ID}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            draft.chmod(0o600)
            json.dump({"id": id, "databases": sorted(databases)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as wrong:
        draft.unlink(missing_ok=True)
        raise StoreError(
            Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
            hint=Words("磁盘是否已满？", "Is the disk full?"),
        ) from wrong
