"""Opening what a log's path leads to: a regular file, or the reason why not. Never waits (a FIFO would make it)."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.sources.cursor import FileCursor, digest
from shouwang.words import NOTHING, Words

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW
_MOST_LINKS: Final = 8
_KINDS: Final = (
    (stat.S_ISDIR, Words("是文件夹", "is a folder")),
    (stat.S_ISFIFO, Words("是命名管道", "is a FIFO")),
    (stat.S_ISSOCK, Words("是套接字", "is a socket")),
    (stat.S_ISCHR, Words("是设备", "is a device")),
    (stat.S_ISBLK, Words("是设备", "is a device")),
)


class CannotOpen(Exception):
    """The words say why."""

    def __init__(self, path: str, why: Words) -> None:
        self.words = Words(f"{shown(path)}：{why.zh}", f"{shown(path)} {why.en}")
        super().__init__(self.words)


class NotThere(CannotOpen):
    """Nothing has this name now."""


@dataclass(frozen=True, slots=True)
class Opened:
    fd: int
    """Owned by the caller."""
    status: os.stat_result


def open_log(path: str) -> Opened:
    """Raises ``CannotOpen``.

    A link is followed when root, this process's user, or the owner of the file behind it made it (as the kernel's
    ``protected_symlinks``): who may only write a log folder must not point us at another's file.
    """
    owners: set[int] = set()
    here = path
    for _ in range(_MOST_LINKS):
        try:
            fd = os.open(here, _FLAGS)
        except FileNotFoundError as error:
            raise NotThere(path, Words("不存在", "is not there")) from error
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise CannotOpen(path, _refused(error)) from error
            here = _follow(here, owners)
            continue
        return _checked(fd, path, owners)
    raise CannotOpen(path, Words("链接层数过多", "has too many links"))


def look(path: str) -> os.stat_result | None:
    """What is there, through links, without opening it; ``None`` when nothing is, or it cannot be said."""
    try:
        return Path(path).stat()
    except OSError:
        return None


def _follow(here: str, owners: set[int]) -> str:
    try:
        link = os.open(here, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise CannotOpen(here, _refused(error)) from error
    try:
        owners.add(os.fstat(link).st_uid)
        target = os.readlink("", dir_fd=link)
    except OSError as error:
        raise CannotOpen(here, _refused(error)) from error
    finally:
        os.close(link)
    return str(Path(here).parent / target)


def _checked(fd: int, path: str, owners: set[int]) -> Opened:
    status = os.fstat(fd)
    what = next((words for test, words in _KINDS if test(status.st_mode)), NOTHING)
    if not what and owners - {0, os.geteuid(), status.st_uid}:
        what = Words("是他人建立的指向此文件的链接", "is a link that somebody else made to this file")
    if what:
        os.close(fd)
        raise CannotOpen(path, what)
    return Opened(fd, status)


def content_fits(opened: Opened, cursor: FileCursor) -> bool:
    """Whether the open file begins with what was read at the cursor's."""
    if opened.status.st_size < cursor.seen:
        return False
    head = os.pread(opened.fd, cursor.head_length, 0)
    tail = os.pread(opened.fd, cursor.tail_length, cursor.seen - cursor.tail_length)
    return digest(head) == cursor.head and digest(tail) == cursor.tail


def shown(path: str) -> str:
    """Text that can be stored: bytes of a name that are no UTF-8 as ``\\xNN``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _refused(error: OSError) -> Words:
    return Words(f"无法打开（{error.strerror}）", f"cannot be opened: {error.strerror}")
