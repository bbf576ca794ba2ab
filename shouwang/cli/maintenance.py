"""``shouwang maintenance add|list|end``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, nouns, verb
from shouwang.cli.silences import print_ended, print_holds

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "maintenance", "维护窗口：计划内的作业 / maintenance windows: planned works")
    adding = verb(verbs, "add", add, "新设维护窗口 / plan works on a host, an asset, a network")
    adding.add_argument(
        "--match",
        action="append",
        required=True,
        metavar="NAME=VALUE",
        help="asset, host.name, source.ip, destination.ip",
    )
    adding.add_argument("--reason", required=True, metavar="TEXT", help="作业内容 / which works")
    adding.add_argument("--from", dest="starts", default="", metavar="TIME", help="默认现在 / default: now")
    ending = adding.add_mutually_exclusive_group(required=True)
    ending.add_argument("--for", dest="until", metavar="SPAN", help="2h")
    ending.add_argument("--until", metavar="TIME", help="2026-11-24T18:00")
    adding.add_argument("--weekly", action="store_true", help="每周重复，须有 --last / every week; needs --last")
    adding.add_argument("--last", default="", metavar="DAY", help="此后不再重复 / none begins from then on")
    listing = verb(verbs, "list", list_windows, "现有维护窗口 / windows and what they hold")
    listing.add_argument("--all", action="store_true", help="含已结束的 / also those that are over")
    verb(verbs, "end", end, "立即结束 / end one now").add_argument("id", metavar="M-N")


def add(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call(
            "maintenance.add",
            match=args.match,
            reason=args.reason,
            until=args.until,
            starts=args.starts,
            weekly=args.weekly,
            last=args.last,
        )
    if args.json:
        print_json(result)
        return 0
    answer = Answer(result)
    print(f"{answer['id']}  {answer.time('from')} .. {answer.time('until')}  {answer['what']}")
    return 0


def list_windows(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("maintenance.list", over=args.all)
    if args.json:
        print_json(result)
        return 0
    print_holds(args, Answer(result).parts("maintenance"))
    return 0


def end(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("maintenance.end", id=args.id)
    print_ended(args, Answer(result))
    return 0
