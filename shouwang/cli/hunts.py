"""``shouwang hunts VERB``: those of a home, running or over."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.hunt import numbers, print_by_rule, print_matches, print_refused
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import table
from shouwang.model import Value
from shouwang.words import many

if TYPE_CHECKING:
    from shouwang.cli.options import Run, Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "hunts", "狩猎 / hunts through stored history")
    verb(verbs, "list", list_hunts, "全部狩猎，新的在前 / all, the newest first")
    for name, run, text in (
        ("show", show, "进度与各规则的匹配数 / how far it is, and numbers by rule"),
        ("matches", matches, "全部匹配 / all that it found"),
        ("stop", stop, "停止，之后可继续 / stop it; it can go on later"),
        ("alerts", alerts, "将匹配转为告警与事件 / make alerts of what it found"),
        ("remove", remove, "删除一次狩猎及其结果 / remove one with its results"),
    ):
        _of_one(verbs, name, run, text)


def _of_one(verbs: Subparsers, name: str, run: Run, text: str) -> None:
    verb(verbs, name, run, text).add_argument("id", metavar="HUNT")


def list_hunts(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("hunt.list")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    headings = (
        *(say("编号", "id"), say("状态", "state"), say("开始于", "made"), say("操作人", "by"), say("匹配", "matches")),
        *(say("记录", "events"), say("自", "from"), say("对象", "for")),
    )
    rows = [
        (
            *(each["id"], _state(args, each), each.time("made"), each["by"], each["matches"]),
            *(f"{each['passed']} / {each['total']}", each.time("from"), " ".join(each.texts("asked"))),
        )
        for each in Answer(result).parts("hunts")
    ]
    table(headings, rows)
    return 0


def _state(args: argparse.Namespace, answer: Answer) -> str:
    chinese = {"running": "进行中", "done": "完成", "full": "提前结束", "stopped": "已停止", "failed": "失败"}
    return words(args)(chinese.get(answer["state"], ""), answer["state"])


def show(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("hunt.show", id=args.id)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    print(f"{answer['id']}  {_state(args, answer)}  {answer['by']}  {' '.join(answer.texts('asked'))}")
    print(f"{answer.time('from')} - {answer.time('to') or say('最新', 'the newest')}")
    print(numbers(args, answer))
    print(f"{say('规则', 'rules')} {answer['rules']}, {say('关联规则', 'correlations')} {answer['correlations']}")
    if answer["why"]:
        print(f"! {answer['why']}")
    print_refused(args, answer)
    print_by_rule(args, answer)
    return 0


def matches(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        print_matches(args, daemon, args.id, 0)
        print_matches(args, daemon, args.id, 0, correlated=True)
    return 0


def stop(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("hunt.stop", id=args.id)
    ran = Answer(result).flag("stopped")
    return _done(args, result, "已停止" if ran else "并未在进行", "stopped" if ran else "did not run")


def alerts(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("hunt.alerts", id=args.id)
    number = Answer(result).number("matches")
    handed = f"{many(number, 'match', 'matches')} handed to alerting"
    return _done(args, result, f"{number:.0f} 条匹配已交告警处理", handed)


def remove(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("hunt.remove", id=args.id)
    return _done(args, result, "已删除", "removed")


def _done(args: argparse.Namespace, result: Value, zh: str, en: str) -> int:
    if args.json:
        print_json(result)
    else:
        print(f"{args.id}: {words(args)(zh, en)}")
    return 0
