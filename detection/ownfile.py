"""Files that only the user who runs this can have written: what a cache is read from."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def read(path: Path, most_bytes: int) -> bytes:
    """Raises ``OSError``, also when the file is a link, no file, too large, or could be somebody else's work."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123  # a descriptor
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or not _mine(found) or found.st_size > most_bytes:
            raise PermissionError(path)
        return file.read()


def _mine(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def write(path: Path, data: bytes) -> None:
    """In one step: who reads meanwhile has the old file whole, or the new one. Raises ``OSError``."""
    standing = next(folder for folder in path.parents if folder.exists())
    if not _mine(standing.stat()):  # root leaves nothing in a user's home, nobody anything in /tmp
        raise PermissionError(standing)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor
            file.write(data)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def prune(folder: Path, suffix: str, kept: int) -> None:
    """Files not written for longest, and what a writer that was killed left."""
    written = sorted(
        (file for file in folder.iterdir() if file.name.endswith(suffix) or f"{suffix}." in file.name),
        key=lambda file: file.stat().st_mtime_ns,
    )
    for file in written[:-kept]:
        file.unlink(missing_ok=True)
