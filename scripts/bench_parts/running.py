"""A daemon with a home of its own, for the figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

QUIET = """
[site]
name = "bench"
[watch]
journald = false
var_log = false
[listen]
syslog_udp = ""
syslog_tcp = ""
[metrics]
interval_s = 0
"""


@dataclass(frozen=True)
class Daemon:
    process: psutil.Process
    env: dict[str, str]

    def cpu_s(self) -> float:
        """Of the daemon and of the children it has waited for."""
        times = self.process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)

    def ask(self, *words: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "shouwang", *words, "--json"],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)


@contextmanager
def daemon(config: str) -> Iterator[Daemon]:
    with tempfile.TemporaryDirectory(prefix="shouwang-bench") as folder:
        home = Path(folder) / "home"
        make(home, config)
        with started(home) as made:
            yield made


def make(home: Path, config: str) -> None:
    home.mkdir(mode=0o700)
    (home / "shouwang.toml").write_text(config, encoding="utf-8")


@contextmanager
def started(home: Path) -> Iterator[Daemon]:
    """Its socket and its log lie beside the home."""
    env = os.environ | {"SHOUWANG_HOME": str(home), "SHOUWANG_RUNTIME": str(home.parent)}
    child = subprocess.Popen(
        [sys.executable, "-m", "shouwang", "up", "--headless"], env=env, stderr=(home.parent / "log").open("wb")
    )
    try:
        made = Daemon(psutil.Process(child.pid), env)
        wait(lambda: answers(made), 60)
        yield made
    finally:
        child.terminate()
        child.wait(20)


def answers(made: Daemon) -> bool:
    try:
        made.ask("status")
    except subprocess.CalledProcessError:
        return False
    return True


def wait(condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("it did not come")
        time.sleep(0.05)
