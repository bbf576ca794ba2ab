"""``shouwang up``: the daemon here (``--headless``, or no terminal), or as a child with the console before it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shouwang.cli.answer import Answer
from shouwang.cli.console import need_terminal, open_console
from shouwang.cli.options import language, verb, words
from shouwang.cli.stop import wait_for_end
from shouwang.client import Client, NotRunning
from shouwang.errors import LockedError, ShouwangError
from shouwang.home import Home
from shouwang.words import Words

if TYPE_CHECKING:
    from shouwang.cli.options import Subparsers

START_S: Final = 60.0


class _NotStarted(ShouwangError):
    """The daemon ended at once; its own words and exit code."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(Words(f"守护进程未能启动。\n{said}", f"The daemon did not start.\n{said}"))
        self.exit_code = code if code > 0 else 1


def add_parser(subparsers: Subparsers) -> None:
    parser = verb(subparsers, "up", up, "开始守望；在终端上同时打开界面 / watch; on a terminal, with the console")
    parser.add_argument("--headless", action="store_true", help="不开界面，日志到 stderr / no console, log to stderr")
    parser.add_argument("--log", metavar="FILE", help="日志写入文件 / log to a file instead of stderr")
    add_first_start(parser)
    parser.add_argument(
        "--take-over",
        action="store_true",
        help="接管属于另一个数据目录的集群 / take a cluster that belongs to another home",
    )
    parser.add_argument(
        "--new-database",
        action="append",
        choices=("state", "events"),
        default=[],
        help="舍弃已丢失的数据库，重新建立 / begin one anew in place of a lost one",
    )


def add_first_start(parser: argparse.ArgumentParser) -> None:
    """What a new home is made with."""
    first = parser.add_argument_group("首次启动 / on the first start")
    first.add_argument("--name", metavar="TEXT", help="单位或社区名称 / name of the site")
    first.add_argument(
        "--timezone", metavar="ZONE", help="时区，此后不能更改 / cannot be changed later (Asia/Shanghai)"
    )
    first.add_argument(
        "--store", metavar="URL", help="Elasticsearch 地址，日志存入其中 / keep events there: the cluster's address"
    )
    first.add_argument("--store-ca", metavar="FILE", help="其证书的 CA / the authority of its certificates, PEM")
    first.add_argument(
        "--store-credentials",
        metavar="FILE",
        help="凭据文件（0600）/ file of mode 0600 with api_key, or user and password",
    )


def up(args: argparse.Namespace) -> int:
    if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _serve(args)
    need_terminal()
    home = Home.at(args.home)
    _refuse_second(home)
    child = _start(args, home)
    stops = False
    try:
        stops = open_console(home, args.lang, may_stop=True)
    finally:
        _leave(args, child, stops=stops)
    return 0


def _serve(args: argparse.Namespace) -> int:
    # By name: the commands do not import what the daemon is made of.
    serve = import_module("shouwang.daemon").serve
    code: int = serve(
        Home.at(args.home),
        log_file=Path(args.log) if args.log else None,
        name=args.name,
        timezone=args.timezone,
        language=args.lang,
        store=chosen_store(args),
        anew=args.new_database,
        take_over=args.take_over,
    )
    return code


def chosen_store(args: argparse.Namespace) -> dict[str, str]:
    """Settings of ``[store]``; paths from where the user stands."""
    found = {"url": args.store} if args.store else {}
    for name, path in (("ca", args.store_ca), ("credentials", args.store_credentials)):
        if path:
            found[name] = str(Path(path).absolute())
    return found


def _refuse_second(home: Home) -> None:
    try:
        Client.connect(home).close()
    except NotRunning:
        return
    raise LockedError(
        Words(f"数据目录 {home.path} 已在值守中。", f"A daemon watches for the home {home.path} already."),
        hint=Words(
            "`shouwang tui` 打开值班终端，`shouwang stop` 停止值守。",
            "`shouwang tui` opens the console, `shouwang stop` ends it.",
        ),
    )


def _start(args: argparse.Namespace, home: Home) -> subprocess.Popen[bytes]:
    """The daemon in a session of its own, so that it outlives the terminal when it shall. Returns when it answers."""
    log = home.logs / "shouwang.log"
    command = [sys.executable, "-P", "-m", "shouwang", "up", "--headless", "--home", str(home.path), "--log", str(log)]
    for option in ("name", "timezone", "lang"):
        if getattr(args, option):
            command += [f"--{option}", getattr(args, option)]
    for option in ("store", "store-ca", "store-credentials"):
        value = getattr(args, option.replace("-", "_"))
        if value:
            command += [f"--{option}", value]
    if args.take_over:
        command.append("--take-over")
    for name in args.new_database:
        command += ["--new-database", name]
    said = tempfile.TemporaryFile()  # noqa: SIM115  # the child keeps it
    child = subprocess.Popen(  # noqa: S603  # ourselves, as an argument list
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
    )
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        try:
            Client.connect(home).close()
        except NotRunning:
            if child.poll() is not None:
                said.seek(0)
                raise _NotStarted(said.read().decode("utf-8", "replace").strip(), child.returncode) from None
            time.sleep(0.05)
            continue
        return child
    raise ShouwangError(
        Words("守护进程没有应答。", "The daemon does not answer."), hint=Words(f"请查看 {log}。", f"See {log}.")
    )


def _leave(args: argparse.Namespace, child: subprocess.Popen[bytes], *, stops: bool) -> None:
    """Go on watching, unless the console was told to stop, or the daemon ends already."""
    say, home = words(args), Home.at(args.home)
    if child.poll() is None and not _is_stopping(home):
        if not stops:
            print(say("继续值守；`shouwang stop` 停止。", "Watching; `shouwang stop` ends it."))
            return
        with Client.connect(home, language(args)) as daemon:
            daemon.call("stop")
    wait_for_end(child.pid)
    print(say("已停止。", "Stopped."))


def _is_stopping(home: Home) -> bool:
    try:
        with Client.connect(home) as daemon:
            return Answer(daemon.call("ping")).flag("stopping")
    except ConnectionError:
        return True
