"""What the new and changed rules of a version that waits would have matched: a hunt, for as long as is granted."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from typing import Final

from shouwang.cli.answer import Answer
from shouwang.cli.options import words
from shouwang.client import Caller
from shouwang.model import Value

POLL_S: Final = 0.3
PAGE: Final = 1000


def replay(args: argparse.Namespace, daemon: Caller, staged: Answer) -> list[Value]:
    """One map a rule that fired: rule_id, title, level, count; and shown so, unless JSON was asked for."""
    ids = staged.texts("replay")
    if not ids:
        return []
    version = {"name": staged["name"], "version": staged["version"]}
    hunt = Answer(daemon.call("rules.replay", ids=list[Value](ids), since=args.since, **version))["id"]
    try:
        answer = _ended(args, daemon, hunt)
        found = [each for each in answer.parts("by_rule") if each["rule_id"] in ids]
        found += _correlated(daemon, hunt, set(ids))
    finally:
        daemon.call("hunt.stop", id=hunt)
        daemon.call("hunt.remove", id=hunt)
    if not args.json:
        _show(args, answer, found)
    return [each.fields for each in found]


def _ended(args: argparse.Namespace, daemon: Caller, hunt: str) -> Answer:
    say, until = words(args), time.monotonic() + args.replay_seconds
    while (answer := Answer(daemon.call("hunt.show", id=hunt)))["state"] == "running":
        _progress(answer, say("回放", "replay"))
        if time.monotonic() > until:
            daemon.call("hunt.stop", id=hunt)
            print(say("\n时间已到，以下为部分结果", "\ntime is up; this is a part"), file=sys.stderr)
            return Answer(daemon.call("hunt.show", id=hunt))
        time.sleep(POLL_S)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return answer


def _progress(answer: Answer, word: str) -> None:
    if sys.stderr.isatty():
        passed, total = answer.number("passed"), answer.number("total")
        percent = f"{100 * passed / total:.0f} %" if total else "..."
        print(f"\r{word} {percent}  {answer['matches']} ", end="", file=sys.stderr, flush=True)


def _correlated(daemon: Caller, hunt: str, ids: set[str]) -> list[Answer]:
    """The alerts that the new and changed correlations would have made."""
    count: Counter[str] = Counter()
    named: dict[str, Answer] = {}
    after = 0
    while True:
        page = Answer(daemon.call("hunt.matches", id=hunt, after=after, limit=PAGE, correlated=True))
        items = [each for each in page.parts("items") if each["rule_id"] in ids]
        count.update(each["rule_id"] for each in items)
        named.update({each["rule_id"]: each for each in items})
        if not page.parts("items"):
            break
        after = int(page.number("next"))
    return [
        Answer({"rule_id": id, "title": named[id]["title"], "level": named[id]["level"], "count": number})
        for id, number in count.most_common()
    ]


def _show(args: argparse.Namespace, answer: Answer, found: list[Answer]) -> None:
    say = words(args)
    if answer["state"] == "failed":
        print(f"{say('回放失败', 'the replay failed')}: {answer['why']}", file=sys.stderr)
        return
    print(f"{say('新增与更改的规则在', 'the new and changed rules, since')} {args.since}:")
    if not found:
        print("  " + say("没有命中", "no match"))
    for rule in found:
        print(f"  {rule['count']:>8}  {rule['level']:<13} {rule['title']}  {rule['rule_id']}")
