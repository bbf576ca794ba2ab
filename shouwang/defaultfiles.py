"""Which logs of this host are watched without any set-up."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PATTERNS: Final = (
    "syslog",
    "messages",
    "auth.log",
    "secure",
    "audit/audit.log",
    "nginx/*.log",
    "apache2/*.log",
    "httpd/*_log",
)
IN_THE_JOURNAL: Final = frozenset({"syslog", "messages", "auth.log", "secure"})
"""What these hold the journal holds too: watching both would count everything twice."""


JOURNALS: Final = (Path("/var/log/journal"), Path("/run/log/journal"))


def default_files(folder: Path, *, with_journal: bool) -> list[str]:
    """Patterns, with the folder, of which at least one regular file is there that this user may read."""
    wanted = (each for each in PATTERNS if not (with_journal and each in IN_THE_JOURNAL))
    return [str(folder / each) for each in wanted if any(_readable(path) for path in folder.glob(each))]


def has_journal(folders: Sequence[Path] = JOURNALS) -> bool:
    """Whether there is a systemd journal of the whole system that this user may read, and ``journalctl``."""
    files = (path for folder in folders for path in folder.glob("*/system*.journal"))
    return shutil.which("journalctl") is not None and any(_readable(path) for path in files)


def _readable(path: Path) -> bool:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
    return regular and os.access(path, os.R_OK)
