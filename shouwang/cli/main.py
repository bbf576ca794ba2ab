"""``shouwang VERB``: reads the words, runs the command, turns errors into exit codes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from shouwang import __version__
from shouwang.cli.options import Run, add_common, language
from shouwang.cli.parser import Parser, asked_language
from shouwang.cli.refusals import said
from shouwang.errors import ShouwangError
from shouwang.words import Words, words

VERBS: Final = (
    "up",
    "collect",
    "stop",
    "status",
    "doctor",
    "console",
    "scan",
    "importing",
    "search",
    "alerts",
    "incidents",
    "silences",
    "maintenance",
    "report",
    "rules",
    "hunt",
    "hunts",
    "intel",
    "audit",
    "store",
    "drills",
    "version",
)
"""Modules of this folder, in the order of the help; each has ``add_parser(subparsers)``."""

LOST: Final = 69
"""EX_UNAVAILABLE: the daemon went away."""


def parser(lang: str = "") -> Parser:
    """``lang``: in which wrong words are told of."""
    about = "守望 Shouwang: 小机器上的网络安全值守 / security operations on one small machine"
    made = Parser(prog="shouwang", description=about, lang=lang)
    made.add_argument("--version", action="version", version=f"shouwang {__version__}", help="版本 / version")
    add_common(made, top=True)
    subparsers = made.add_subparsers(metavar="VERB", required=True)
    for name in VERBS:
        import_module(f"shouwang.cli.{name}").add_parser(subparsers)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code. Results are on stdout, diagnostics on stderr."""
    args = parser(asked_language(argv)).read(argv)
    run: Run = args.run
    try:
        code = run(args)
        sys.stdout.flush()
        return code
    except ShouwangError as refused:
        print(f"shouwang: {said(refused, args)}", file=sys.stderr)
        return refused.exit_code
    except BrokenPipeError:  # who read our output has gone
        _forget_stdout()
        return 128 + signal.SIGPIPE
    except ConnectionError as lost:
        why = lost.args[0] if lost.args and isinstance(lost.args[0], Words) else words(str(lost))
        print(f"shouwang: {why.of(language(args))}", file=sys.stderr)
        return LOST
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _forget_stdout() -> None:
    """What is still buffered must not be tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
