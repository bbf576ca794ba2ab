"""``shouwang stop``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shouwang.cli.answer import Answer, print_json
from shouwang.cli.options import language, verb, words
from shouwang.client import Client
from shouwang.errors import ShouwangError
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

PATIENCE_S: Final = 20.0


def add_parser(subparsers: Subparsers) -> None:
    verb(subparsers, "stop", stop, "停止守望；收到的都已入库 / end the daemon; what it received is stored")


def stop(args: argparse.Namespace) -> int:
    with Client.connect(args.home, language(args)) as daemon:
        result = daemon.call("stop")
    wait_for_end(int(Answer(result).number("pid")))
    if args.json:
        print_json(result)
    else:
        print(words(args)("已停止", "stopped") + f" (pid {Answer(result)['pid']})")
    return 0


def wait_for_end(pid: int) -> None:
    """Until the process has ended, and with it its hold on the home."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not _lives(pid):
            return
        time.sleep(0.05)
    raise ShouwangError(
        Words("守护进程尚未停止。", "The daemon has not ended yet."),
        hint=Words("在等什么，见数据目录 logs/ 中的日志。", "Its log in the home's logs/ says what it waits for."),
    )


def _lives(pid: int) -> bool:
    """Ended but not yet waited for by its parent is ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"}
