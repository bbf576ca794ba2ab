"""Acts on the event store itself: what it is, sealing, verifying, archives, legal holds, what has gone."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from datetime import date
from typing import Final

from pydantic import Field

from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.archive import Entry, entry_of
from shouwang.errors import ShouwangError, UsageError
from shouwang.eventstore.base import DayLedger, Facts, Fault
from shouwang.model import Value
from shouwang.retention import LegalHold
from shouwang.statestore.keeping import Deletion
from shouwang.words import Words

_NAME: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class DaysArgs(Args):
    days: list[str] = Field(default_factory=list, max_length=4000)
    """Receipt days; empty: all."""


class ExportArgs(Args):
    day: str
    format: str = Field(default="jsonl", pattern="^(jsonl|parquet)$")


class ImportArgs(Args):
    timezone: str
    """Whose days the archive's files are."""
    entry: dict[str, object]
    """One of the manifest's files."""


class HoldArgs(Args):
    name: str
    first: str
    last: str = ""
    """Empty: without an end."""
    reason: str = Field(min_length=1, max_length=1000)


class ReleaseArgs(Args):
    name: str
    reason: str = Field(min_length=1, max_length=1000)


class ListArgs(Args):
    limit: int = Field(default=200, ge=1, le=4000)


def status(context: Context, args: NoArgs) -> Json:
    """The store's facts, the days it has, and the holds."""
    days = sorted({row.day for row in context.services.events.days()})
    with context.services.state.reading() as tables:
        holds = tables.legal_holds.all()
    return {
        **said(context, context.services.events.facts(context.now_us())),
        "keep_days": context.services.config.store.keep_days,
        "days": len(days),
        "oldest_day": days[0].isoformat() if days else None,
        "newest_day": days[-1].isoformat() if days else None,
        "holds": [_hold(context, each) for each in holds],
    }


def said(context: Context, facts: Facts) -> Json:
    return {
        "bytes": facts.bytes,
        "free_bytes": facts.free_bytes,
        "bytes_a_day": facts.bytes_a_day,
        "full_on": facts.full_on.isoformat() if facts.full_on else None,
        "sealed_until": context.optional_time(facts.sealed_us),
        "unsealed": facts.unsealed,
        "reserved_bytes": facts.reserved_bytes,
        "paused": facts.paused,
    }


def seal(context: Context, args: NoArgs) -> Json:
    done: list[Value] = list(context.services.events.seal(context.now_us()))
    context.note("store.seal", "", {"done": done})
    return {"done": done, **said(context, context.services.events.facts(context.now_us()))}


def verify(context: Context, args: DaysArgs) -> Json:
    """Audited: when what was verified, and how it was found."""
    days = [_day(each) for each in args.days]
    found = context.services.events.verify(days, lambda _said: _go_on(context))
    counts: Json = {"days": found.days, "parts": found.parts, "events": found.events, "bytes": found.bytes}
    context.note("store.verify", ", ".join(args.days[:10]), {**counts, "faults": len(found.faults)})
    return {**counts, "ok": not found.faults, "faults": [_fault(context, each) for each in found.faults]}


def export(context: Context, args: ExportArgs) -> Json:
    """One day into the file that came with the request; gives its entry for the manifest."""
    day, file = _day(args.day), context.required_file()
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise UsageError(Words("归档须写入普通文件。", "An archive is written to a regular file."))
    if not any(row.day == day for row in context.services.events.days()):
        raise UsageError(
            Words(f"没有 {day} 的日志。", f"There is nothing of {day}."),
            hint=Words("`shouwang store days` 列出各日。", "`shouwang store days` lists the days."),
        )
    made = context.services.events.export(day, args.format, file, lambda _said: _go_on(context))
    ledger = {row.source: _booked(row) for row in context.services.events.days() if row.day == day}
    entry = Entry(day, args.format, made.sha256, made.size, made.events, made.bytes, made.sources, ledger)
    about: Json = {"format": args.format, "events": made.events, "bytes": made.bytes, "sha256": made.sha256}
    context.note("store.export", args.day, about)
    return entry.plain()


def import_archive(context: Context, args: ImportArgs) -> Json:
    """Audited before and after: events and audit trail are two databases."""
    file = context.required_file()
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise UsageError(Words("归档须为普通文件。", "An archive is a regular file."))
    here = context.services.config.site.timezone
    if args.timezone != here:
        raise UsageError(
            Words(
                f"归档按 {args.timezone:.80} 分日，此处为 {here}。",
                f"The archive's days are those of {args.timezone:.80}; here they are those of {here}.",
            ),
            hint=Words("请导入到相同时区的数据目录。", "Import it into a home with the same time zone."),
        )
    entry = entry_of(args.entry)
    about: Json = {"sha256": entry.sha256, "events": entry.events, "bytes": entry.bytes}
    context.note("store.import", entry.name, about)
    taken = context.services.archives.take(entry, file, lambda _said: _go_on(context), context.lang)
    counts: Json = {
        "events": taken.events,
        "stored": taken.stored,
        "already": taken.events - taken.stored - taken.refused,
        "refused": taken.refused,
        "drops": taken.drops,
    }
    context.note("store.import.done", entry.name, counts)
    return counts


def hold(context: Context, args: HoldArgs) -> Json:
    if not _NAME.fullmatch(args.name):
        raise UsageError(
            Words(f"封存令名称 {args.name!r:.80} 不可用。", f"A hold cannot be called {args.name!r:.80}."),
            hint=Words("只用字母、数字和 . _ -，最多 64 个。", "Letters, digits, . _ - only, at most 64."),
        )
    first, last = _day(args.first), _day(args.last) if args.last else date.max
    if last < first:
        raise UsageError(Words(f"{last} 早于 {first}。", f"{last} is before {first}."))
    made = LegalHold(args.name, first, last, args.reason, context.user, context.now_us())
    detail: Json = {"first": args.first, "last": args.last or None, "reason": args.reason}
    with context.act("store.hold", args.name, detail) as tx:
        if not tx.legal_holds.put(made):
            raise UsageError(
                Words(f"已有封存令 {args.name}。", f"There is a hold called {args.name}."),
                hint=Words("请换一个名称。", "Choose another name."),
            )
    return _hold(context, made)


def release(context: Context, args: ReleaseArgs) -> Json:
    with context.services.state.reading() as tables:
        found = next((each for each in tables.legal_holds.all() if each.name == args.name), None)
    if found is None:
        raise UsageError(
            Words(f"没有封存令 {args.name!r:.80}。", f"There is no hold called {args.name!r:.80}."),
            hint=Words("`shouwang store status` 列出全部。", "`shouwang store status` lists them."),
        )
    held = _hold(context, found)
    with context.act("store.release", args.name, {"hold": held, "reason": args.reason}) as tx:
        tx.legal_holds.remove(args.name)
    return held


def deletions(context: Context, args: ListArgs) -> Json:
    with context.services.state.reading() as tables:
        found = tables.deletions.newest(args.limit)
    return {"deletions": [_deletion(context, each) for each in found]}


# ------------------------------------------------------------------------------------------ its words


def _hold(context: Context, hold: LegalHold) -> Json:
    return {
        "name": hold.name,
        "first": hold.first.isoformat(),
        "last": None if hold.last == date.max else hold.last.isoformat(),
        "reason": hold.reason,
        "by": hold.by,
        "made": context.time(hold.made_us),
    }


def _deletion(context: Context, deletion: Deletion) -> Json:
    return {
        "number": deletion.number,
        "day": deletion.day.isoformat(),
        "begun": context.time(deletion.begun_us),
        "done": context.optional_time(deletion.done_us),
        "dropped": deletion.dropped,
        **deletion.body,
    }


def _fault(context: Context, fault: Fault) -> Json:
    return {
        "what": context.say(fault.what),
        "part": fault.part,
        "day": fault.day.isoformat() if fault.day else None,
        "source": fault.source,
    }


def _booked(row: DayLedger) -> Mapping[str, Value]:
    return {"received": row.received, "stored": row.stored, "dropped": dict(row.dropped)}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            Words(f"{text!r:.40} 不是日期。", f"{text!r:.40} is no day."),
            hint=Words("可写 2026-11-24。", "Write 2026-11-24."),
        ) from None


def _go_on(context: Context) -> None:
    running = context.services.running
    if running is not None and running.stopping():
        raise ShouwangError(Words("守护进程正在停止。", "The daemon ends."))
