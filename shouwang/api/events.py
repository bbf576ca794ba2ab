"""Acts on events: search, follow, count."""

from __future__ import annotations

from pydantic import Field

from shouwang.api.context import Args, Context, Json
from shouwang.errors import UsageError
from shouwang.eventjson import event_json
from shouwang.eventstore.base import Position
from shouwang.flows.fieldnames import require_known
from shouwang.lucene import parse
from shouwang.model import Value
from shouwang.query import All, Node, Query, predicate
from shouwang.words import Words

LONGEST = 20_000


class CountArgs(Args):
    query: str = Field(default="", max_length=LONGEST)
    since: str = "24h"
    until: str | None = None
    by: str | None = None
    bucket_s: int | None = Field(default=None, ge=1)
    top: int = Field(default=20, ge=1, le=10_000)


class SearchArgs(Args):
    query: str = Field(default="", max_length=LONGEST)
    since: str = "24h"
    until: str | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    after: str | None = None
    """``next`` of the answer before."""
    newest_first: bool = True


class TailArgs(Args):
    query: str = Field(default="", max_length=LONGEST)
    after: str | None = None
    """``next`` of the answer before; absent: only what arrives from now on."""
    limit: int = Field(default=100, ge=1, le=1000)
    """Of how many events the query is asked: that many at most are given."""


def search(context: Context, args: SearchArgs) -> Json:
    query = _query(context, args.query, args.since, args.until)
    after = Position(args.after) if args.after is not None else None
    page = context.services.events.read(query, newest_first=args.newest_first, after=after, limit=args.limit)
    events: list[Value] = [event_json(event, context.zone) for event in page.items]
    return {"events": events, "next": page.next.token if page.next else None, "narrowed": page.narrowed}


def tail(context: Context, args: TailArgs) -> Json:
    """``more``: others wait after ``next``, whether or not one of these was asked for."""
    store, wanted = context.services.events, predicate(_node(context, args.query))
    after = store.end("events") if args.after is None else Position(args.after)
    page = store.tail("events", after, args.limit)
    events: list[Value] = [event_json(event, context.zone) for event in page.items if wanted(event)]
    return {"events": events, "next": (page.next or after).token, "more": len(page.items) == args.limit}


def count(context: Context, args: CountArgs) -> Value:
    query = _query(context, args.query, args.since, args.until)
    found = context.services.events.count(query, by=args.by, bucket_s=args.bucket_s, top=args.top)
    if args.by is not None and not any(each.key for each in found):
        require_known(args.by)
    return [{"key": each.key, "count": each.count, "approximate": each.approximate} for each in found]


def _node(context: Context, text: str) -> Node:
    return parse(text, zone=context.zone) if text.strip() else All()


def _query(context: Context, text: str, since: str, until: str | None) -> Query:
    node = _node(context, text)
    from_us = context.since_us(since)
    if until is None:
        return Query(node, from_us)
    to_us = context.since_us(until)
    if to_us <= from_us:
        raise UsageError(
            Words(f"{until!r} 不晚于 {since!r}。", f"{until!r} is not after {since!r}."),
            hint=Words("since 为起始时间，until 为结束时间。", "since is where the time begins, until where it ends."),
        )
    return Query(node, from_us, to_us)
