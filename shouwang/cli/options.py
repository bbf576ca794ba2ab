"""What every command takes, and the words it speaks in."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, TypeAlias

from shouwang.client import Caller, Client, caller
from shouwang.home import Home

if TYPE_CHECKING:
    Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

Run = Callable[[argparse.Namespace], int]
"""What a command does; gives the exit code."""


def add_common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """``--home``, ``--json``, ``--lang``: before the verb or after it."""
    absent = None if top else argparse.SUPPRESS
    parser.add_argument(
        "--home", metavar="FOLDER", default=absent, help="数据目录 / the home (default: $SHOUWANG_HOME)"
    )
    parser.add_argument(
        "--json", action="store_true", default=False if top else absent, help="结果以 JSON 输出 / results as JSON"
    )
    parser.add_argument("--lang", choices=("zh", "en"), default=absent, help="语言 / language")


def verb(subparsers: Subparsers, name: str, run: Run, words: str) -> argparse.ArgumentParser:
    """A command that takes the common options."""
    parser = subparsers.add_parser(name, help=words, description=words)
    add_common(parser)
    parser.set_defaults(run=run, command=parser)
    return parser


def nouns(subparsers: Subparsers, name: str, words: str) -> Subparsers:
    """A command that has commands: ``alerts list``."""
    parser = subparsers.add_parser(name, help=words, description=words)
    add_common(parser)
    return parser.add_subparsers(metavar="VERB", required=True)


def connected(args: argparse.Namespace, *, alone: bool = True) -> AbstractContextManager[Caller]:
    """In a drill's home the reader is told so, on stderr. ``alone``: whether without a daemon the acts run here."""
    opened = caller(args.home, language(args)) if alone else Client.connect(args.home, language(args))
    if Home.at(args.home).drill:
        print("演练 DRILL", file=sys.stderr)
    return closing(opened)


def language(args: argparse.Namespace) -> str:
    """``--lang``, else ``$SHOUWANG_LANG``, else the locale's: ``zh`` or ``en``."""
    if asked := getattr(args, "lang", None):  # absent where a command is its own program
        return str(asked)
    return named_language()


def named_language() -> str:
    """By the environment."""
    named = os.environ.get("SHOUWANG_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if named.lower().startswith("zh") else "en"


def at_least(least: int) -> Callable[[str], int]:
    """For ``type=`` of an option: a whole number from ``least`` on."""

    def number(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = least - 1
        if found < least:
            raise argparse.ArgumentTypeError(f"{text!r} 不是不小于 {least} 的整数 / is no whole number from {least} on")
        return found

    return number


def words(args: argparse.Namespace) -> Callable[[str, str], str]:
    """A function that picks one of a Chinese and an English text."""
    chinese = language(args) == "zh"
    return lambda zh, en: zh if chinese else en
