"""Real journals: written by systemd-journal-remote, or by a journald in a mount namespace of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers import IS_ROOT, needs, require

REMOTE = Path("/lib/systemd/systemd-journal-remote")
JOURNALD = Path("/lib/systemd/systemd-journald")

needs_journalctl = needs("journald", shutil.which("journalctl") is not None, "journalctl is not here")
needs_remote = needs("journal-remote", REMOTE.exists(), "systemd-journal-remote is not here")
needs_journald = needs(
    "journald",
    IS_ROOT and JOURNALD.exists() and shutil.which("logger") is not None,
    "needs root, systemd-journald and logger",
)


def write_journal(path: Path, messages: Sequence[str], *, boot: str = "b", ago_s: int = 600) -> None:
    """One journal file; entries a second apart, the first so long ago."""
    first = time.time_ns() // 1000 - ago_s * 1_000_000
    entries = [
        f"__REALTIME_TIMESTAMP={first + n * 1_000_000}\n__MONOTONIC_TIMESTAMP={n * 1_000_000 + 5}\n"
        f"_BOOT_ID={boot * 32}\nMESSAGE={message}\nSYSLOG_IDENTIFIER=test\nPRIORITY=6\n\n"
        for n, message in enumerate(messages)
    ]
    command = [str(REMOTE), f"--output={path}", "-"]
    subprocess.run(command, input="".join(entries).encode(), check=True, capture_output=True, timeout=30)


_START = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/log/journal /run/systemd /run/old
mount --rbind /dev /run/old
mount -t tmpfs tmpfs /dev
for n in null zero random urandom full tty kmsg; do touch /dev/$n; mount --bind /run/old/$n /dev/$n || true; done
mount --bind "$FOLDER" /run/log/journal
/lib/systemd/systemd-journald >/dev/null 2>&1 &
JOURNALD=$!
trap 'kill $JOURNALD' EXIT
for i in $(seq 100); do [ -S /run/systemd/journal/dev-log ] && break; sleep 0.05; done
ln -s /run/systemd/journal/dev-log /dev/log
set +e
"""


class Journald:
    """A journald whose files lie in ``folder``; ``do`` runs shell commands beside it."""

    def __init__(self, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["unshare", "-m", "sh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "FOLDER": str(folder)},
            text=True,
        )

    def __enter__(self) -> Self:
        self.do(_START)
        return self

    def do(self, commands: str) -> None:
        """Returns when they have run."""
        assert self._shell.stdin
        assert self._shell.stdout
        self._shell.stdin.write(f"{commands}\necho ready\n")
        self._shell.stdin.flush()
        for line in self._shell.stdout:
            if line == "ready\n":
                return
        require("journald", False, "none can be started here")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._shell.stdin
        self._shell.stdin.close()
        self._shell.wait(20)
