"""What ``shouwang rules scorecard`` prints: a Markdown table. It proposes; people decide."""

from __future__ import annotations

import argparse
from typing import Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, words
from shouwang.cli.rules_reload import Say
from shouwang.model import Value
from shouwang.words import Words

_VERDICTS: Final = {
    "keep": Words("保留", "keep"),
    "tune": Words("调优", "tune"),
    "retire": Words("停用", "retire"),
    "too few": Words("研判不足", "too few"),
}


def run(args: argparse.Namespace) -> int:
    asked: dict[str, Value] = {"since": args.since, **({"until": args.until} if args.until else {})}
    with connected(args) as daemon:
        result = daemon.call("rules.scorecard", **asked)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    print(f"# {say('规则评分', 'Scorecard of rules')}, {answer.time('since')} - {answer.time('until')}")
    print()
    for line in _table(answer, say):
        print(line)
    print()
    print(_thresholds(answer.part("thresholds"), say))
    quiet = answer["quiet"]
    print(say(f"另有 {quiet} 条规则在此期间没有告警。", f"{quiet} other rules raised no alert in this time."))
    return 0


def _table(answer: Answer, say: Say) -> list[str]:
    heads = (
        *(say("建议", "proposal"), say("规则", "rule"), say("级别", "level"), say("告警", "alerts")),
        *(say("真实", "true"), say("误报", "false"), say("已授权", "authorised"), say("重复", "duplicate")),
        *(say("未研判", "open"), say("误报率", "false share"), say("认领中位数（分）", "median min to claim"), "id"),
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for each in answer.parts("rules"):
        share = each.fields.get("false_share")
        cells = (
            *(_verdict(each, say), each["title"].replace("|", "\\|"), each["level"], each["fired"]),
            *(each["true"], each["false_positive"], each["authorised"], each["duplicate"], each["open"]),
            f"{100 * each.number('false_share'):.0f} %" if share is not None else "-",
            each["median_claim_minutes"] or "-",
            each["id"],
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _verdict(each: Answer, say: Say) -> str:
    verdict = _VERDICTS.get(each["verdict"])
    return each["verdict"] if verdict is None else say(verdict.zh, verdict.en)


def _thresholds(said: Answer, say: Say) -> str:
    least, tune, retire = said["least_judged"], 100 * said.number("tune_from"), 100 * said.number("retire_from")
    return say(
        f"建议的依据：至少 {least} 个告警已研判（重复不计）。误报或已授权达 {tune:.0f} % 为调优；"
        f"误报达 {retire:.0f} % 且无一真实为停用；其余保留。是否采纳由人决定。",
        f"Proposed from {least} judged alerts on, duplicates apart. Tune from {tune:.0f} % false or authorised; retire"
        f" from {retire:.0f} % false where none was true; else keep. People decide.",
    )
