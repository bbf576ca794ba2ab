"""``shouwang report INC``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, language, verb
from shouwang.errors import ShouwangError
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(subparsers, "report", report, "事件报告，输出到 stdout / an incident's paper, to stdout")
    parser.add_argument("id", metavar="INC")
    parser.add_argument("--format", choices=("md", "html", "json"), default="md")
    parser.add_argument("--output", metavar="FILE", help="写入新文件 / write a new file instead")


def report(args: argparse.Namespace) -> int:
    lang = args.lang or ("zh" if args.format != "json" else language(args))
    with connected(args) as daemon:
        result = daemon.call("incidents.report", id=args.id, format=args.format, lang=lang)
    answer = Answer(result)
    content = str(answer.fields.get("content", ""))
    if args.output:
        _write(Path(args.output), content)
    elif args.json:
        print_json(result)
    else:
        sys.stdout.write(content)
    return 0


def _write(path: Path, content: str) -> None:
    """Never over a file that is there."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except OSError as wrong:
        raise ShouwangError(
            Words(f"无法写入 {path}：{wrong.strerror}。", f"Cannot write {path}: {wrong.strerror}."),
            hint=Words("请写一个新文件名，且目录归你所有。", "Name a new file in a folder of yours."),
        ) from wrong
