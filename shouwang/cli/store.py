"""``shouwang store``: what the event store holds, sealing and verifying it, archives, legal holds, what has gone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli import store_archive, store_migrate, store_role
from shouwang.cli.answer import Answer, parts, print_json
from shouwang.cli.options import at_least, connected, nouns, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

FAULTY = 1
"""Of ``verify``: something is not as it was stored."""


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "store", "存储：留存、核验、归档 / the event store: keeping, proving, archives")
    verb(verbs, "status", status, "大小、日期、写满预计、封存令 / size, days, when the disk is full, holds")
    verb(verbs, "days", days, "每日每来源台账 / the ledger: what was received, stored and dropped, by day and source")
    verb(verbs, "seal", seal, "立即封存已接收的日志 / seal now what was received")
    verifying = verb(verbs, "verify", verify, "读回全部日志，与台账核对 / read all back and hold it against the ledger")
    verifying.add_argument("--day", action="append", default=[], metavar="DAY", help="只核验此日 / only this day")
    store_archive.add_parsers(verbs)
    holding = verb(verbs, "hold", hold, "封存令：所列日期的日志不得删除 / a legal hold: these days are not dropped")
    holding.add_argument("name", metavar="NAME")
    which = holding.add_mutually_exclusive_group(required=True)
    which.add_argument("--day", metavar="DAY", help="仅此日 / this day alone")
    which.add_argument("--from", dest="first", metavar="DAY", help="自此日起 / from this day on")
    holding.add_argument("--until", dest="last", default="", metavar="DAY", help="至此日 / default: no end")
    holding.add_argument("--reason", required=True, metavar="TEXT")
    releasing = verb(verbs, "release", release, "解除封存令 / end a legal hold")
    releasing.add_argument("name", metavar="NAME")
    releasing.add_argument("--reason", required=True, metavar="TEXT")
    gone = verb(verbs, "deletions", deletions, "删除记录 / the days that have gone, and what they were")
    gone.add_argument("--limit", type=at_least(1), default=200, metavar="N")
    store_migrate.add_parsers(verbs)
    store_role.add_parsers(verbs)


def status(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.status"))
    if args.json:
        print_json(answer.fields)
        return 0
    say = words(args)
    free = f"{answer.number('free_bytes') / 1e9:.1f} GB {say('可用', 'free')}"
    print(f"{say('大小', 'size')}: {answer.number('bytes') / 1e6:.1f} MB, {free}")
    span = f"{answer['oldest_day'] or '-'} – {answer['newest_day'] or '-'}"
    kept = say(f"留存 {answer['keep_days']} 天", f"kept {answer['keep_days']} days")
    print(f"{say('日期', 'days')}: {answer['days']} ({span}), {kept}")
    print(f"{say('每天增长', 'grows')}: {answer.number('bytes_a_day') / 1e6:.1f} MB; {_full(args, answer)}")
    unsealed = say(f"未封存 {answer['unsealed']} 条", f"{answer['unsealed']} events not yet")
    print(f"{say('已封存至', 'sealed until')}: {answer.time('sealed_until') or '-'}, {unsealed}")
    print(f"{say('预留', 'reserve')}: {answer.number('reserved_bytes') / 1e6:.0f} MB")
    if answer.flag("paused"):
        print("! " + say("空间不足，暂停接收。", "Too little room: nothing is received."))
    for each in answer.parts("holds"):
        print(f"{say('封存令', 'hold')} {_held(args, each)}")
    return 0


def _full(args: argparse.Namespace, answer: Answer) -> str:
    say = words(args)
    if not answer.number("bytes_a_day"):
        return say("何时写满尚不可知", "too early to say when the disk is full")
    if answer["full_on"]:
        return say(f"预计 {answer['full_on']} 写满", f"full on {answer['full_on']}")
    return say(f"足够留存 {answer['keep_days']} 天", f"room enough for {answer['keep_days']} days")


def _held(args: argparse.Namespace, hold: Answer) -> str:
    last = hold["last"] or words(args)("无终止", "no end")
    return f"{hold['name']}: {hold['first']} – {last}  {hold['by']}  {hold.time('made')}  {hold['reason']}"


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


def seal(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.seal"))
    if args.json:
        print_json(answer.fields)
        return 0
    say = words(args)
    for done in answer.texts("done"):
        print(done)
    if not answer.texts("done"):
        print(say("没有需要封存的。", "There was nothing to seal."))
    print(f"{say('已封存至', 'sealed until')}: {answer.time('sealed_until') or '-'}")
    return 0


def verify(args: argparse.Namespace) -> int:
    """1 when something is not as it was stored."""
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.verify", days=args.day))
    if args.json:
        print_json(answer.fields)
    else:
        _print_verified(args, answer)
    return 0 if answer.flag("ok") else FAULTY


def _print_verified(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    counts = say(
        f"{answer['days']} 天，{answer['parts']} 个分段，{answer['events']} 条",
        f"{answer['days']} days, {answer['parts']} segments, {answer['events']} events",
    )
    print(f"{say('已核验', 'verified')}: {counts}, {answer.number('bytes') / 1e6:.1f} MB")
    for fault in answer.parts("faults"):
        place = "  ".join(text for text in (fault["part"], fault["day"], fault["source"]) if text)
        print(f"! {place}: {fault['what']}")
    if answer.flag("ok"):
        print(say("与台账一致，无改动。", "All is as it was stored, and adds up to the ledger."))
    else:
        print(say("请从备份恢复所列文件，再核验一次。", "Restore these files from the backup and verify again."))


def hold(args: argparse.Namespace) -> int:
    first, last = (args.day, args.day) if args.day else (args.first, args.last)
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.hold", name=args.name, first=first, last=last, reason=args.reason))
    if args.json:
        print_json(answer.fields)
    else:
        print(f"{words(args)('已封存', 'held')} {_held(args, answer)}")
    return 0


def release(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.release", name=args.name, reason=args.reason))
    if args.json:
        print_json(answer.fields)
    else:
        print(f"{words(args)('已解除', 'released')} {_held(args, answer)}")
    return 0


def deletions(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        answer = Answer(daemon.call("store.deletions", limit=args.limit))
    if args.json:
        print_json(answer.fields)
        return 0
    say = words(args)
    rows = [
        (
            each["day"],
            each.time("done") or say("进行中", "under way"),
            say("已删除", "dropped") if each.flag("dropped") else say("未删除", "kept"),
            sum(int(row.number("stored")) for row in each.parts("sources")),
            len(each.parts("parts")),
            each["why"],
        )
        for each in answer.parts("deletions")
    ]
    headings = (say("日期", "day"), say("时间", "at"), say("结果", "result"), say("条数", "events"))
    table((*headings, say("分段", "parts"), say("原因", "why")), rows)
    return 0
