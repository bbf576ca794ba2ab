"""``shouwang intel VERB``: sets of indicators."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, nouns, verb, words
from shouwang.cli.terminal import shown, table
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verbs = nouns(subparsers, "intel", "威胁情报 / threat intelligence: sets of indicators")
    text = "加入情报集或其新版本：CSV、STIX 2.1、MISP JSON / a set, or its next version: CSV, STIX 2.1, MISP JSON"
    parser = verb(verbs, "add", add, text)
    parser.add_argument("name", metavar="NAME", help="小写字母、数字、- 与 _ / small letters, digits, - and _")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--format", choices=("auto", "csv", "stix", "misp"), default="auto")
    parser.add_argument("--source", default="", help="来源，默认为文件名 / who says so; default: the file's name")
    parser.add_argument("--confidence", type=int, metavar="0-100", help="未注明时的置信度 / where the file says none")
    parser.add_argument(
        "--days", type=int, default=90, help="未注明期限的指标几天后失效 / when indicators without an end end (90)"
    )
    verb(verbs, "list", list_sets, "现有情报集 / the sets in use")
    parser = verb(verbs, "show", show, "一个情报集，含未采用的内容 / one set, with what was left out of it")
    parser.add_argument("name", metavar="NAME")
    parser = verb(verbs, "test", test, "某值会命中什么 / what a value would meet")
    parser.add_argument("value", metavar="VALUE")
    parser = verb(verbs, "remove", remove, "停用并删除情报集 / take a set out of use")
    parser.add_argument("name", metavar="NAME")


def add(args: argparse.Namespace) -> int:
    """The file is opened here, with the caller's own rights, and handed over open."""
    try:
        file = os.open(args.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {args.file}：{wrong.strerror}。", f"Cannot read {args.file}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    given: dict[str, Value] = {"confidence": args.confidence} if args.confidence is not None else {}
    try:
        with connected(args) as daemon:
            result = daemon.call_with_file(
                "intel.add",
                file,
                name=args.name,
                path=str(Path(args.file).resolve()),
                format=args.format,
                source=args.source,
                days=args.days,
                **given,
            )
    finally:
        os.close(file)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    print(
        f"{answer['name']}: {say('指标', 'indicators')} {answer['indicators']} ({answer.counts('counts')}),"
        f" {say('新增', 'new')} {answer['added']}, {say('去除', 'gone')} {answer['gone']},"
        f" {say('保留', 'kept')} {answer['kept']}"
    )
    _left_out(args, answer)
    return 0


def list_sets(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("intel.list")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    sets = Answer(result).parts("sets")
    if not sets:
        print(
            say("还没有情报集；`shouwang intel add NAME FILE` 可加入。", "No sets yet: `shouwang intel add NAME FILE`.")
        )
        return 0
    headings = (
        say("名称", "name"),
        say("指标", "indicators"),
        say("置信度", "confidence"),
        say("更新于", "made"),
        say("期限", "until"),
        say("来源", "source"),
    )
    rows = [
        (
            each["name"],
            each["indicators"],
            each["confidence"] or "-",
            each.time("made"),
            each.time("until") + (say("（已过期）", " (expired)") if each.flag("expired") else ""),
            each["source"],
        )
        for each in sets
    ]
    table(headings, rows)
    return 0


def show(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("intel.show", name=args.name)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    print(f"{answer['name']}  {say('来源', 'source')} {answer['source']}  sha256 {answer['sha256']}")
    print(f"{say('更新于', 'made')} {answer.time('made')}  {say('期限', 'until')} {answer.time('until')}")
    print(f"{say('指标', 'indicators')} {answer['indicators']}: {answer.counts('counts')}")
    if answer.number("replaced"):
        print(f"{say('重复', 'came more than once')} {answer['replaced']}")
    _left_out(args, answer)
    return 0


def test(args: argparse.Namespace) -> int:
    """1 when nothing valid is met, as grep has it."""
    with connected(args) as daemon:
        result = daemon.call("intel.test", value=args.value)
    say, answer = words(args), Answer(result)
    found = answer.parts("found")
    if args.json:
        print_json(result)
    elif not found:
        print(f"{answer['read_as']}: {say('不在任何情报集中', 'in no set')}")
    for each in found if not args.json else ():
        valid = say("有效", "valid") if each.flag("valid") else say("已失效", "not valid now")
        print(
            f"{each['set']}: {each['kind']} {each['value']}  {say('置信度', 'confidence')} {each['confidence'] or '-'}"
            f"  {valid}, {say('期限', 'until')} {each.time('valid_until')}  {each['source']}  {each['note']}".rstrip()
        )
    return 0 if any(each.flag("valid") for each in found) else 1


def remove(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("intel.remove", name=args.name)
    if args.json:
        print_json(result)
    else:
        print(words(args)(f"已停用情报集 {shown(args.name)}", f"{shown(args.name)} is out of use"))
    return 0


def _left_out(args: argparse.Namespace, answer: Answer) -> None:
    """On stderr: which values are no indicators here, why, and where the first ones stand."""
    say = words(args)
    for each in answer.parts("reasons"):
        places = say("、", ", ").join(each.texts("places"))
        line = say("{}：{}（{}）", "{}: {} ({})").format(each["number"], each["text"], places)
        print(f"  ! {say('未采用', 'left out')} {line}", file=sys.stderr)
