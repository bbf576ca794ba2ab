"""A real daemon, in a process of its own, on a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shouwang.client import Client, NotRunning
from shouwang.firstconfig import first_config
from shouwang.home import Home

ROOT = Path(__file__).parents[3]
START_S = 30.0


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited for {seconds} s"
        time.sleep(0.02)


@dataclass
class Daemon:
    """Starts on request; whatever still runs at the test's end is killed."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home.at(self.folder / "home")

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "SHOUWANG_RUNTIME": str(self.folder / "run"), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}

    def configure(self, more: str = "", roles: str = "") -> None:
        """A home that watches nothing but what ``more`` says."""
        self.home.make_folders()
        text = first_config(name="滨河社区", quiet=True).replace("\n[roles]\n", f"\n[roles]\n{roles}")
        self.home.config.write_text(text + more, encoding="utf-8")

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "shouwang", *words, "--home", str(self.home.path)],
            env=self.env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("a"),
            text=True,
        )
        self.processes.append(process)
        return process

    def start(self) -> subprocess.Popen[str]:
        process = self.spawn("up", "--headless")
        wait_for(lambda: self.answers() or process.poll() is not None, START_S)
        assert process.poll() is None, self.log()
        return process

    def answers(self) -> bool:
        try:
            Client.connect(self.home).close()
        except NotRunning:
            return False
        return True

    def client(self) -> Client:
        return Client.connect(self.home)

    def run(self, *words: str, user: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "shouwang", *words, "--home", str(self.home.path)]
        if user:
            command = ["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups", "--", *command]
        return subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))
    made = Daemon(tmp_path)
    tmp_path.chmod(0o755)  # another user's client must reach the socket, as it does below /run
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        if process.stdout:
            process.stdout.close()
