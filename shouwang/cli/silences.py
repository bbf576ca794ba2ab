"""``shouwang silences add|preview|list|end``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.alerts import held_counts
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

MATCH = "rule、severity、tag、asset、host.name、user.name、source.ip … = 值 / name=value; again for more"


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "silences", "静默：暂不打扰，照常计数 / silences: no bell, no incident, exact counts")
    adding = verb(verbs, "add", add, "新设静默，须有理由和期限 / a silence, with a reason and an end")
    _meaning(adding)
    adding.add_argument("--reason", required=True, metavar="TEXT", help="理由 / why")
    ending = adding.add_mutually_exclusive_group(required=True)
    ending.add_argument("--for", dest="until", metavar="SPAN", help="8h, 3d")
    ending.add_argument("--until", metavar="TIME", help="2026-11-24T18:00")
    adding.add_argument("--from", dest="starts", default="", metavar="TIME", help="默认现在 / default: now")
    _meaning(verb(verbs, "preview", preview, "过去 24 小时会压制多少 / what it would have held in the last 24 hours"))
    listing = verb(verbs, "list", list_silences, "现有静默及其压制的数量 / silences and what they hold")
    listing.add_argument("--all", action="store_true", help="含已结束的 / also those that are over")
    verb(verbs, "end", end, "立即结束 / end one now").add_argument("id", metavar="S-N")


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
    print(f"{answer['id']}  {answer.time('from')} .. {answer.time('until')}  {answer['what']}")
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


def list_silences(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("silences.list", over=args.all)
    if args.json:
        print_json(result)
        return 0
    print_holds(args, Answer(result).parts("silences"))
    return 0


def end(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("silences.end", id=args.id)
    print_ended(args, Answer(result))
    return 0


def print_holds(args: argparse.Namespace, holds: list[Answer]) -> None:
    """Silences or maintenance windows."""
    say = words(args)
    states = {"active": say("生效", "active"), "planned": say("计划", "planned"), "over": say("结束", "over")}
    headings = (
        say("编号", "id"),
        say("状态", "state"),
        say("开始", "from"),
        say("结束", "until"),
        say("告警", "alerts"),
        say("记录", "events"),
        say("负责人", "owner"),
        say("范围", "what"),
        say("理由", "reason"),
    )
    rows = [
        (
            each["id"],
            states.get(each["state"], each["state"]),
            each.time("from"),
            each.time("until") + (say("（每周）", " (weekly)") if each.flag("weekly") else ""),
            each.part("held")["alerts"],
            each.part("held")["events"],
            each["owner"],
            each["what"],
            each["reason"],
        )
        for each in holds
    ]
    if rows:
        table(headings, rows)
    else:
        print(say("没有。", "None."))


def print_ended(args: argparse.Namespace, answer: Answer) -> None:
    if args.json:
        print_json(answer.fields)
        return
    say = words(args)
    held = held_counts(answer.part("held"), say)
    print(say(f"{answer['id']} 已结束，期间压制 {held}。", f"{answer['id']} has ended; it held {held}."))
    if answer.part("held").number("alerts"):
        print(f"shouwang alerts list --held-by {answer['id']}")
