"""``shouwang rules gaps``: what rules and correlations have not evaluated, and why."""

from __future__ import annotations

import argparse
from typing import Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, words
from shouwang.cli.terminal import table

REASONS: Final = {
    "away": ("守护进程未运行", "no daemon ran"),
    "added": ("新规则", "it is new"),
    "changed": ("规则已改", "it was changed"),
    "resumed": ("一度未加载", "it was not loaded for a while"),
    "late": ("迟到", "came too late"),
    "evicted": ("记不下", "too much to remember"),
    "fault": ("出错", "it failed"),
}
NOT_GREEN: Final = 1


def run(args: argparse.Namespace) -> int:
    """0 when every window was evaluated, else 1."""
    with connected(args) as daemon:
        result = daemon.call("rules.gaps", since=args.since)
    answer = Answer(result)
    if args.json:
        print_json(result)
    else:
        _print(args, answer)
    return 0 if answer.flag("green") else NOT_GREEN


def _print(args: argparse.Namespace, answer: Answer) -> None:
    say = words(args)
    columns = ("remembered", "late", "evicted", "ungrouped", "unread", "faults")
    headings = (
        say("关联规则", "correlation"),
        say("状态", "state"),
        say("记住", "remembers"),
        say("迟到", "late"),
        say("淘汰", "evicted"),
        say("无分组", "ungrouped"),
        say("无数值", "no value"),
        say("出错", "faults"),
    )
    state = {True: say("同步", "along"), False: say("补读中", "catching up")}
    rows = [
        (each["title"] or each["id"], state[each.flag("along")], *(each[name] for name in columns))
        for each in answer.parts("correlations")
    ]
    table(headings, rows)
    for gap in answer.parts("gaps"):
        print(_line(args, gap))
    if answer.flag("green"):
        print(say("每个时间窗都已评估。", "Every window was evaluated."))


def _line(args: argparse.Namespace, gap: Answer) -> str:
    say = words(args)
    reason = say(*REASONS.get(gap["reason"], (gap["reason"], gap["reason"])))
    if gap["filled"]:
        end = say("已补", "filled") + f" {gap.time('filled')}"
    elif gap.flag("fills") and not gap.number("tries"):
        end = say("将自动补齐", "will be filled")
    else:
        end = gap["why"]
        if gap["hint"]:
            end += say("。", ". ") + gap["hint"]
    what = gap["title"] or gap["correlation"] or say("全部", "all")
    count = f" ({gap['count']})" if gap.number("count") else ""
    return f"{'-' if gap['filled'] else '!'} {gap.time('from')} .. {gap.time('to')}  {what}: {reason}{count}; {end}"
