"""What keeps the journal fit: days dropped, checkpoints, and what a person should know."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

import apsw

from shouwang.errors import StoreError
from shouwang.eventstore.base import DayLedger, RetentionFloor
from shouwang.eventstore.embedded.database import LOG_LIMIT_BYTES, Database
from shouwang.eventstore.embedded.ledger import close_days, read_ledger
from shouwang.model import Finding, Level
from shouwang.timespan import EPOCH
from shouwang.words import Words

FLOOR_DAYS: Final = 184
"""Network logs are kept at least six months (网络安全法, 2017: art. 21): six months have at most 184 days."""

LEAST_FREE_BYTES: Final = 256 << 20
_SHORT_DAYS: Final = 14


def today(zone: tzinfo, now_us: int) -> date:
    return (EPOCH + timedelta(microseconds=now_us)).astimezone(zone).date()


def drop_day(database: Database, zone: tzinfo, day: date, now_us: int) -> list[DayLedger]:
    """The day's events, matches and ledger, in one transaction; the ledger as it was."""
    first_free = day + timedelta(days=FLOOR_DAYS + 1)
    if today(zone, now_us) < first_free:
        raise RetentionFloor(
            Words(
                f"{day} 的日志必须留存：法律要求不少于六个月（{FLOOR_DAYS} 天）。",
                f"The events of {day} must be kept: the law asks for six months ({FLOOR_DAYS} days).",
            ),
            hint=Words(f"{first_free} 起可以删除。", f"They may go on {first_free}."),
        )
    start, end = (_midnight(at, zone) for at in (day, day + timedelta(days=1)))
    with database.writing() as db:
        gone = read_ledger(db, day)
        db.execute("DELETE FROM event WHERE received_us >= ? AND received_us < ?", (start, end))
        db.execute("DELETE FROM match WHERE received_us >= ? AND received_us < ?", (start, end))
        db.execute("DELETE FROM ledger WHERE day = ?", (day.isoformat(),))
        db.execute("DELETE FROM ledger_drop WHERE day = ?", (day.isoformat(),))
    return gone


def _midnight(day: date, zone: tzinfo) -> int:
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (local.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def maintain(database: Database, zone: tzinfo, now_us: int, budget_s: float) -> list[str]:
    done: list[str] = []
    until = time.monotonic() + budget_s
    with database.writing() as db:
        closed = close_days(db, today(zone, now_us))
    if closed:
        done.append(f"closed the ledger of {', '.join(closed)}")
    if time.monotonic() < until and log_bytes(database.path) > 0:
        done += _checkpoint(database)
    if time.monotonic() < until:
        with database.keeping() as db:
            db.execute("PRAGMA analysis_limit=400; PRAGMA optimize")
    return done


def _checkpoint(database: Database) -> list[str]:
    """Without waiting for readers: what one of them still needs stays in the log until the next time, and is said."""
    with database.keeping() as db:
        db.set_busy_timeout(0)
        try:
            frames, moved = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            frames, moved = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            return [f"moved {moved} of {frames} pages out of the write-ahead log; a reader needs the rest"]
        finally:
            db.set_busy_timeout(5000)
    return []


# ------------------------------------------------------------------------------------------- health


def health(database: Database) -> list[Finding]:
    """What is wrong or will be; empty when nothing is."""
    try:
        with database.reading() as db:
            ledger = read_ledger(db)
    except StoreError as error:
        return [Finding(Level.BROKEN, error.message, error.hint)]
    found = space(database.path, ledger)
    pending = log_bytes(database.path)
    if pending > 4 * LOG_LIMIT_BYTES:
        found.append(
            Finding(
                Level.DEGRADED,
                Words(
                    f"事件库的预写日志已达 {pending >> 20} MiB。",
                    f"The write-ahead log of the event store has {pending >> 20} MiB.",
                ),
                Words(
                    "有一项检索长时间未结束，占住了它；检索结束后会自行缩小。",
                    "A search that never ends holds it; it shrinks when that search is over.",
                ),
            )
        )
    return found


def check(database: Database) -> list[Finding]:
    """Read the whole file and look for damage; minutes on a large one."""
    try:
        with database.reading() as db:
            said = [str(row[0]) for row in db.execute("PRAGMA quick_check(5)")]
    except StoreError as error:
        return [Finding(Level.BROKEN, error.message, error.hint)]
    if said == ["ok"]:
        return []
    return [
        Finding(
            Level.BROKEN,
            Words(
                f"事件库 {database.path} 已损坏：{'；'.join(said)}",
                f"The event store {database.path} is damaged: {'; '.join(said)}",
            ),
            Words(
                "请停止守护进程，将该文件连同 -wal 一并另存，再恢复最近的备份。",
                "Stop the daemon, copy the file and its -wal aside together, and restore the newest backup.",
            ),
        )
    ]


def space(path: Path, ledger: list[DayLedger]) -> list[Finding]:
    """Free space now, and how many days it lasts at the pace of the last seven days that received anything."""
    try:
        disk = os.statvfs(path.parent)
        size = path.stat().st_size
    except OSError as error:
        what = Words(f"无法读取事件库所在磁盘：{error}。", f"The event store's disk cannot be asked: {error}.")
        return [Finding(Level.BROKEN, what, Words("磁盘是否已挂载？", "Is it mounted?"))]
    free = disk.f_bavail * disk.f_frsize
    if free < LEAST_FREE_BYTES:
        return [
            Finding(
                Level.BROKEN,
                Words(f"事件库所在磁盘仅剩 {free >> 20} MiB。", f"The event store's disk has {free >> 20} MiB left."),
                Words(
                    "请立即腾出空间：磁盘写满后不再接收日志。", "Make room now: without space nothing more is received."
                ),
            )
        ]
    by_day: dict[date, int] = {}
    for row in ledger:
        by_day[row.day] = by_day.get(row.day, 0) + row.bytes
    whole = sorted(by_day)[-8:-1]
    kept = sum(by_day.values())
    if not whole or not kept:
        return []
    grows = size / kept * sum(by_day[day] for day in whole) / len(whole)
    days = int(free / grows) if grows >= 1 else _SHORT_DAYS
    if days >= _SHORT_DAYS:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"事件库所在磁盘约 {days} 天后写满：剩余 {free >> 20} MiB，每天增长 {int(grows) >> 20} MiB。",
                f"The event store's disk is full in about {days} days: {free >> 20} MiB left,"
                f" {int(grows) >> 20} a day.",
            ),
            Words("请扩容，或减少接入的日志。", "Add space, or receive less."),
        )
    ]


def log_bytes(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0
