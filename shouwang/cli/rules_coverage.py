"""What ``shouwang rules coverage`` prints and writes: ATT&CK by tactic, a Navigator layer, rules without events."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, words
from shouwang.cli.rule_paths import cache, readable
from shouwang.cli.rules_reload import Say
from shouwang.cli.terminal import table
from shouwang.errors import UsageError
from shouwang.flows.rulechecking import rules_of
from shouwang.flows.rulecoverage import covered, layer
from shouwang.model import Value
from shouwang.words import Words

MOST: Final = 20


def run(args: argparse.Namespace) -> int:
    """With ``--rules`` of those files; else of the rules that are in force in the home, and its events."""
    if args.rules:
        result: Value = covered(rules_of(readable(args.rules), cache()))
    else:
        with connected(args) as daemon:
            result = daemon.call("rules.coverage", since=args.since)
    answer, say = Answer(result), words(args)
    if args.out is not None:
        _write(args.out, answer, args.domain)
    if args.json:
        print_json(result)
        return 0
    _tactics(answer, say)
    if "seen" in answer.fields:
        _reach(answer, say)
    return 0


def _tactics(answer: Answer, say: Say) -> None:
    rows = [
        (
            say(each["zh"], each["tactic"]),
            f"{each['covered']} / {each['total']}",
            f"{100 * each.number('covered') / (each.number('total') or 1):.0f} %",
            each["rules"],
        )
        for each in answer.parts("tactics")
    ]
    table((say("战术", "tactic"), say("技术", "techniques"), "", say("规则", "rules")), rows)
    untagged = f"{say('未标注', 'untagged')} {answer['untagged']}"
    print(f"ATT&CK {answer['attack']}; {say('规则', 'rules')} {answer['rules']}, {untagged}")


def _reach(answer: Answer, say: Say) -> None:
    print()
    print(say("有日志的来源，自", "log sources with events, since") + f" {answer.time('since')}:")
    rows = [(each["events"], each["logsource"]) for each in answer.parts("seen")]
    table((say("事件", "events"), "logsource"), rows)
    print()
    blind = answer.parts("blind")
    number = sum(int(each.number("rules")) for each in blind)
    print(say("没有日志可看的规则", "rules that no such event can reach") + f": {number}")
    for each in blind[:MOST]:
        print(f"  {each['rules']:>6}  {each['logsource']}")
    if len(blind) > MOST:
        print(say(f"  ……另有 {len(blind) - MOST} 个来源", f"  ... and {len(blind) - MOST} more log sources"))


def _write(path: Path, answer: Answer, domain: str) -> None:
    titles = {number: answer.part("techniques").texts(number) for number in answer.part("techniques").fields}
    made = layer(titles, "ics" if domain == "ics" else "enterprise", "Shouwang")
    try:
        path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except OSError as wrong:
        raise UsageError(
            Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
            hint=Words("请换一个位置。", "Give another place."),
        ) from wrong
