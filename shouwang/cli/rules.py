"""``shouwang rules VERB``: what is loaded, and work on rules as on code. Each verb's work is loaded when it runs."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import Run, connected, nouns, verb, words
from shouwang.cli.terminal import table

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "rules", "检测规则 / detection rules")
    verb(verbs, "list", list_rules, "已加载与被拒绝的规则 / the loaded ones, and the refused with the reason")
    _gaps(verbs)
    _reload(verbs)
    _update(verbs)
    _check(verbs)
    _test(verbs)
    _explain(verbs)
    _coverage(verbs)
    _scorecard(verbs)


def _gaps(verbs: Subparsers) -> None:
    text = "关联规则未评估的时段及原因 / what correlations have not evaluated, and why; exit 1 when there is any"
    parser = verb(verbs, "gaps", _in("rules_gaps"), text)
    parser.add_argument("--since", default="7d", metavar="TIME", help="24h, 7d, 2026-11-24, RFC 3339")


def _reload(verbs: Subparsers) -> None:
    text = "重新读取规则，不必重启 / read the rules anew, without a restart (administrator)"
    parser = verb(verbs, "reload", _in("rules_reload"), text)
    help = "不理会新的错误，采用其余规则 / take what loads, though some is newly refused"
    parser.add_argument("--partly", action="store_true", help=help)


def _update(verbs: Subparsers) -> None:
    text = "采用规则集的新版本：归档或目录 / a rule set's new version, from an archive or a folder (administrator)"
    parser = verb(verbs, "update", _in("rules_update"), text)
    parser.add_argument("path", metavar="ARCHIVE|FOLDER", help="zip, tar, tar.gz")
    parser.add_argument("--name", default="sigmahq", metavar="NAME", help="规则集名称 / the set's name (sigmahq)")
    parser.add_argument("--sha256", default="", metavar="SUM|FILE", help="校验和或其文件 / checksum, or a file of them")
    parser.add_argument("--yes", action="store_true", help="不询问 / do not ask")
    parser.add_argument("--no-replay", action="store_true", help="不回放已存日志 / do not try it on stored events")
    parser.add_argument("--since", default="7d", metavar="TIME", help="回放多久 / how far back to try it (7d)")
    help = "回放至多几秒 / try it for so long at most (120)"
    parser.add_argument("--replay-seconds", type=float, default=120, metavar="S", help=help)
    text = "退回规则集的上一版本 / the set's version before, again (administrator)"
    parser = verb(verbs, "rollback", _in("rules_update", "rollback"), text)
    parser.add_argument("name", metavar="NAME")
    verb(verbs, "sets", _in("rules_update", "sets"), "规则集及其版本 / rule sets and their versions")


def _check(verbs: Subparsers) -> None:
    text = "检查规则文件 / all that is wrong with rule files, with line, reason and what to do"
    parser = verb(verbs, "check", _in("rules_check"), text)
    _paths(parser)
    _reading(parser)
    parser.add_argument("--own", action="store_true", help="按自有规则的要求检查 / as strict as for our own rules")
    parser.add_argument("--strict", action="store_true", help="警告也算失败 / warnings fail too")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="CODE", help="不报告某类问题 / leave out a kind of problem"
    )


def _test(verbs: Subparsers) -> None:
    text = "用规则自带的事件测试规则 / try rules on the events that they must and must not match"
    parser = verb(verbs, "test", _in("rules_test"), text)
    help = "规则文件或目录（默认为自带规则） / rule files and folders (default: our own)"
    parser.add_argument("paths", nargs="*", metavar="PATH", type=Path, help=help)
    _reading(parser)
    help = "另行加载、不测试的规则 / further rules that these name: loaded, not tested"
    parser.add_argument("--beside", action="append", default=[], metavar="PATH", type=Path, help=help)
    help = "含 *.expect.yml 的目录 / a folder of *.expect.yml: files, and what must fire on them"
    parser.add_argument("--expect", action="append", default=[], metavar="FOLDER", type=Path, help=help)
    parser.add_argument("--junit", metavar="FILE", type=Path, help="写出 JUnit XML / write JUnit XML for a CI system")
    parser.add_argument("--require", action="store_true", help="没有测试的规则算失败 / a rule without a test fails")
    parser.add_argument("--verbose", action="store_true", help="列出全部 / list all, not only what failed")


def _explain(verbs: Subparsers) -> None:
    text = "逐项说明规则为何命中或不命中 / why a rule fires on an event or does not, test by test"
    parser = verb(verbs, "explain", _in("rules_explain"), text)
    parser.add_argument("rule", metavar="RULE", help="规则文件，或编号、名称 / a rule file, or an id, name or title")
    parser.add_argument(
        "event",
        metavar="EVENT",
        help="日志文件、-（标准输入）或事件编号 / a log file, - (standard input) or an event's id",
    )
    parser.add_argument("--rules", action="append", metavar="PATH", type=Path, help="其他规则 / where other rules are")
    _pipeline(parser)
    parser.add_argument("--format", default="auto", metavar="F", help="解析器 / a parser's name (default: by content)")
    parser.add_argument("--zone", metavar="ZONE", help="时区 / for times without a zone (default: the host's)")
    parser.add_argument("--record", type=int, default=0, metavar="N", help="文件中第几条 / which record of the file")


def _coverage(verbs: Subparsers) -> None:
    text = "ATT&CK 覆盖，以及没有日志可看的规则 / what rules cover of ATT&CK, and rules that no event can reach"
    parser = verb(verbs, "coverage", _in("rules_coverage"), text)
    help = "这些规则，不看数据目录 / of these rules, without a home"
    parser.add_argument("--rules", action="append", metavar="PATH", type=Path, help=help)
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="写出 Navigator 图层 / write an ATT&CK Navigator layer"
    )
    help = "图层的矩阵 / which matrix the layer is of (enterprise)"
    parser.add_argument("--domain", choices=("enterprise", "ics"), default="enterprise", help=help)
    parser.add_argument("--since", default="7d", metavar="TIME", help="看多久以来的日志 / events since when (7d)")


def _scorecard(verbs: Subparsers) -> None:
    text = "按研判结论评价规则 / what people found of each rule's alerts, and what that speaks for"
    parser = verb(verbs, "scorecard", _in("rules_scorecard"), text)
    parser.add_argument("--since", default="30d", metavar="TIME")
    parser.add_argument("--until", metavar="TIME")


def _reading(parser: argparse.ArgumentParser) -> None:
    _pipeline(parser)
    help = "%%NAME%% 的取值，可重复 / what %%NAME%% stands for; again for further values"
    parser.add_argument("--placeholder", action="append", default=[], metavar="NAME=VALUE", help=help)


def _pipeline(parser: argparse.ArgumentParser) -> None:
    help = "pySigma 处理管道 / a pySigma pipeline, applied before ours"
    parser.add_argument("--pipeline", action="append", default=[], metavar="FILE", type=Path, help=help)


def _paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="规则文件或目录 / rule files and folders")


def _in(module: str, function: str = "run") -> Run:
    def run(args: argparse.Namespace) -> int:
        found: Run = getattr(import_module(f"shouwang.cli.{module}"), function)
        return found(args)

    return run


def list_rules(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("rules.list")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    answer = Answer(result)
    headings = (say("编号", "id"), say("级别", "severity"), say("类别", "kind"), say("标题", "title"))
    table(headings, [(r["id"], r["severity"], r["kind"], r["title"]) for r in answer.parts("rules")])
    for lacking in (rule for rule in answer.parts("rules") if rule.number("gaps")):
        what = say("有未评估的时间段", "has not evaluated all")
        print(f"! {lacking['title']}: {what} (shouwang rules gaps)")
    for refused in answer.parts("refused"):
        print(f"! {refused['path']}:{refused['line']}: {refused['reason']}")
    return 0
