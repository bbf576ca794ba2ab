"""What ``shouwang rules test`` does and prints.

Exit 0: all passed; 1: some failed, a document was refused, or with ``--require`` a rule has no test; 2: no such path;
3: no rule loads.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from shouwang.cli.answer import print_json
from shouwang.cli.options import language, words
from shouwang.cli.rule_paths import cache, placeholders, readable
from shouwang.cli.terminal import shown
from shouwang.errors import RulesError, UsageError
from shouwang.flows.rulechecking import own_rules
from shouwang.flows.ruletesting import Outcome, Result, Tally
from shouwang.flows.ruletesting import run as run_tests
from shouwang.junit import Case, junit_xml
from shouwang.model import Value
from shouwang.words import Words


def run(args: argparse.Namespace) -> int:
    tested, lang = Tally(), language(args)
    beside, expect = readable(args.beside), readable(args.expect)
    found = run_tests(
        readable(args.paths or [own_rules()]),
        tested,
        beside=beside,
        expect=expect,
        placeholders=placeholders(args.placeholder),
        pipelines=readable(args.pipeline),
        cache=cache(),
    )
    results = []
    for result in found:
        results.append(result)
        if not args.json and (args.verbose or result.outcome is not Outcome.PASSED):
            _show(result, lang)
    if args.junit is not None:
        _write(args.junit, junit_xml((_case(each, lang) for each in results), name="shouwang rules test"))
    if args.json:
        print_json(_json(results, tested, lang))
    else:
        _sum(args, results, tested)
    if not tested.rules and all(each.outcome is Outcome.ERROR for each in results):
        reason = tested.refused[0].whole() if tested.refused else Words("其中没有规则。", "there is none there.")
        raise RulesError(
            Words(f"没有可用的规则：{reason.zh}", f"No rule could be loaded: {reason.en}"),
            hint=Words("`shouwang rules check` 说明原因。", "`shouwang rules check` says why."),
        )
    failed = any(each.outcome is not Outcome.PASSED for each in results)
    return int(failed or (args.require and bool(tested.untested)))


def _show(result: Result, lang: str) -> None:
    passed = result.outcome is Outcome.PASSED
    said = {
        Outcome.PASSED: Words("通过", "passed"),
        Outcome.FAILED: Words("失败", "FAILED"),
        Outcome.ERROR: Words("无法测试", "ERROR"),
    }[result.outcome].of(lang)
    print(f"{shown(result.path)}:{result.line}: {said}: {shown(result.rule or result.suite)}: {shown(result.name)}")
    if not passed:
        print(f"    {shown(result.detail.of(lang))}")


def _sum(args: argparse.Namespace, results: list[Result], tested: Tally) -> None:
    say, counts = words(args), Counter(each.outcome for each in results)
    if args.require or args.verbose:
        for rule in tested.untested:
            print(f"{shown(rule.path)}:{rule.line}: {say('没有测试', 'no test')}: {shown(rule.title)}")
    told = {each.path for each in results}
    for refusal in tested.refused if args.verbose else ():
        if refusal.path not in told:
            print(f"! {shown(refusal.whole().of(language(args)))}")
    print(
        f"{say('规则', 'rules')} {tested.rules}, {say('测试', 'tests')} {len(results)}:"
        f" {say('通过', 'passed')} {counts[Outcome.PASSED]}, {say('失败', 'failed')} {counts[Outcome.FAILED]},"
        f" {say('无法测试', 'errors')} {counts[Outcome.ERROR]};"
        f" {say('没有测试的规则', 'rules without a test')} {len(tested.untested)},"
        f" {say('被拒绝', 'refused')} {len(tested.refused)}"
    )


def _case(result: Result, lang: str) -> Case:
    name = f"{result.rule}: {result.name}" if result.rule else result.name
    is_error = result.outcome is Outcome.ERROR
    return Case(result.suite, name, result.took_s, str(result.path), result.line, result.detail.of(lang), is_error)


def _json(results: list[Result], tested: Tally, lang: str) -> Value:
    return {
        "rules": tested.rules,
        "refused": [
            {"path": str(each.path), "line": each.line, "reason": each.reason.of(lang)} for each in tested.refused
        ],
        "untested": [{"id": rule.id, "title": rule.title, "path": str(rule.path)} for rule in tested.untested],
        "results": [
            {
                "suite": each.suite,
                "rule": each.rule,
                "name": each.name,
                "path": str(each.path),
                "line": each.line,
                "outcome": each.outcome.value,
                "detail": each.detail.of(lang),
                "took_s": round(each.took_s, 4),
            }
            for each in results
        ],
    }


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as wrong:
        raise UsageError(
            Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
            hint=Words("请换一个位置。", "Give another place."),
        ) from wrong
