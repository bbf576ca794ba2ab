"""``shouwang import PATH...``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json_line
from shouwang.cli.options import connected, language, verb, words
from shouwang.cli.terminal import shown
from shouwang.client import Caller
from shouwang.errors import UsageError
from shouwang.logfolder import logs_under
from shouwang.model import Value
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    text = "导入日志文件或目录；同一内容只入库一次 / bring in log files and folders; the same content adds nothing"
    parser = verb(subparsers, "import", import_files, text)
    parser.add_argument("paths", metavar="PATH", nargs="+")
    parser.add_argument("--format", metavar="PARSER", help="默认自动识别 / default: looked at")
    parser.add_argument("--encoding", choices=("utf-8", "gb18030"), default="utf-8", help="文本编码 / of text records")


def import_files(args: argparse.Namespace) -> int:
    """2 when something could not be read; the rest is brought in all the same."""
    code = 0
    with connected(args) as daemon:
        for path in _files(args):
            try:
                result = _import(args, daemon, path)
            except UsageError as refused:
                print(f"shouwang: {refused.whole.of(language(args))}", file=sys.stderr)
                code = refused.exit_code
                continue
            _tell(args, path, result)
    return code


def _files(args: argparse.Namespace) -> Iterator[Path]:
    """Those named, and the logs under folders in order of name; what is passed over is said."""
    say = words(args)
    for path in map(Path, args.paths):
        if not path.is_dir():
            yield path
            continue
        listed = logs_under(path)
        for file, why in listed.passed_over:
            print(f"{say('跳过', 'passed over')} {shown(file)}: {why.of(language(args))}", file=sys.stderr)
        yield from listed.logs


def _tell(args: argparse.Namespace, path: Path, result: Value) -> None:
    answer, say = Answer(result), words(args)
    if args.json:
        print_json_line({"file": str(path), **answer.fields})
        return
    dropped = answer.counts("dropped") or "0"
    print(
        f"{shown(path)}: {say('记录', 'records')} {answer['records']}, {say('入库', 'stored')} {answer['stored']},"
        f" {say('已有', 'already there')} {answer['already']}, {say('丢弃', 'dropped')} {dropped}"
    )
    if answer.number("completed"):
        half = say(
            "文件上次结尾的半行已补全：整行已入库，半行仍保留",
            "the half line that the file ended with is whole now: both are kept",
        )
        print(f"  ! {half}")
    for place in answer.texts("damaged"):
        print(f"  ! {place}")


def _import(args: argparse.Namespace, daemon: Caller, path: Path) -> Value:
    """The file is opened here, with the caller's own rights, and handed over open. Nothing waits at a FIFO."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {path}：{wrong.strerror}。", f"Cannot read {path}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    try:
        form: dict[str, Value] = {"format": args.format} if args.format else {}
        return daemon.call_with_file("import", file, name=str(path.resolve()), encoding=args.encoding, **form)
    finally:
        os.close(file)
