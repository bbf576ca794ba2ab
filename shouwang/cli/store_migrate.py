"""``shouwang store migrate``: all events to the other kind of store, while the daemon goes on."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, verb, words
from shouwang.client import NotRunning

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

LOOK_S: Final = 1.0
PATIENCE_S: Final = 120.0
"""The daemon starts anew for the switch."""


def add_parsers(verbs: Subparsers) -> None:
    parser = verb(verbs, "migrate", migrate, "迁移全部日志到另一种存储 / all events to the other kind of store")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--to", metavar="URL|embedded", help="集群地址，或 embedded / a cluster's address, or embedded")
    what.add_argument("--status", action="store_true", help="进度 / how far it is")
    what.add_argument("--cancel", action="store_true", help="取消，原存储不变 / call it off; the old store stays")
    parser.add_argument("--store-ca", metavar="FILE", help="集群证书的 CA（PEM）/ who signed its certificates")
    parser.add_argument("--store-credentials", metavar="FILE", help="凭据文件（0600）/ credentials, mode 0600")
    parser.add_argument("--dry-run", action="store_true", help="只说明要迁移什么 / only say what would be moved")
    parser.add_argument("--detach", action="store_true", help="开始后即返回 / do not wait for the end")


def migrate(args: argparse.Namespace) -> int:
    if args.status or args.cancel:
        with connected(args) as daemon:
            answer = Answer(daemon.call("store.migration" if args.status else "store.migrate.cancel"))
        if args.json:
            print_json(answer.fields)
        elif args.cancel:
            say = words(args)
            print(say("已取消，原存储仍在使用：", "Called off; the old store goes on. It was: ") + answer["cancelled"])
        else:
            _print(args, answer)
        return 0
    answer = _begin(args)
    if args.dry_run or args.detach or not answer.flag("runs"):
        if args.json:
            print_json(answer.fields)
        elif not args.dry_run and not answer.flag("runs"):
            print(words(args)("守护进程启动后开始：`shouwang up`。", "It begins when a daemon runs: `shouwang up`."))
        return 0
    return _follow(args)


def _begin(args: argparse.Namespace) -> Answer:
    paths = [str(Path(each).absolute()) if each else "" for each in (args.store_ca, args.store_credentials)]
    with connected(args) as daemon:
        given = {"to": args.to, "ca": paths[0], "credentials": paths[1], "dry_run": args.dry_run}
        answer = Answer(daemon.call("store.migrate", **given))
    if not args.json and answer.fields.get("needs_bytes") is not None:
        _print_plan(args, answer)
    return answer if "runs" in answer.fields else Answer({**answer.fields, "runs": True})


def _print_plan(args: argparse.Namespace, plan: Answer) -> None:
    say = words(args)
    print(f"{plan['from']} → {plan['to']} {plan['version']}".rstrip())
    print(
        say(
            f"{plan['days']} 天（{plan['first']} – {plan['last']}），{plan['events']} 条",
            f"{plan['days']} days ({plan['first']} – {plan['last']}), {plan['events']} records",
        )
        + f", {plan.number('bytes') / 1e6:.1f} MB"
    )
    needs, free = plan.number("needs_bytes") / 1e6, plan.number("free_bytes") / 1e6
    print(say(f"约需 {needs:.1f} MB，可用 {free:.1f} MB", f"needs about {needs:.1f} MB; {free:.1f} MB are free"))


def _follow(args: argparse.Namespace) -> int:
    said, until = "", time.monotonic() + PATIENCE_S
    while True:
        try:
            with connected(args, alone=False) as daemon:
                answer = Answer(daemon.call("store.migration"))
        except (NotRunning, ConnectionError):
            if time.monotonic() > until:
                raise
        else:
            until = time.monotonic() + PATIENCE_S
            if answer["stage"] in ("", "done"):
                print_json(answer.fields) if args.json else _print(args, answer)
                return 0
            line = _line(args, answer)
            if line != said:
                print(line, file=sys.stderr)
                said = line
        time.sleep(LOOK_S)


def _line(args: argparse.Namespace, answer: Answer) -> str:
    say = words(args)
    if answer["stage"] == "ready":
        return say("即将切换，守护进程重新启动。", "All is ready; the daemon starts anew and switches.")
    days = say(f"{answer['days_moved']}/{answer['days']} 天", f"{answer['days_moved']} of {answer['days']} days")
    size = f"{answer.number('bytes_moved') / 1e6:.1f}/{answer.number('bytes') / 1e6:.1f} MB"
    parts = [days, size, answer["day"]]
    if answer.fields.get("left_s") is not None:
        minutes = answer.number("left_s") / 60
        parts.append(say(f"约剩 {minutes:.0f} 分钟", f"about {minutes:.0f} min left"))
    if answer.parts("faults"):
        parts.append(say(f"{len(answer.parts('faults'))} 处不符", f"{len(answer.parts('faults'))} differ"))
    return "  ".join(part for part in parts if part)


def _print(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    if not answer["stage"]:
        print(say("没有迁移。", "There is no move."))
        return
    print(f"{answer['from']} → {answer['to']}  {answer['by']}  {answer.time('begun')}")
    if answer["stage"] == "done":
        print(say(f"已于 {answer.time('done')} 完成，各日与台账一致。", f"done {answer.time('done')}; all days agree."))
        print(
            say(
                f"原存储保留，不再写入：{answer['kept']}。确认无误后可移除。",
                f"The old store is kept, and not written to any more: {answer['kept']}. Remove it when you are sure.",
            )
        )
        back = "embedded" if answer["from"] == "embedded" else f"{answer['from']} ..."
        print(say(f"迁回：shouwang store migrate --to {back}", f"To go back: shouwang store migrate --to {back}"))
        return
    print(_line(args, answer))
    for each in answer.parts("faults"):
        print(f"! {each['day']}  {each['source']}: {each['what']}")
    if answer["why"]:
        print("! " + say("切换推迟：", "the switch was put off: ") + answer["why"])
