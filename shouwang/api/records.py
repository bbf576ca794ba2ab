"""Acts on what the system keeps about itself: the audit trail, the day ledger."""

from __future__ import annotations

import json

from pydantic import Field

from shouwang.api.context import Args, Context, Json, NoArgs
from shouwang.audit import Entry
from shouwang.bilingual import in_language
from shouwang.model import Value


class ListArgs(Args):
    limit: int = Field(default=200, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


def audit_list(context: Context, args: ListArgs) -> Json:
    total, found = context.services.state.trail.list(limit=args.limit, offset=args.offset)
    return {"total": total, "entries": [_entry(context, each) for each in found]}


def audit_verify(context: Context, args: NoArgs) -> Json:
    with context.services.state.reading() as tables:
        entries, broken = tables.trail.verify()
    first: Json | None = {"seq": broken.seq, "why": context.say(broken.why)} if broken else None
    return {"entries": entries, "ok": broken is None, "first_broken": first}


def days(context: Context, args: NoArgs) -> Value:
    return [
        {
            "day": each.day.isoformat(),
            "source": each.source,
            "received": each.received,
            "stored": each.stored,
            "dropped": dict(each.dropped),
            "bytes": each.bytes,
            "digest": each.digest,
        }
        for each in context.services.events.days()
    ]


def _entry(context: Context, entry: Entry) -> Json:
    return {
        "seq": entry.seq,
        "at": context.time(entry.at_us),
        "actor": entry.actor,
        "role": entry.role,
        "act": entry.act,
        "target": entry.target,
        "detail": detail_value(entry.detail, context.lang),
        "hash": entry.hash,
    }


def detail_value(text: str, lang: str) -> Value:
    """Its titles in ``lang``. As text where somebody has damaged it; ``audit.verify`` tells."""
    try:
        found: Value = json.loads(text)
    except ValueError:
        return text
    return in_language(found, lang) if isinstance(found, dict) else found
