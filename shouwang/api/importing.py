"""Bringing in a file that the caller opened."""

from __future__ import annotations

from pydantic import Field

from shouwang.api.context import Args, Context, Json
from shouwang.model import Value


class ImportArgs(Args):
    name: str = Field(min_length=1, max_length=4096)
    """What the caller calls the file: shown as its path, never opened."""
    format: str | None = None
    """A parser or reader; absent: looked at."""


def import_records(context: Context, args: ImportArgs) -> Json:
    """Audited before and after: events and audit trail are two databases."""
    services = context.services
    file = context.required_file()
    said: Json = {"format": args.format or "auto"}
    _note(context, "import", args.name, said)
    result = services.import_file(file, args.name, args.format or "auto")
    counts: Json = {
        "records": result.records,
        "stored": result.stored,
        "dropped": _counts(result.dropped),
        "already": result.already,
    }
    _note(context, "import.done", args.name, counts)
    return counts


def _note(context: Context, act: str, target: str, detail: Json) -> None:
    store = context.services.state.acting_as(context.role.value)
    with store.act(actor=context.user, act=act, target=target, at_us=context.now_us(), detail=detail):
        pass


def _counts(value: object) -> Value:
    return dict(value) if isinstance(value, dict) else int(str(value))
