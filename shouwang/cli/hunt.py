"""``shouwang hunt RULE|DIR...``: rules and indicators over stored history, until it is done.

Matches on stdout, one JSON object or one line each; progress and numbers on stderr. Interrupted, it can be resumed;
a terminal that is lost lets it go on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from shouwang.cli.answer import Answer, counted, print_json_line
from shouwang.cli.options import connected, verb, words
from shouwang.cli.terminal import shown, table
from shouwang.client import Caller
from shouwang.errors import BY_KIND, ShouwangError, UsageError
from shouwang.model import Value
from shouwang.words import Words, many

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

FULL: Final = "ended early: too many matches, or no room on the disk"
POLL_S: Final = 0.2
PAGE: Final = 500
NAMED: Final = ("host.name", "user.name", "source.ip", "process.executable", "file.path", "url.original")
"""Fields shown on a line for a person."""


def add_parser(subparsers: Subparsers) -> None:
    text = "在已存日志中狩猎：规则文件、目录、已加载规则的编号，或情报集 / rules and indicators over stored history"
    parser = verb(subparsers, "hunt", hunt, text)
    parser.add_argument(
        "rules", nargs="*", metavar="RULE|DIR", help="规则文件、目录或编号 / a file, a folder, or a loaded rule's id"
    )
    parser.add_argument("--intel", action="append", metavar="NAME", default=[], help="情报集 / a set of indicators")
    parser.add_argument(
        "--pipeline",
        action="append",
        metavar="FILE",
        default=[],
        type=Path,
        help="pySigma 处理管道 / for the rule files",
    )
    parser.add_argument("--since", default="30d", metavar="TIME", help="24h, 30d, 2026-11-24, RFC 3339 (default: 30d)")
    parser.add_argument("--until", metavar="TIME")
    parser.add_argument("--resume", metavar="HUNT", help="继续中断的狩猎 / go on with one that was interrupted")
    parser.add_argument("--alerts", action="store_true", help="将匹配转为告警与事件 / make alerts of what is found")
    parser.add_argument(
        "--read-all",
        action="store_true",
        help="不按已存字段筛选，全部读取 / read every event, whatever its columns say",
    )


def hunt(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        if args.resume:
            Answer(daemon.call("hunt.resume", id=args.resume))
            return follow(args, daemon, args.resume)
        return follow(args, daemon, _start(args, daemon))


def _start(args: argparse.Namespace, daemon: Caller) -> str:
    """Files are read here, with the caller's own rights, and handed over in one."""
    from shouwang.rulearchive import pack  # noqa: PLC0415  # only a hunt needs it

    files = [Path(each) for each in args.rules if Path(each).exists()]
    said: dict[str, Value] = {
        "asked": [str(Path(each).resolve()) if Path(each).exists() else each for each in args.rules]
        + [f"intel:{each}" for each in args.intel],
        "ids": [each for each in args.rules if not Path(each).exists()],
        "intel": list(args.intel),
        "since": args.since,
        "narrowing": not args.read_all,
        **({"until": args.until} if args.until else {}),
    }
    if not files:
        if args.pipeline:
            raise UsageError(
                Words("--pipeline 只用于规则文件。", "--pipeline is for rule files."),
                hint=Words("已加载的规则已映射。", "Loaded rules are mapped already."),
            )
        return Answer(daemon.call("hunt.start", **said))["id"]
    with tempfile.TemporaryFile() as archive:
        pack(files, archive, args.pipeline)
        archive.flush()
        return Answer(daemon.call_with_file("hunt.start", archive.fileno(), **said))["id"]


def follow(args: argparse.Namespace, daemon: Caller, id: str) -> int:
    """What it finds, as it is found. Interrupted, the hunt is stopped."""
    say = words(args)
    print(f"{say('狩猎', 'hunt')} {id}", file=sys.stderr)
    after = 0
    try:
        while True:
            answer = Answer(daemon.call("hunt.show", id=id))
            after = print_matches(args, daemon, id, after)
            _progress(args, answer)
            if answer["state"] != "running":
                break
            time.sleep(POLL_S)
    except KeyboardInterrupt:
        daemon.call("hunt.stop", id=id)
        print(f"\n{say('已停止；继续：', 'stopped; go on:')} shouwang hunt --resume {id}", file=sys.stderr)
        raise
    print_matches(args, daemon, id, after)
    return _ended(args, daemon, answer)


def print_matches(args: argparse.Namespace, daemon: Caller, id: str, after: int, *, correlated: bool = False) -> int:
    """Those there are from ``after`` on; where they end."""
    while True:
        answer = Answer(daemon.call("hunt.matches", id=id, after=after, limit=PAGE, correlated=correlated))
        items = answer.parts("items")
        for each in items:
            if args.json:
                print_json_line({"kind": "correlation" if correlated else "match", **each.fields})
            else:
                print(_correlated_line(args, each) if correlated else _line(each))
        after = int(answer.number("next"))
        if not items:
            return after


def _line(match: Answer) -> str:
    fields = match.part("fields")
    named = " ".join(f"{name}={fields[name]}" for name in NAMED if fields.fields.get(name) is not None)
    return f"{match['time']}  {match['level'].upper():<13}  {match['title']}  {match['source']}  {named}".rstrip()


def _correlated_line(args: argparse.Namespace, alert: Answer) -> str:
    group = " ".join(alert.texts("group"))
    number = counted(alert)
    count = words(args)(f"{number} 条", f"events {number}")
    return f"{alert['first']}  {alert['level'].upper():<13}  {alert['title']}  {group}  {count}, {alert['last']}"


def _progress(args: argparse.Namespace, answer: Answer) -> None:
    """One line that is written over, on a terminal alone."""
    if not sys.stderr.isatty():
        return
    text = "" if answer["state"] != "running" else numbers(args, answer)
    if text and not answer.number("took_s"):
        text = words(args)("正在准备……", "getting ready ...")
    print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def numbers(args: argparse.Namespace, answer: Answer) -> str:
    say = words(args)
    passed, total, took_s = answer.number("passed"), answer.number("total"), answer.number("took_s")
    rate = passed / took_s if took_s else 0
    read = answer.number("read") / passed if passed else 0
    left = f", {say('剩余', 'left')} {(total - passed) / rate:.0f} s" if rate and passed < total else ""
    return (
        f"{passed:,.0f} / {total:,.0f} {say('条记录', 'events')}, {say('读取', 'read')} {read:.1%}, "
        f"{say('匹配', 'matches')} {answer.number('matches'):,.0f}, {took_s:.1f} s, {rate:,.0f}/s{left}"
    )


def _ended(args: argparse.Namespace, daemon: Caller, answer: Answer) -> int:
    say, id = words(args), answer["id"]
    shown_all = Answer(daemon.call("hunt.show", id=id))
    if answer["state"] == "failed":
        raise _failure(answer)
    if answer.number("correlations"):
        print_matches(args, daemon, id, 0, correlated=True)
    print(numbers(args, shown_all), file=sys.stderr)
    print_refused(args, shown_all)
    print_by_rule(args, shown_all, sys.stderr)
    if answer["state"] in ("stopped", "full"):
        why = (
            say("已停止", "stopped") if answer["state"] == "stopped" else say("匹配过多或磁盘空间不足，提前结束", FULL)
        )
        print(f"{why}: shouwang hunt --resume {id}", file=sys.stderr)
        return 1
    if args.alerts:
        put = Answer(daemon.call("hunt.alerts", id=id)).number("matches")
        handed = f"{many(put, 'match', 'matches')} handed to alerting"
        print(say(f"{put:.0f} 条匹配已交告警处理", handed), file=sys.stderr)
    return 0


def _failure(answer: Answer) -> ShouwangError:
    return BY_KIND.get(answer["kind"], ShouwangError)(str(answer.fields.get("why", "")))


def print_refused(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    for refused in answer.texts("refused"):
        print(f"{say('拒绝', 'refused')}: {shown(refused)}", file=sys.stderr)
    if answer.number("evicted"):
        print(
            f"{say('关联规则放弃的事件', 'events that correlations had no room for')}: {answer['evicted']}",
            file=sys.stderr,
        )
    for rule, times in answer.part("faults").fields.items():
        print(f"{say('规则故障', 'rule fault')}: {shown(rule)} ({shown(times)})", file=sys.stderr)


def print_by_rule(args: argparse.Namespace, answer: Answer, out: TextIO | None = None) -> None:
    say, rows = words(args), answer.parts("by_rule")
    if rows:
        headings = (say("匹配", "matches"), say("级别", "level"), say("规则", "rule"), say("标题", "title"))
        listed = [(each["count"], each["level"], each["rule_id"], each["title"]) for each in rows]
        table(headings, listed, out)
