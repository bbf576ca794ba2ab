"""What the commands on silences and on maintenance windows share: when, listing, ending."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.alerts import held_counts
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_times(parser: argparse.ArgumentParser, *, reason: str, span: str) -> None:
    """``--reason``, ``--from``, and ``--for`` or ``--until``. ``span``: an example of one."""
    parser.add_argument("--reason", required=True, metavar="TEXT", help=reason)
    parser.add_argument("--from", dest="starts", default="", metavar="TIME", help="默认现在 / default: now")
    ending = parser.add_mutually_exclusive_group(required=True)
    ending.add_argument("--for", dest="until", metavar="SPAN", help=span)
    ending.add_argument("--until", metavar="TIME", help="2026-11-24T18:00")


def add_list_and_end(verbs: Subparsers, noun: str, *, listing: str, letter: str) -> None:
    """``noun``: of the acts; ``letter``: that ids begin with."""
    listed = verb(verbs, "list", lambda args: _list(args, noun), listing)
    listed.add_argument("--all", action="store_true", help="含已结束的 / also those that are over")
    ended = verb(verbs, "end", lambda args: _end(args, noun), "立即结束 / end one now")
    ended.add_argument("id", metavar=f"{letter}-N")


def print_made(answer: Answer) -> None:
    print(f"{answer['id']}  {answer.time('from')} .. {answer.time('until')}  {answer['what']}")


def _list(args: argparse.Namespace, noun: str) -> int:
    with connected(args) as daemon:
        result = daemon.call(f"{noun}.list", over=args.all)
    if args.json:
        print_json(result)
    else:
        _print_all(args, Answer(result).parts(noun))
    return 0


def _end(args: argparse.Namespace, noun: str) -> int:
    with connected(args) as daemon:
        result = daemon.call(f"{noun}.end", id=args.id)
    if args.json:
        print_json(result)
    else:
        _print_ended(args, Answer(result))
    return 0


def _print_all(args: argparse.Namespace, holds: list[Answer]) -> None:
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


def _print_ended(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    held = held_counts(answer.part("held"), say)
    print(say(f"{answer['id']} 已结束，期间压制 {held}。", f"{answer['id']} has ended; it held {held}."))
    if answer.part("held").number("alerts"):
        print(f"shouwang alerts list --held-by {answer['id']}")
