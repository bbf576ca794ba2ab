"""``shouwang audit list|verify``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.names import named
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import table
from shouwang.words import many

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "audit", "审计记录 / the audit trail")
    listing = verb(verbs, "list", list_entries, "列出，新的在前 / list, newest first")
    listing.add_argument("--limit", type=int, default=200)
    listing.add_argument("--offset", type=int, default=0)
    verb(verbs, "verify", verify, "检验哈希链；断裂时退出码 1 / check the hash chain; exit 1 when broken")


def list_entries(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("audit.list", limit=args.limit, offset=args.offset)
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    headings = ("#", say("时间", "at"), say("何人", "actor"), say("角色", "role"), say("操作", "act"))
    rows = [
        (
            each["seq"],
            each.time("at"),
            each["actor"],
            named(args, each["role"]),
            each["act"],
            each["target"] or "-",
            _detail(each),
        )
        for each in Answer(result).parts("entries")
    ]
    table((*headings, say("对象", "target"), say("内容", "detail")), rows)
    return 0


def _detail(entry: Answer) -> str:
    return json.dumps(entry.fields.get("detail"), ensure_ascii=False)


def verify(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("audit.verify")
    answer = Answer(result)
    if args.json:
        print_json(result)
    elif answer.flag("ok"):
        entries = many(answer.number("entries"), "entry", "entries")
        print(words(args)(f"{answer['entries']} 条，完整", f"{entries}, whole"))
    else:
        broken = answer.part("first_broken")
        print(
            words(args)(f"第 {broken['seq']} 条起断裂: {broken['why']}", f"broken at {broken['seq']}: {broken['why']}")
        )
    return 0 if answer.flag("ok") else 1
