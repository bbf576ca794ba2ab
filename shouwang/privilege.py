"""Power is kept from hostile bytes: a daemon started by root becomes the home's owner before it reads anything."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress
from typing import Final

import pydantic

from shouwang.errors import StoreError
from shouwang.home import Home
from shouwang.model import Finding, Level
from shouwang.words import Words

DAEMON_USER: Final = "shouwang"
READING_GROUPS: Final = ("adm", "systemd-journal")
"""Whoever is in them may read the logs of /var/log and the journal."""


def drop(home: Home) -> bool:
    """As root: give a new home, and the folder of its socket, to the daemon's user, and become the home's owner.

    Whether root was given up. A home that root owns stays root's, and so does the daemon: ``findings`` says so.
    """
    if os.geteuid() != 0:
        return False
    if not home.path.exists():
        home.make_folders()
        with suppress(KeyError):
            entry = pwd.getpwnam(DAEMON_USER)
            if _can_read_program(entry):
                _give(home, entry)
    owner = home.owner_uid()
    if not owner:
        return False
    try:
        entry = pwd.getpwuid(owner)
    except KeyError:
        raise StoreError(
            Words(
                f"数据目录 {home.path} 属于 uid {owner}，系统中没有这个用户。",
                f"The home {home.path} belongs to uid {owner}, which is no user.",
            ),
            hint=Words("请用 chown 更改属主。", "chown it."),
        ) from None
    if not _can_read_program(entry):
        raise StoreError(
            Words(
                f"数据目录 {home.path} 属于 {entry.pw_name}，但该用户无法读取程序或其 Python。",
                f"The home {home.path} belongs to {entry.pw_name}, who cannot read the program or its Python.",
            ),
            hint=Words(
                "请安装到该用户可读的位置，例如 /opt/shouwang：docs/how-to/service.md",
                "Install it where that user can read it, for example in /opt/shouwang: docs/how-to/service.md",
            ),
        )
    os.chown(home.socket_to_make().parent, entry.pw_uid, entry.pw_gid)
    _become(entry)
    return True


def findings() -> list[Finding]:
    if os.geteuid() != 0:
        return []
    return [
        Finding(
            Level.DEGRADED,
            Words("守护进程正以 root 身份运行。", "The daemon runs as root."),
            Words(
                f"请安装到所有用户可读的位置，新建系统用户 {DAEMON_USER!r}，将数据目录交给它（chown -R）后重新启动："
                "docs/how-to/service.md",
                f"Install it where all can read it, make a system user {DAEMON_USER!r}, give it the home (chown -R),"
                " and start again: docs/how-to/service.md",
            ),
        )
    ]


def _give(home: Home, entry: pwd.struct_passwd) -> None:
    for folder in (home.path, home.logs, home.drills, home.rules):
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _can_read_program(entry: pwd.struct_passwd) -> bool:
    """Tried as that user, in a child: after becoming it there is no way back, and much is loaded later."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    try:
        _become(entry)
        readable = all(os.access(path, os.R_OK) for path in (__file__, os.__file__, pydantic.__file__))
    except OSError:
        readable = False
    os._exit(0 if readable else 1)


def _become(entry: pwd.struct_passwd) -> None:
    """With the groups that may read logs; there is no way back."""
    groups = set(os.getgrouplist(entry.pw_name, entry.pw_gid))
    for name in READING_GROUPS:
        with suppress(KeyError):
            groups.add(grp.getgrnam(name).gr_gid)
    os.setgroups(sorted(groups))
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
    os.environ["HOME"] = entry.pw_dir
    os.environ.pop("XDG_RUNTIME_DIR", None)
