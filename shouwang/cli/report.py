"""``shouwang report INC``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, language, verb
from shouwang.cli.terminal import shown
from shouwang.errors import ShouwangError
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


FORMATS: Final = ("md", "html", "json")


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(subparsers, "report", report, "事件报告，输出到 stdout / an incident's paper, to stdout")
    parser.add_argument("id", metavar="INC")
    parser.add_argument(
        "--format",
        type=_formats,
        default=("md",),
        metavar="F",
        help="md, html, json；可用逗号列多种，写入 --output 目录 / several, with commas, go into the folder --output",
    )
    parser.add_argument(
        "--output", metavar="PATH", help="写入新文件，多种格式时为目录 / a new file; of several formats the folder"
    )


def _formats(text: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(text.split(",")))
    if not set(found) <= set(FORMATS):
        raise argparse.ArgumentTypeError(f"{text!r}: {', '.join(FORMATS)}")
    return found


def report(args: argparse.Namespace) -> int:
    lang = args.lang or ("zh" if args.format != ("json",) else language(args))
    with connected(args) as daemon:
        results = [daemon.call("incidents.report", id=args.id, format=each, lang=lang) for each in args.format]
    if len(results) > 1:
        folder = _folder(Path(args.output or "."))
        for result in results:
            answer = Answer(result)
            path = folder / answer["filename"]
            _write(path, str(answer.fields.get("content", "")))
            print(shown(path))
        return 0
    (result,) = results
    content = str(Answer(result).fields.get("content", ""))
    if args.output:
        _write(Path(args.output), content)
    elif args.json:
        print_json(result)
    else:
        sys.stdout.write(content)
    return 0


def _folder(path: Path) -> Path:
    """Made where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise ShouwangError(
            Words(f"无法建立目录 {path}：{wrong.strerror}。", f"Cannot make the folder {path}: {wrong.strerror}."),
            hint=Words(
                "多种格式时 --output 为目录，须归你所有。", "With several formats --output is a folder, one of yours."
            ),
        ) from wrong
    return path


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
