"""``shouwang maintenance add|list|end``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.holds import add_list_and_end, add_times, print_made
from shouwang.cli.options import connected, nouns, verb

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
    add_times(adding, reason="作业内容 / which works", span="2h")
    adding.add_argument("--weekly", action="store_true", help="每周重复，须有 --last / every week; needs --last")
    adding.add_argument("--last", default="", metavar="DAY", help="此后不再重复 / none begins from then on")
    add_list_and_end(verbs, "maintenance", listing="现有维护窗口 / windows and what they hold", letter="M")


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
    print_made(Answer(result))
    return 0
