"""``shouwang drills run|list|show``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.bilingual import in_language
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import language, nouns, verb, words
from shouwang.cli.terminal import shown, table
from shouwang.clock import SystemClock
from shouwang.drillscores import played, score_of
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.model import Value
from shouwang.words import Words, many

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

NOT_PASSED = 1


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "drills", "演练 / drills")
    parser = verb(
        verbs,
        "run",
        run,
        "按情景文件演练并评分；未通过时退出码 1 / play a scenario and score it; exit 1 when not passed",
    )
    parser.add_argument("file", metavar="FILE", help="情景文件 / a scenario (docs/how-to/drill.md)")
    parser.add_argument(
        "--speed", type=float, metavar="N", help="N 倍速；默认尽快 / times as fast (default: as fast as possible)"
    )
    verb(verbs, "list", list_drills, "演练过的，新的在前 / those played, the latest first")
    showing = verb(verbs, "show", show, "一次演练的评分 / the score of one")
    showing.add_argument("id", metavar="DRILL")


def run(args: argparse.Namespace) -> int:
    if args.speed is not None and not args.speed > 0:
        raise UsageError(
            Words(f"--speed {args.speed} 无法播放。", f"--speed {args.speed} plays nothing."),
            hint=Words("须大于 0，或不写。", "Give a number above 0, or leave it out."),
        )
    # By name: the commands do not import what a drill is made of.
    scenarios, drill = import_module("shouwang.scenario"), import_module("shouwang.drill")
    scenario = scenarios.read(_text(args.file), args.file)
    drill.check(scenario)
    say = words(args)
    title = say(scenario.title_zh or scenario.title, scenario.title)
    print(f"{say('演练', 'DRILL 演练')}: {shown(title)}", file=sys.stderr)
    outcome = drill.run(
        Home.at(args.home),
        scenario,
        speed=args.speed,
        clock=SystemClock(),
        say=lambda line: print(f"演练 {shown(line.of(language(args)))}", file=sys.stderr, flush=True),
    )
    score = _spoken(outcome.json(), language(args))
    if args.json:
        print_json(score)
    else:
        _show(args, score)
    return 0 if outcome.passed else NOT_PASSED


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {file}：{wrong.strerror}。", f"Cannot read {file}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    except UnicodeDecodeError as wrong:
        raise UsageError(
            Words(f"{file} 不是 UTF-8 文本。", f"{file} is no UTF-8 text."),
            hint=Words("情景文件的写法见 docs/how-to/drill.md。", "docs/how-to/drill.md shows a whole scenario."),
        ) from wrong


def _spoken(score: dict[str, Value], lang: str) -> dict[str, Value]:
    """With the titles of the rules in one language."""
    marks: list[Value] = [in_language(mark.fields, lang) for mark in Answer(score).parts("marks")]
    return in_language(score, lang) | {"marks": marks}


def list_drills(args: argparse.Namespace) -> int:
    home = Home.at(args.home)
    home.owner()  # a folder that is not there has played nothing, and is no home
    drills = [_spoken(score, language(args)) for score in played(home)]
    if args.json:
        rows: list[Value] = [_summary(score) for score in drills]
        print_json({"drills": rows})
        return 0
    say = words(args)
    headings = (say("演练", "drill"), say("达到/预期", "met/expected"), say("结果", "result"), say("情景", "scenario"))
    table(headings, [_row(Answer(_summary(score)), say) for score in drills])
    return 0


def _summary(score: dict[str, Value]) -> dict[str, Value]:
    said = Answer(score)
    marks = said.parts("marks")
    return {
        "drill": score["drill"],
        "title": score.get("title"),
        "home": score["home"],
        "expected": len(marks),
        "met": sum(mark.flag("passed") for mark in marks),
        "passed": said.flag("passed") if _is_scored(said) else None,
    }


def _row(said: Answer, say: Callable[[str, str], str]) -> tuple[str, ...]:
    if said.fields["passed"] is None:
        return said["drill"], "-", say("没有评分", "no score"), "-"
    return said["drill"], f"{said['met']}/{said['expected']}", _result(said, say), said["title"] or "-"


def _result(said: Answer, say: Callable[[str, str], str]) -> str:
    return say("通过", "passed") if said.flag("passed") else say("未通过", "not passed")


def _is_scored(said: Answer) -> bool:
    return "passed" in said.fields


def show(args: argparse.Namespace) -> int:
    score = _spoken(score_of(Home.at(args.home), args.id), language(args))
    if args.json:
        print_json(score)
        return 0
    say = words(args)
    if _is_scored(Answer(score)):
        _show(args, score)
    else:
        print(
            say(
                f"演练 {args.id} 没有评分：仍在进行，或中途停止。",
                f"Drill {args.id} has no score: it still runs, or was cut off.",
            )
        )
        print(say("查看", "look at it") + f": shouwang up --home {shown(score['home'])}")
    return 0


def _show(args: argparse.Namespace, score: dict[str, Value]) -> None:
    said, say = Answer(score), words(args)
    rows = [
        (
            mark["title"] or mark["rule"],
            mark["alert"] or say("未检出", "not detected"),
            f"{mark.number('time_to_alert_s'):.0f} s / {mark.number('within_s'):.0f} s" if mark["alert"] else "-",
            f"{mark['grade'] or '-'} / {mark['expected_grade'] or '-'}",
            mark["incident"] or "-",
            _result(mark, say),
        )
        for mark in said.parts("marks")
    ]
    headings = say(
        "规则|告警|用时/限时|级别/预期|事件|结果", "rule|alert|time/limit|grade/expected|incident|result"
    ).split("|")
    table(headings, rows)
    lines, alerts, incidents = said.number("lines"), said.number("alerts"), said.number("incidents")
    counted = say(
        f"{lines:.0f} 行, {alerts:.0f} 条告警, {incidents:.0f} 起事件",
        ", ".join((many(lines, "line"), many(alerts, "alert"), many(incidents, "incident"))),
    )
    print(f"演练 {said['drill']}: {counted}: {_result(said, say)}")
    print(say("查看", "look at it") + f": shouwang up --home {said['home']}")
