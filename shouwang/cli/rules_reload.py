"""``shouwang rules reload``: what took effect, and what of the settings waits for a restart."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, words

Say = Callable[[str, str], str]
_KINDS = (("added", "+", "新增", "new"), ("changed", "~", "更改", "changed"), ("removed", "-", "移除", "gone"))
MOST = 20
"""Rules of one kind of change listed; ``--json`` has all."""


def run(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("rules.reload", partly=args.partly)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    show_difference(answer, say)
    print(in_force(answer, say))
    if answer.number("inhibits"):
        print(f"[[inhibit]]: {answer['inhibits']}")
    if waiting := ", ".join(answer.texts("waiting")):
        print(f"{say('重启后生效', 'takes effect at the next start')}: {waiting}")
    return 0


def in_force(answer: Answer, say: Say) -> str:
    numbers = f"{say('规则', 'rules')} {answer['rules']}, {say('关联规则', 'correlations')} {answer['correlations']}"
    return f"{say('已生效', 'in force')}: {say('第', 'edition ')}{answer['edition']}{say('版', '')}, {numbers}"


def show_difference(answer: Answer, say: Say) -> None:
    """One line a rule: new, changed and how, gone, refused."""
    for key, mark, zh, en in (
        ("added", "+", "新增", "new"),
        ("changed", "~", "更改", "changed"),
        ("removed", "-", "移除", "gone"),
    ):
        found = answer.parts(key)
        if found:
            print(f"{say(zh, en)} {len(found)}")
        for rule in found[:MOST]:
            parts = f" ({', '.join(rule.texts('parts'))})" if key == "changed" else ""
            print(f"  {mark} {rule['level']:<13} {rule['title']}{parts}  {rule['id']}")
        if len(found) > MOST:
            print(f"  {say('……另有', '... and')} {len(found) - MOST}{say(' 条', ' more')}")
    for refused in answer.parts("refused"):
        print(f"! {refused['path']}:{refused['line']}: {refused['reason']}")
