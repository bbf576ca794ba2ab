"""``shouwang version``."""

from __future__ import annotations

import argparse
import platform
from typing import TYPE_CHECKING

from shouwang import __version__
from shouwang.cli.answer import print_json
from shouwang.cli.options import verb

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verb(subparsers, "version", version, "版本 / version")


def version(args: argparse.Namespace) -> int:
    if args.json:
        print_json({"version": __version__, "python": platform.python_version()})
    else:
        print(f"shouwang {__version__} (Python {platform.python_version()})")
    return 0
