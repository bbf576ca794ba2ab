"""``shouwang store status|days``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, parts, print_json
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "store", "存储 / the event store")
    verb(verbs, "status", status, "大小与最早日期 / size and oldest day")
    verb(verbs, "days", days, "每日每来源台账 / the ledger: what was received, stored and dropped, by day and source")


def status(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        answer = Answer(daemon.call("status"))
    found = {"store": answer.fields.get("store"), "today": answer.fields.get("today")}
    if args.json:
        print_json(found)
        return 0
    say = words(args)
    store, today = answer.part("store"), answer.part("today")
    print(f"{say('大小', 'size')}: {store.number('bytes') / 1e6:.1f} MB")
    print(f"{say('最早', 'oldest day')}: {store['oldest_day'] or '-'}")
    print(f"{say('今日', 'today')}: {today['received']} = {today['stored']} + {today.counts('dropped') or '0'}")
    return 0


def days(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("store.days")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    headings = (say("日期", "day"), say("接收", "received"), say("入库", "stored"), say("字节", "bytes"))
    rows = [
        (each["day"], each["received"], each["stored"], each["bytes"], each.counts("dropped") or "0", each["source"])
        for each in parts(result)
    ]
    table((*headings, say("丢弃", "dropped"), say("来源", "source")), rows)
    return 0
