"""``shouwang drills run FILE``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.bilingual import in_language
from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import language, nouns, verb, words
from shouwang.cli.terminal import shown, table
from shouwang.clock import SystemClock
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.model import Value
from shouwang.words import Words

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


def run(args: argparse.Namespace) -> int:
    if args.speed is not None and not args.speed > 0:
        raise UsageError(
            Words(f"--speed {args.speed} 无法播放。", f"--speed {args.speed} plays nothing."),
            hint=Words("须大于 0，或不写。", "Give a number above 0, or leave it out."),
        )
    # By name: the commands do not import what a drill is made of.
    scenarios, drill = import_module("shouwang.scenario"), import_module("shouwang.drill")
    try:
        text = Path(args.file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UsageError(Words(f"无法读取 {args.file}：{wrong}。", f"Cannot read {args.file}: {wrong}.")) from wrong
    scenario = scenarios.read(text, args.file)
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


def _spoken(score: dict[str, Value], lang: str) -> dict[str, Value]:
    """With the titles of the rules in one language."""
    marks: list[Value] = [in_language(mark.fields, lang) for mark in Answer(score).parts("marks")]
    return score | {"marks": marks}


def _show(args: argparse.Namespace, score: dict[str, Value]) -> None:
    said, say = Answer(score), words(args)
    yes, no = say("通过", "passed"), say("未通过", "not passed")
    rows = [
        (
            mark["title"] or mark["rule"],
            mark["alert"] or say("未检出", "not detected"),
            f"{mark.number('time_to_alert_s'):.0f} s / {mark.number('within_s'):.0f} s" if mark["alert"] else "-",
            f"{mark['grade'] or '-'} / {mark['expected_grade'] or '-'}",
            mark["incident"] or "-",
            yes if mark.flag("passed") else no,
        )
        for mark in said.parts("marks")
    ]
    headings = say(
        "规则|告警|用时/限时|级别/预期|事件|结果", "rule|alert|time/limit|grade/expected|incident|result"
    ).split("|")
    table(headings, rows)
    lines, alerts, incidents = said["lines"], said["alerts"], said["incidents"]
    counted = say(
        f"{lines} 行, {alerts} 条告警, {incidents} 起事件", f"{lines} lines, {alerts} alerts, {incidents} incidents"
    )
    print(f"演练 {said['drill']}: {counted}: {yes if said.flag('passed') else no}")
    print(say("查看", "look at it") + f": shouwang up --home {said['home']}")
