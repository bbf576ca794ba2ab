"""Who holds the databases of a home open, and how, as /proc says of every process."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.daemon.conftest import wait_for

FORKED_S = 1.0
"""Longer than this no process takes from its fork to its own program; until then it holds all that its parent holds."""


@dataclass(frozen=True)
class Holder:
    process: int
    writes: bool
    forked: bool
    """Not yet a program of its own: its command line is still its parent's."""


def holders(folder: Path) -> Iterator[Holder]:
    """Of each open ``*.db`` in ``folder``. Not of the ``-wal`` and ``-shm`` beside it, which SQLite opens for writing
    even where a connection may only read, to note where readers are.
    """
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            forked = _is_forked(process)  # asked first: what is seen open after that is the program's own doing
            for fd in (process / "fd").iterdir():
                if (writes := _writes(fd, folder)) is not None:
                    yield Holder(int(process.name), writes, forked)
        except (OSError, IndexError):
            continue


def _is_forked(process: Path) -> bool:
    parent = (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
    command = (process / "cmdline").read_bytes()
    return parent != "0" and command == (process.parent / parent / "cmdline").read_bytes()


def _writes(fd: Path, folder: Path) -> bool | None:
    """``None``: it is no database of this folder, or is closed again."""
    try:
        target = str(fd.readlink())
        if not target.startswith(f"{folder}/") or not target.endswith(".db"):
            return None
        flags = (fd.parent.parent / "fdinfo" / fd.name).read_text().split("flags:")[1].split()[0]
    except (OSError, IndexError):
        return None
    return bool(int(flags, 8) & os.O_ACCMODE)


class Watch:
    """Looks again and again, in a thread: before, during and after what happens in ``over``."""

    def __init__(self, folder: Path) -> None:
        self.writers: dict[int, set[str]] = defaultdict(set)
        """Process -> during what it held a database open for writing."""
        self.readers: dict[int, set[str]] = defaultdict(set)
        self._folder = folder
        self._during = ""
        self._rounds = 0
        self._forked: dict[int, float] = {}
        self._stop = threading.Event()

    @contextmanager
    def over(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(10)

    def now(self, during: str) -> None:
        """From here on it is ``during``. A round that is under way counts for both."""
        self._during = during

    def whole_round(self) -> None:
        """Returns when a round is over that began after the call."""
        rounds = self._rounds + 2
        wait_for(lambda: self._rounds >= rounds)

    def _run(self) -> None:
        while not self._stop.is_set():
            during = self._during
            for holder in holders(self._folder):
                if not self._just_forked(holder):
                    found = self.writers if holder.writes else self.readers
                    found[holder.process] |= {during, self._during}
            self._rounds += 1
            self._stop.wait(0.002)

    def _just_forked(self, holder: Holder) -> bool:
        now = time.monotonic()
        return holder.forked and now - self._forked.setdefault(holder.process, now) < FORKED_S
