"""What keeps the journal fit: days dropped, checkpoints, and what a person should know."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Final, cast

import apsw

from shouwang.errors import StoreError
from shouwang.eventstore.base import DayLedger, Facts, Part, RetentionFloor
from shouwang.eventstore.embedded.database import LOG_LIMIT_BYTES, Database
from shouwang.eventstore.embedded.growth import growth
from shouwang.eventstore.embedded.ledger import close_days, read_ledger
from shouwang.eventstore.embedded.room import Room
from shouwang.eventstore.embedded.segments import manifest
from shouwang.model import Finding, Level
from shouwang.retention import FLOOR_DAYS, first_free
from shouwang.timespan import day_of, midnight_us
from shouwang.words import Words

_SHORT_DAYS: Final = 14


def forget_day(
    database: Database, zone: tzinfo, day: date, *, now_us: int, changed: Callable[[apsw.Connection], None]
) -> list[DayLedger]:
    """The day's events, matches and ledger, in one transaction; the ledger as it was.

    ``changed`` is called inside the transaction that changes the manifest. The files go when nobody reads them.
    """
    start, end = (midnight_us(at, zone) for at in (day, day + timedelta(days=1)))
    with database.writing() as db:
        gone = read_ledger(db, day)
        db.execute("DELETE FROM event WHERE received_us >= ? AND received_us < ?", (start, end))
        db.execute("DELETE FROM match WHERE received_us >= ? AND received_us < ?", (start, end))
        db.execute("DELETE FROM ledger WHERE day = ?", (day.isoformat(),))
        db.execute("DELETE FROM ledger_drop WHERE day = ?", (day.isoformat(),))
        manifest.bury(db, [each.path for each in manifest.of_day(db, day.isoformat())], now_us)
        changed(db)
    return gone


def refuse_to_drop(day: date, today: date, held: str) -> None:
    free = first_free(day)
    if today < free:
        raise RetentionFloor(
            Words(
                f"{day} 的日志必须留存：法律要求不少于六个月（{FLOOR_DAYS} 天）。",
                f"The events of {day} must be kept: the law asks for six months ({FLOOR_DAYS} days).",
            ),
            hint=Words(f"{free} 起可以删除。", f"They may go on {free}."),
        )
    if held:
        raise RetentionFloor(
            Words(f"{day} 的日志受封存令 {held} 约束。", f"The events of {day} are under the legal hold {held}."),
            hint=Words(f"解除：`shouwang store release {held}`", f"To end it: `shouwang store release {held}`"),
        )


def maintain(database: Database, zone: tzinfo, now_us: int, budget_s: float) -> list[str]:
    done: list[str] = []
    until = time.monotonic() + budget_s
    with database.writing() as db:
        closed = close_days(db, day_of(now_us, zone))
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


def parts(db: apsw.Connection, path: Path, zone: tzinfo, day: date) -> list[Part]:
    """Segments, then the rows of the journal."""
    start, end = (midnight_us(at, zone) for at in (day, day + timedelta(days=1)))
    found = [Part(each.path, each.rows, each.size_bytes, each.sha256) for each in manifest.of_day(db, day.isoformat())]
    rows, size = cast(
        "tuple[int, float]",
        db.execute(
            "SELECT count(*), total(length(raw)) FROM event WHERE seq > ? AND received_us >= ? AND received_us < ?",
            (manifest.sealed_to(db), start, end),
        ).fetchall()[0],
    )
    return [*found, Part(path.name, rows, int(size))] if rows else found


def facts(database: Database, room: Room, keep_days: int, today: date) -> Facts:
    with database.reading() as db:
        ledger = read_ledger(db)
        newest = cast("int | None", db.execute("SELECT max(seq) FROM event").get) or 0
        unsealed = max(newest - manifest.sealed_to(db), 0)
        sealed_us = manifest.sealed_us(db)
    try:
        taken, free = taken_bytes(database.path), room.free_bytes()
    except OSError:  # ``health`` says it
        taken, free = 0, 0
    seen = growth(ledger, taken, free, keep_days)
    return Facts(
        bytes=taken,
        free_bytes=free,
        bytes_a_day=seen.bytes_a_day,
        full_on=seen.full_on(today),
        sealed_us=sealed_us,
        unsealed=unsealed,
        reserved_bytes=room.reserved_bytes,
        paused=room.paused,
    )


# ------------------------------------------------------------------------------------------- health


def health(database: Database, room: Room, keep_days: int, today: date) -> list[Finding]:
    """What is wrong or will be; empty when nothing is."""
    try:
        with database.reading() as db:
            ledger = read_ledger(db)
    except StoreError as error:
        return [Finding(Level.BROKEN, error.message, error.hint)]
    found = space(database.path, ledger, room, keep_days, today)
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


def taken_bytes(path: Path) -> int:
    """By the events on the disk: the journal, its log, and the segments beside it."""
    found = path.stat().st_size + log_bytes(path)
    for folder, _, names in os.walk(path.parent / manifest.FOLDER):
        for name in names:
            with suppress(FileNotFoundError):
                found += (Path(folder) / name).stat().st_size
    return found


def space(path: Path, ledger: list[DayLedger], room: Room, keep_days: int, today: date) -> list[Finding]:
    """Room now, and until when it lasts."""
    try:
        free, taken = room.free_bytes(), taken_bytes(path)
    except OSError as error:
        what = Words(f"无法读取事件库所在磁盘：{error}。", f"The event store's disk cannot be asked: {error}.")
        return [Finding(Level.BROKEN, what, Words("磁盘是否已挂载？", "Is it mounted?"))]
    if room.tight():
        return [_little_room(free)]
    seen = growth(ledger, taken, free, keep_days)
    if seen.days_left is None or seen.days_left >= _SHORT_DAYS:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words(
                f"事件库所在磁盘约 {seen.days_left} 天后（{seen.full_on(today)}）写满："
                f"剩余 {free >> 20} MiB，每天增长 {seen.bytes_a_day >> 20} MiB。",
                f"The event store's disk is full in about {seen.days_left} days, on {seen.full_on(today)}:"
                f" {free >> 20} MiB left, {seen.bytes_a_day >> 20} a day.",
            ),
            Words("请扩容，或减少接入的日志。", "Add space, or receive less."),
        )
    ]


def _little_room(free: int) -> Finding:
    return Finding(
        Level.BROKEN,
        Words(f"事件库所在磁盘仅剩 {free >> 20} MiB。", f"The event store's disk has {free >> 20} MiB left."),
        Words(
            "请立即腾出空间：再少就暂停接收，各来源等待，直到空间恢复。",
            "Make room now: with less nothing more is received, and the sources wait until there is room.",
        ),
    )


def log_bytes(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0
