"""``shouwang tui``: the console, as a client of a running daemon."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from shouwang.cli.options import verb
from shouwang.client import Client
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    verb(subparsers, "tui", console, "值班终端 / the analyst's console")


def console(args: argparse.Namespace) -> int:
    home = Home.at(args.home)
    Client.connect(home).close()
    open_console(home, args.lang)
    return 0


def need_terminal() -> None:
    """Refuses what the console cannot be drawn on: Textual draws on stderr."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            Words("值班终端需要在终端上打开。", "The console needs a terminal."),
            hint=Words("`shouwang status` 可用文字查看现状。", "`shouwang status` shows the same as text."),
        )
    if not sys.stderr.isatty():
        raise UsageError(
            Words(
                "值班终端画在 stderr 上，而 stderr 已被重定向。", "The console is drawn on stderr, which is redirected."
            ),
            hint=Words("请去掉 `2>` 重定向。", "Leave out the redirection `2>`."),
        )


def open_console(home: Home, lang: str | None, *, may_stop: bool = False) -> bool:
    """Returns whether the daemon shall end too; leaving offers that only with ``may_stop``."""
    need_terminal()
    # By name: no command but this one may load the console.
    stops: bool = import_module("tui.app").run(home.path, lang, may_stop=may_stop)
    return stops
