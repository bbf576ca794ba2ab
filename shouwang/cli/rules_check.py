"""What ``shouwang rules check`` does and prints. Exit 0: nothing in the way; 1: something is; 2: no such path."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Final

from shouwang.cli.answer import print_json
from shouwang.cli.options import language, words
from shouwang.cli.rule_paths import cache, placeholders, readable
from shouwang.cli.terminal import shown
from shouwang.flows.rulechecking import Checked, Problem, Weight, check
from shouwang.model import Value
from shouwang.words import Words

_WEIGHTS: Final = {
    Weight.ERROR: Words("错误", "error"),
    Weight.WARNING: Words("警告", "warning"),
    Weight.NOTE: Words("提示", "note"),
}


def run(args: argparse.Namespace) -> int:
    checked = check(
        readable(args.paths),
        own=args.own,
        placeholders=placeholders(args.placeholder),
        pipelines=readable(args.pipeline),
        cache=cache(),
    )
    problems = [each for each in checked.problems if each.code not in args.ignore]
    lang = language(args)
    if args.json:
        print_json(_json(checked, problems, lang))
    else:
        for line in _lines(problems, lang):
            print(line)
        print(_sum(args, checked, problems))
    least = Weight.WARNING if args.strict else Weight.ERROR
    return int(any(each.weight >= least for each in problems))


def _lines(problems: list[Problem], lang: str) -> Iterator[str]:
    for each in problems:
        weight = _WEIGHTS[each.weight].of(lang)
        yield f"{shown(each.path)}:{each.line}: {weight}: {shown(each.what.of(lang))} [{each.code}]"
        if each.do:
            yield f"    {shown(each.do.of(lang))}"


def _sum(args: argparse.Namespace, checked: Checked, problems: list[Problem]) -> str:
    counts = Counter(each.weight for each in problems)
    ruleset, say = checked.ruleset, words(args)
    found = ", ".join(f"{_WEIGHTS[weight].of(language(args))} {counts[weight]}" for weight in _WEIGHTS)
    return (
        f"{say('文件', 'files')} {checked.files}, {say('规则', 'rules')} {len(ruleset.rules)},"
        f" {say('关联规则', 'correlations')} {len(ruleset.correlations)},"
        f" {say('过滤器', 'filters')} {ruleset.filters}; {found}"
    )


def _json(checked: Checked, problems: list[Problem], lang: str) -> Value:
    ruleset = checked.ruleset
    return {
        "files": checked.files,
        "rules": len(ruleset.rules),
        "correlations": len(ruleset.correlations),
        "filters": ruleset.filters,
        "problems": [
            {
                "path": str(each.path),
                "line": each.line,
                "weight": each.weight.name.lower(),
                "code": each.code,
                "what": each.what.of(lang),
                "do": each.do.of(lang),
            }
            for each in problems
        ],
    }
