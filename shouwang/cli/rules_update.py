"""``shouwang rules update``, ``rollback`` and ``sets``: rule sets from elsewhere, in versions.

Exit 0: in force; 1: not asked for, or not wanted after all.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import connected, words
from shouwang.cli.rules_reload import Say, in_force, show_difference
from shouwang.cli.rules_replay import replay
from shouwang.cli.terminal import shown, table
from shouwang.client import Caller
from shouwang.errors import UsageError
from shouwang.model import Value
from shouwang.rulearchive import pack
from shouwang.words import Words, many

_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")


def run(args: argparse.Namespace) -> int:
    say = words(args)
    with connected(args) as daemon:
        staged = Answer(_stage(args, daemon))
        version = {"name": staged["name"], "version": staged["version"]}
        if not args.json:
            print(f"{staged['name']} {staged['version']}  sha256 {staged['sha256']}")
            print(f"{say('文件', 'files')} {staged['files']}, {say('规则', 'rules')} {staged['rules']}")
            _show_left_out(staged, say)
            show_difference(staged, say)
        replayed = [] if args.no_replay else replay(args, daemon, staged)
        if not _wanted(args, say):
            daemon.call("rules.discard", **version)
            print(say("未更换。", "Nothing was changed."), file=sys.stderr)
            return 1
        result = Answer(daemon.call("rules.adopt", **version))
    if args.json:
        print_json({**staged.fields, "replayed": replayed, "in_force": result.fields})
    else:
        print(in_force(result, say))
    return 0


def _show_left_out(staged: Answer, say: Say) -> None:
    if left := staged.number("files_left_out"):
        zh = f"未采用 {left:.0f} 个规则文件：不在名为 rules 或 rules-… 的目录中"
        print(say(zh, f"left out {many(left, 'rule file')}: not in a folder named rules or rules-..."))


def _stage(args: argparse.Namespace, daemon: Caller) -> Value:
    """Read here, with the caller's own rights, and handed over in one open file."""
    path = Path(args.path)
    said: dict[str, Value] = {"name": args.name, "path": str(path.resolve())}
    if path.is_dir():
        if args.sha256:
            raise UsageError(
                Words("--sha256 只用于归档文件。", "--sha256 is for archives."),
                hint=Words("目录没有校验和。", "A folder has no checksum."),
            )
        with tempfile.TemporaryFile() as packed:
            pack([path], packed)
            packed.flush()
            return daemon.call_with_file("rules.stage", packed.fileno(), **said)
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {path}：{wrong.strerror}。", f"Cannot read {path}: {wrong.strerror}."),
            hint=Words("文件名是否正确，你是否有权读取？", "Is the name right, and may you read it?"),
        ) from wrong
    try:
        return daemon.call_with_file("rules.stage", file, sha256=_sha256(args.sha256, path), **said)
    finally:
        os.close(file)


def _sha256(given: str, archive: Path) -> str:
    """The sum itself, or a file as sha256sum writes it. Raises ``UsageError`` when it names none for the archive."""
    if not given or _HEX.fullmatch(given):
        return given
    try:
        lines = Path(given).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as wrong:
        raise UsageError(
            Words(f"无法读取 {given}：{wrong.strerror}。", f"Cannot read {given}: {wrong.strerror}."),
            hint=Words("--sha256 为校验和或其文件。", "--sha256 takes a checksum or a file of them."),
        ) from wrong
    sums = {line[64:].strip(" *\t"): line[:64] for line in lines if _HEX.fullmatch(line[:64])}
    found = sums.get(archive.name) or (sums.get("") if len(sums) == 1 else None)
    if found is None:
        raise UsageError(
            Words(f"{given} 中没有 {archive.name} 的校验和。", f"{given} names no checksum of {archive.name}."),
            hint=Words("每行应为：校验和 文件名。", "Each line should be: checksum, name."),
        )
    return found


def _wanted(args: argparse.Namespace, say: Say) -> bool:
    if args.yes:
        return True
    if not sys.stdin.isatty():
        print(say("未确认：请加 --yes。", "not confirmed: give --yes."), file=sys.stderr)
        return False
    print(say("现在启用？[y/N] ", "Put it in force? [y/N] "), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes", "是"}


def rollback(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("rules.rollback", name=args.name)
    if args.json:
        print_json(result)
        return 0
    say, answer = words(args), Answer(result)
    show_difference(answer, say)
    print(f"{shown(args.name)} {answer['set_version']}; {in_force(answer, say)}")
    return 0


def sets(args: argparse.Namespace) -> int:
    with connected(args) as daemon:
        result = daemon.call("rules.sets")
    if args.json:
        print_json(result)
        return 0
    say = words(args)
    rows = [(each["name"], each["version"], ", ".join(each.texts("before"))) for each in Answer(result).parts("sets")]
    table((say("规则集", "set"), say("版本", "version"), say("可退回", "before")), rows)
    return 0
