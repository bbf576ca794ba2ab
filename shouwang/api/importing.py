"""Bringing in a file that the caller opened."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from functools import partial
from typing import Literal, NoReturn

from pydantic import Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import ShouwangError, UsageError
from shouwang.wiring import Services
from shouwang.words import Words


class ImportArgs(Args):
    name: str = Field(min_length=1, max_length=4096)
    """What the caller calls the file: shown as its path, never opened."""
    format: str | None = None
    """A parser or reader; absent: looked at."""
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    """Of text records."""


def import_records(context: Context, args: ImportArgs) -> Json:
    """Audited before and after: events and audit trail are two databases."""
    given = context.required_file()
    about = os.fstat(given)
    if not stat.S_ISREG(about.st_mode):
        raise UsageError(
            Words(f"{args.name} 不是普通文件。", f"{args.name} is no regular file."),
            hint=Words("请先存成文件：导入时可能读取两遍。", "Write it into a file first: it may be read twice."),
        )
    form = args.format or "auto"
    context.note("import", args.name, {"format": form, "bytes": about.st_size})
    with os.fdopen(os.dup(given), "rb") as file:
        importer = replace(context.services.new_importer(partial(_go_on, context.services)), encoding=args.encoding)
        result = importer.run(file, args.name, form, about.st_mtime_ns // 1000)
    if result.damaged and not result.records:
        _refuse(args.name, result.damaged[0])
    _alert(context.services)
    counts: Json = {
        "records": result.records,
        "stored": result.stored,
        "dropped": dict(result.dropped),
        "already": result.already,
        "completed": result.completed,
        "damaged": [said.en for said in result.damaged],
    }
    context.note("import.done", args.name, counts)
    return {**counts, "damaged": [context.say(said) for said in result.damaged]}


def _refuse(name: str, why: Words) -> NoReturn:
    raise UsageError(
        Words(f"{name} 中没有可读的记录：{why.zh}。", f"{name} holds no record that can be read: {why.en}."),
        hint=Words(
            "若确为日志，请用 --format 指明格式。", "If it is a log all the same, say its format with --format."
        ),
    )


def _go_on(services: Services, _records: int) -> None:
    """What was brought in so far is stored; the same file goes on behind it."""
    if services.running is not None and services.running.stopping():
        raise ShouwangError(
            Words("守护进程正在停止。", "The daemon ends."),
            hint=Words(
                "稍后重新导入该文件即可，会从中断处继续。", "Import the file again later: it goes on where it was."
            ),
        )


def _alert(services: Services) -> None:
    """The daemon's thread is told; without a daemon it is done here."""
    if services.running is not None:
        services.alerting.notify()
        return
    while services.alerting.step().matches:
        pass
