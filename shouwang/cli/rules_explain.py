"""What ``shouwang rules explain`` does and prints. Exit 0: the rule fires; 1: it does not."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.explanation import Drawing
from shouwang.cli.offline_scan import zone_of
from shouwang.cli.options import connected, words
from shouwang.cli.rule_paths import cache, readable
from shouwang.clock import SystemClock
from shouwang.errors import RulesError, UsageError
from shouwang.flows.rulechecking import own_rules, rules_of
from shouwang.flows.ruleexplaining import Correlation, Rule, RuleSet, events_of, find, told, told_correlation
from shouwang.model import Event, Value
from shouwang.words import Words

_EVENT_ID = re.compile(r"[0-9a-f]{32}")


def run(args: argparse.Namespace) -> int:
    stored = _EVENT_ID.fullmatch(args.event) and not Path(args.event).exists()
    result = _of_home(args) if stored else _of_file(args)
    answer = Answer(result)
    if args.json:
        print_json(result)
    else:
        drawing = Drawing(words(args), colour=sys.stdout.isatty())
        for line in drawing.rule(answer) if "tree" in answer.fields else drawing.correlation(answer):
            print(line)
    return 0 if answer.flag("fires") else 1


def _of_home(args: argparse.Namespace) -> Value:
    with connected(args) as daemon:
        return daemon.call("rules.explain", rule=args.rule, event=args.event)


def _of_file(args: argparse.Namespace) -> Value:
    ruleset, reference = _rules(args)
    rule = find(ruleset, reference)
    zone = zone_of(args.zone or "")
    source = sys.stdin.buffer if args.event == "-" else readable([Path(args.event)])[0]
    name = "-" if args.event == "-" else args.event
    events: list[Event] = list(events_of(source, args.format, zone, SystemClock().now_us(), name=name))
    if not events:
        raise UsageError(
            Words(f"{name} 中没有可读的记录。", f"There is no record to read in {name}."),
            hint=Words("--format 可指定解析器。", "--format names a parser."),
        )
    if isinstance(rule, Correlation):
        return told_correlation(rule, ruleset, events, zone)
    return told(rule, events, zone, record=args.record)


def _rules(args: argparse.Namespace) -> tuple[RuleSet, str]:
    """The rules to look in, and which: a file with one rule speaks for itself."""
    path = Path(args.rule)
    if not path.is_file():
        return rules_of(readable(args.rules or [own_rules()]), cache(), readable(args.pipeline)), args.rule
    ruleset = rules_of([path, *readable(args.rules or [])], None, readable(args.pipeline))
    everything: list[Rule | Correlation] = [*ruleset.correlations, *ruleset.rules]
    mine = [each for each in everything if each.path == path]
    if not mine:
        reason = next((each.whole() for each in ruleset.refused if each.path == path), Words(str(path), str(path)))
        raise RulesError(
            Words(f"规则不可用：{reason.zh}。", f"The rule cannot be used: {reason.en}."),
            hint=Words(f"shouwang rules check {path} 说明如何修改。", f"shouwang rules check {path} says what to do."),
        )
    return ruleset, mine[0].id
