"""``shouwang import FILE...``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json_line
from shouwang.cli.options import connected, verb, words
from shouwang.cli.terminal import shown
from shouwang.client import Caller
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    text = "导入日志文件；同一内容只入库一次 / bring in log files; the same content adds nothing"
    parser = verb(subparsers, "import", import_files, text)
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.add_argument("--format", metavar="PARSER", help="默认自动识别 / default: looked at")


def import_files(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        for each in args.files:
            result = _import(args, daemon, Path(each))
            if args.json:
                print_json_line({"file": each, **Answer(result).fields})
            else:
                answer, say = Answer(result), words(args)
                print(
                    f"{shown(each)}: {say('记录', 'records')} {answer['records']}, {say('入库', 'stored')}"
                    f" {answer['stored']}, {say('已有', 'already there')} {answer['already']}, {say('丢弃', 'dropped')}"
                    f" {answer.counts('dropped') or '0'}"
                )
                for place in answer.texts("damaged"):
                    print(f"  ! {place}")
    return 0


def _import(args: argparse.Namespace, daemon: Caller, path: Path) -> Value:
    """The file is opened here, with the caller's own rights, and handed over open."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {path}：{wrong.strerror}。", f"Cannot read {path}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    try:
        form: dict[str, Value] = {"format": args.format} if args.format else {}
        return daemon.call_with_file("import", file, name=str(path.resolve()), **form)
    finally:
        os.close(file)
