"""Acts on sets of indicators."""

from __future__ import annotations

import os
import stat
from pathlib import PurePath
from typing import Literal

from pydantic import Field

from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.errors import ShouwangError, UsageError
from shouwang.flows.intelligence import in_language
from shouwang.words import Words

_DAY_US = 86_400_000_000


class AddArgs(Args):
    name: str = Field(min_length=1, max_length=63)
    path: str = Field(min_length=1, max_length=4096)
    """What the caller calls the file: shown, never opened. The file itself comes open with the request."""
    format: Literal["auto", "csv", "stix", "misp"] = "auto"
    source: str = Field(default="", max_length=200)
    confidence: int | None = Field(default=None, ge=0, le=100)
    """Of indicators that say none themselves."""
    days: int = Field(default=90, ge=1, le=3650)
    """After which indicators end that name no end themselves: no set is for ever."""


class NameArgs(Args):
    name: str = Field(min_length=1, max_length=63)


class TestArgs(Args):
    value: str = Field(min_length=1, max_length=4096)


def add(context: Context, args: AddArgs) -> Json:
    """Audited before and after: the set is a file beside the databases."""
    given = context.required_file()
    about = os.fstat(given)
    if not stat.S_ISREG(about.st_mode):
        raise UsageError(
            Words(f"{args.path} 不是普通文件。", f"{args.path} is no regular file."),
            hint=Words("请先存成文件。", "Write it into a file first."),
        )
    said: Json = {
        "file": args.path,
        "bytes": about.st_size,
        "source": args.source,
        "confidence": args.confidence,
        "days": args.days,
    }
    context.note("intel.add", args.name, said)
    result = context.services.intelligence.add(
        args.name,
        given,
        format=args.format,
        source=args.source or PurePath(args.path).name,
        confidence=args.confidence,
        until_us=context.now_us() + args.days * _DAY_US,
        lang=context.lang,
        told=lambda _said: _go_on(context),
    )
    context.note("intel.add.done", args.name, result)
    return {"name": args.name, **in_language(result, context.lang)}


def list_sets(context: Context, args: NoArgs) -> Json:
    sets = [context.services.intelligence.described(head.name) for head in context.services.intelligence.heads()]
    return {"sets": [_timed(context, in_language(each, context.lang)) for each in sets]}


def show(context: Context, args: NameArgs) -> Json:
    return _timed(context, in_language(context.services.intelligence.described(args.name), context.lang))


def test(context: Context, args: TestArgs) -> Json:
    """What an event with this value would meet, expired indicators too."""
    read_as, found = context.services.intelligence.ask(args.value)
    return {"value": args.value, "read_as": read_as, "found": [_timed(context, each) for each in found]}


def remove(context: Context, args: NameArgs) -> Json:
    described = context.services.intelligence.described(args.name)
    context.note("intel.remove", args.name, described)
    context.services.intelligence.remove(args.name)
    return {"name": args.name, "removed": True}


def _timed(context: Context, said: Json) -> Json:
    """With times as text."""
    times = {key: value for key, value in said.items() if key.endswith("_us") and isinstance(value, int)}
    shown: Json = {key.removesuffix("_us"): context.optional_time(value) for key, value in times.items()}
    return {key: value for key, value in said.items() if key not in times} | shown


def _go_on(context: Context) -> None:
    running = context.services.running
    if running is not None and running.stopping():
        raise ShouwangError(Words("守护进程正在停止。", "The daemon ends."))
