"""Which log files of this host are watched without any set-up."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
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
    "httpd/*log",
)
IN_THE_JOURNAL: Final = frozenset({"syslog", "messages", "auth.log", "secure"})
"""What these hold the journal holds too: watching both would count everything twice."""


def default_files(folder: Path, *, with_journal: bool) -> list[Path]:
    """Existing regular files that this user may read, in order."""
    patterns = [each for each in PATTERNS if not (with_journal and each in IN_THE_JOURNAL)]
    return list(dict.fromkeys(_readable(path for each in patterns for path in sorted(folder.glob(each)))))


def expanded(pattern: str, base: Path) -> list[Path]:
    """What a ``[[source]]`` path names now; a path without ``*`` also when it is not there yet."""
    path = base / Path(pattern).expanduser()
    if not any(sign in pattern for sign in "*?["):
        return [path]
    anchor = Path(path.anchor)
    return sorted(found for found in anchor.glob(str(path.relative_to(anchor))) if found.is_file())


def _readable(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            regular = stat.S_ISREG(path.stat().st_mode)
        except OSError:
            continue
        if regular and os.access(path, os.R_OK):
            yield path
