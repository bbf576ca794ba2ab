"""``shouwang rules list``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "rules", "检测规则 / detection rules")
    verb(verbs, "list", list_rules, "已加载与被拒绝的规则 / the loaded ones, and the refused with the reason")


def list_rules(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("rules.list")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    answer = Answer(result)
    headings = (say("编号", "id"), say("级别", "severity"), say("类别", "kind"), say("标题", "title"))
    table(headings, [(r["id"], r["severity"], r["kind"], r["title"]) for r in answer.parts("rules")])
    for refused in answer.parts("refused"):
        print(f"! {refused['path']}:{refused['line']}: {refused['reason']}")
    return 0
