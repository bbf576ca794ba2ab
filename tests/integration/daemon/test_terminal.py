"""``up`` on a terminal: the daemon behind, the console before it, and a question on leaving."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.daemon.conftest import ROOT, Daemon, wait_for


class Terminal:
    """A command on a terminal of 40 x 140."""

    def __init__(self, daemon: Daemon, *words: str, errors: Path | None = None) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            if errors:
                os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT, 0o600), 2)
            os.environ.update(daemon.env, TERM="xterm-256color", SHOUWANG_LANG="en")
            os.execv(sys.executable, [sys.executable, "-m", "shouwang", *words, "--home", str(daemon.home.path)])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.seen = ""

    def expect(self, pattern: str, press: str = "", seconds: float = 30.0) -> None:
        """Wait until it is shown, pressing the keys again and again meanwhile."""
        until = time.monotonic() + seconds
        while not re.search(pattern, self.seen):
            assert time.monotonic() < until, self.seen[-2000:]
            if select.select([self.fd], [], [], 0.5)[0]:
                self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
            elif press:
                self.type(press)

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def ended(self) -> int | None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def close(self) -> None:
        os.close(self.fd)


@pytest.fixture
def terminal(daemon: Daemon) -> Iterator[Terminal]:
    daemon.configure()
    made = Terminal(daemon, "up")
    yield made
    made.close()
    if daemon.answers():
        daemon.run("stop")


KEEP, STOP = "\x11\x1b[C\r", "\x11\x1b[C\x1b[C\r"
"""Ctrl+Q, the button, Enter."""


@pytest.mark.parametrize(("keys", "said"), [(STOP, "Stopped"), (KEEP, "Watching;")])
def test_leaving_asks_once_whether_to_go_on_watching(daemon: Daemon, terminal: Terminal, keys: str, said: str) -> None:
    terminal.expect("滨河社区")
    assert daemon.answers()
    terminal.expect(said, press=keys)
    assert daemon.answers() is (keys == KEEP)
    code: list[int] = []

    def ended() -> bool:
        found = terminal.ended()
        code.extend([] if found is None else [found])
        return bool(code)

    wait_for(ended)
    assert code == [0]


@pytest.mark.parametrize("command", ["up", "tui"])
def test_a_console_whose_drawing_would_go_into_a_file_is_refused(daemon: Daemon, tmp_path: Path, command: str) -> None:
    daemon.configure()
    if command == "tui":
        daemon.start()
    errors = tmp_path / "errors"
    terminal = Terminal(daemon, command, errors=errors)
    code: list[int] = []

    def ended() -> bool:
        found = terminal.ended()
        code.extend([] if found is None else [found])
        return bool(code)

    wait_for(ended)
    terminal.close()
    assert code != [0]
    assert "stderr, which is redirected" in errors.read_text()
    assert daemon.answers() is (command == "tui")
