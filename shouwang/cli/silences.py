"""``shouwang silences add|preview|list|end``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.alerts import held_counts
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.holds import add_list_and_end, add_times, print_made
from shouwang.cli.options import connected, nouns, verb, words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

MATCH = "rule、severity、tag、asset、host.name、user.name、source.ip … = 值 / name=value; again for more"


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "silences", "静默：暂不打扰，照常计数 / silences: no bell, no incident, exact counts")
    adding = verb(verbs, "add", add, "新设静默，须有理由和期限 / a silence, with a reason and an end")
    _meaning(adding)
    add_times(adding, reason="理由 / why", span="8h, 3d")
    _meaning(verb(verbs, "preview", preview, "过去 24 小时会压制多少 / what it would have held in the last 24 hours"))
    add_list_and_end(verbs, "silences", listing="现有静默及其压制的数量 / silences and what they hold", letter="S")


def _meaning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--alert", default="", metavar="ALERT", help="与此告警同类的 / what is like this alert")
    parser.add_argument("--match", action="append", default=[], metavar="NAME=VALUE", help=MATCH)


def add(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call(
            "silences.add",
            match=args.match,
            alert=args.alert,
            reason=args.reason,
            until=args.until,
            starts=args.starts,
        )
    if args.json:
        print_json(result)
        return 0
    answer = Answer(result)
    print_made(answer)
    _print_preview(args, answer)
    return 0


def preview(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("silences.preview", match=args.match, alert=args.alert)
    if args.json:
        print_json(result)
        return 0
    answer = Answer(result)
    print(answer["what"])
    _print_preview(args, answer)
    return 0


def _print_preview(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    counts = held_counts(answer.part("would_have_held"), say)
    print(say(f"过去 24 小时会压制 {counts}。", f"In the last 24 hours it would have held {counts}."))
