"""``shouwang scan PATH...``: rules over files, without a home.

Matches on stdout, one JSON object or one line each; everything else on stderr. Exit 0 with or without matches, 2 when
an input cannot be read, 3 when no rule could be loaded.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.options import at_least, language, verb

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


MOST_JOBS = 64


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(subparsers, "scan", run, "用规则扫描文件 / run rules over files, nothing is stored")
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        type=_path,
        help="文件、目录或 -（标准输入） / files, folders or - (standard input), also .gz .zst",
    )
    parser.add_argument("--rules", action="append", metavar="PATH", type=Path, help="规则 / rules (default: our own)")
    parser.add_argument(
        "--pipeline",
        action="append",
        metavar="FILE",
        type=Path,
        help="pySigma 处理管道 / a pySigma pipeline, applied before ours",
    )
    parser.add_argument("--format", default="auto", metavar="F", help="解析器 / a parser's name (default: by content)")
    parser.add_argument("--encoding", default="utf-8", choices=("utf-8", "gb18030"), help="文本编码 / of text logs")
    parser.add_argument("--zone", metavar="ZONE", help="时区 / for times without a zone (default: the host's)")
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="进程数，0 为每个处理器一个 / processes (default 1; 0: one for each processor)",
    )
    parser.add_argument(
        "--correlate",
        action="store_true",
        help="读完后输出关联规则的结果 / at the end of the input, what correlations make of the matches",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="列出全部拒绝与损坏 / list all that is refused or damaged"
    )


def run(args: argparse.Namespace) -> int:
    from shouwang.cli.offline_scan import Request, scan  # noqa: PLC0415  # detection takes a fifth of a second to load

    return scan(
        Request(
            paths=tuple(args.paths),
            rules=tuple(args.rules or ()),
            pipelines=tuple(args.pipeline or ()),
            format=args.format,
            encoding=args.encoding,
            zone=args.zone or "",
            jobs=args.jobs,
            correlate=args.correlate,
            json=args.json,
            verbose=args.verbose,
            lang=language(args),
        )
    )


def _jobs(text: str) -> int:
    number = at_least(0)(text)
    if number > MOST_JOBS:
        raise argparse.ArgumentTypeError(f"最多 {MOST_JOBS} 个进程 / at most {MOST_JOBS} processes")
    return number


def _path(text: str) -> Path:
    """``-`` alone is the standard input; a file of that name is ``./-``."""
    path = Path(text)
    return path.absolute() if text != "-" and path == Path("-") else path
