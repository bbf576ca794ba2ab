"""``shouwang collect``: sources, parsing and matching on this host, into the cluster of a daemon elsewhere."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shouwang.cli.options import verb
from shouwang.cli.up import add_first_start, chosen_store
from shouwang.home import Home

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(
        subparsers,
        "collect",
        collect,
        "采集端：采集、解析、匹配，写入 Elasticsearch / bring this host's logs into the cluster of a daemon elsewhere",
    )
    parser.add_argument("--log", metavar="FILE", help="日志写入文件 / log to a file instead of stderr")
    parser.add_argument(
        "--new-spool",
        action="store_true",
        help="舍弃已丢失的本机缓存，重新建立 / begin the spool anew in place of a lost one",
    )
    add_first_start(parser)


def collect(args: argparse.Namespace) -> int:
    # By name: the commands do not import what a collector is made of.
    run = import_module("shouwang.collector").collect
    code: int = run(
        Home.at(args.home),
        log_file=Path(args.log) if args.log else None,
        name=args.name,
        timezone=args.timezone,
        language=args.lang,
        store=chosen_store(args),
        anew=args.new_spool,
    )
    return code
