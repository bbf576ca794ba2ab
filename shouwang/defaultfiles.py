"""Which logs of this host are watched without any set-up."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shouwang.model import Finding, Level
from shouwang.words import Words

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


def journal_lack(folders: Sequence[Path] = JOURNALS) -> Finding | None:
    """Why the journal is not watched although it shall be; ``None`` when it can be."""
    if has_journal(folders):
        return None
    either = Words("或设 watch.journald = false。", "or set watch.journald = false.")
    if not any(each.is_dir() and _has_entries(each) for each in folders):
        why = Words("此主机没有 systemd 日志", "this host has no systemd journal")
        mend = Words(
            "系统日志在文件中时，请确认 watch.var_log 或 [[source]] 已包含它们；",
            "Where its logs are files, see that watch.var_log or a [[source]] names them;",
        )
    elif shutil.which("journalctl") is None:
        why = Words("没有 journalctl", "there is no journalctl")
        mend = Words("请安装 systemd；", "Install systemd,")
    else:
        why = Words("此用户无权读取 systemd 日志", "this user may not read the systemd journal")
        mend = Words(
            "请将守护进程的用户加入 systemd-journal 组并重新启动（usermod -aG systemd-journal USER）；",
            "Add the daemon's user to the group systemd-journal and start again (usermod -aG systemd-journal USER),",
        )
    return Finding(
        Level.DEGRADED,
        Words(
            f"watch.journald 已开启，但{why.zh}：未监视。", f"watch.journald is on, but {why.en}: it is not watched."
        ),
        Words(mend.zh + either.zh, f"{mend.en} {either.en}"),
    )


def _has_entries(folder: Path) -> bool:
    """Also where this user may not look."""
    try:
        return any(folder.iterdir())
    except OSError:
        return True


def _readable(path: Path) -> bool:
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
    return regular and os.access(path, os.R_OK)
