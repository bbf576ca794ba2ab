"""``shouwang search QUERY``."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, parts, print_json, print_json_line
from shouwang.cli.options import at_least, connected, verb, words
from shouwang.cli.terminal import fitted, table
from shouwang.client import Caller
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

PAGE = 1000
POLL_S = 0.5
SINCE = "24h"
EVER = "0001-01-02"
"""Before every record."""


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(subparsers, "search", search, "检索日志 / search the events (Lucene; docs/reference/query.md)")
    parser.add_argument("query", metavar="QUERY", nargs="?", default="")
    parser.add_argument("--since", metavar="TIME", help="24h, 7d, 2026-11-24, RFC 3339 (default: 24h)")
    parser.add_argument("--until", metavar="TIME")
    parser.add_argument("--limit", type=at_least(0), default=100, help="0: 全部 / all")
    parser.add_argument("--oldest-first", action="store_true")
    parser.add_argument("--count", action="store_true", help="只计数 / only count")
    parser.add_argument("--by", metavar="FIELD", help="按字段计数，如 source.ip / count by this field")
    parser.add_argument("--top", type=at_least(1), default=20)
    parser.add_argument("--follow", action="store_true", help="持续输出新到的记录 / new events as they arrive")


def search(args: argparse.Namespace) -> int:
    if args.follow:
        return _follow(args)
    with connected(args) as daemon:
        if args.count or args.by:
            return _count(args, daemon)
        return _list(args, daemon)


def _tell_of_older(args: argparse.Namespace, daemon: Caller) -> None:
    """Where nothing was found in a time that nobody asked for: imported records are older than it, as a rule."""
    if args.since or args.until:
        return
    say = words(args)
    print(say("最近 24 小时内没有。", "None in the last 24 h."), file=sys.stderr)
    older = Answer(daemon.call("events.search", query=args.query, since=EVER, until=SINCE, limit=PAGE))
    found = older.parts("events")
    if found:
        count, oldest = (
            f"{len(found)}{'+' if older.fields.get('next') is not None else ''}",
            found[-1]["@timestamp"][:10],
        )
        print(say(f"更早的有 {count} 条：", f"{count} older: ") + f"--since {oldest}", file=sys.stderr)


def _span(args: argparse.Namespace) -> dict[str, Value]:
    until: dict[str, Value] = {"until": args.until} if args.until else {}
    return {"query": args.query, "since": args.since or SINCE, **until}


def _list(args: argparse.Namespace, daemon: Caller) -> int:
    """Page by page. With ``--json`` one event a line, so that any number passes."""
    left, nothing = args.limit or None, True
    after: dict[str, Value] = {}
    while left is None or left > 0:
        page = PAGE if left is None else min(left, PAGE)
        result = daemon.call("events.search", limit=page, newest_first=not args.oldest_first, **_span(args), **after)
        answer = Answer(result)
        found = answer.parts("events")
        _print(args, found)
        nothing = nothing and not found
        if answer["narrowed"]:
            print(answer["narrowed"])
        left = None if left is None else left - len(found)
        if answer.fields.get("next") is None or not found:
            break
        after = {"after": answer.fields["next"]}
    if nothing:
        _tell_of_older(args, daemon)
    return 0


def _print(args: argparse.Namespace, events: list[Answer]) -> None:
    for event in events:
        if args.json:
            print_json_line(dict(event.fields))
        else:
            print(fitted(f"{event['@timestamp'][:26]}  {event['event.dataset']}  {event['event.original']}"))


def _count(args: argparse.Namespace, daemon: Caller) -> int:
    by: dict[str, Value] = {"by": args.by} if args.by else {}
    result = daemon.call("events.count", top=args.top, **_span(args), **by)
    if not any(each.number("count") for each in parts(result)):
        _tell_of_older(args, daemon)
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    rows = [
        (f"{'~' if each.flag('approximate') else ''}{each['count']}", each["key"] or say("合计", "total"))
        for each in parts(result)
    ]
    table((say("条数", "count"), args.by or ""), rows)
    return 0


def _follow(args: argparse.Namespace) -> int:
    """Until interrupted. Of a daemon only: without one nothing arrives."""
    if args.count or args.by or args.until or args.oldest_first:
        raise UsageError(
            Words(
                "--follow 不能与 --count、--by、--until、--oldest-first 同用。",
                "--follow does not go with --count, --by, --until or --oldest-first.",
            ),
            hint=Words("请去掉其中之一。", "Leave one of them out."),
        )
    after: dict[str, Value] = {}
    with connected(args, alone=False) as daemon:
        while True:
            answer = Answer(daemon.call("events.tail", query=args.query, limit=PAGE, **after))
            _print(args, answer.parts("events"))
            sys.stdout.flush()
            after = {"after": answer.fields.get("next")}
            if not answer.flag("more"):
                time.sleep(POLL_S)
