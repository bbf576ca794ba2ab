"""``shouwang doctor``: exit 0 when there is nothing to do, 1 when there is."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.names import named
from shouwang.cli.options import connected, verb, words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

UNHEALTHY = 1


def add_parser(subparsers: Subparsers) -> None:
    verb(
        subparsers,
        "doctor",
        doctor,
        "体检：规则、引擎、存储、时钟 / what is wrong and what to do; exit 1 when anything is",
    )


def doctor(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("doctor")
    answer = Answer(result)
    if args.json:
        print_json(result)
    else:
        _print(args, answer)
    return 0 if answer.flag("healthy") else UNHEALTHY


def _print(args: argparse.Namespace, answer: Answer) -> None:
    if answer.flag("healthy"):
        print(words(args)("正常，没有待处理的问题。", "Healthy: there is nothing to do."))
    for finding in answer.parts("findings"):
        print(f"! [{named(args, finding['level'])}] {finding['what']}")
        if finding["hint"]:
            print(f"  {finding['hint']}")
    for refused in answer.parts("refused"):
        print(f"! {refused['path']}:{refused['line']}: {refused['reason']}")
