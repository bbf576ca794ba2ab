"""Quiet files beyond the limit of descriptors: closed, and looked at from outside until they change."""

from __future__ import annotations

import os
import resource
from collections.abc import Mapping

from collectors.sources.cursor import FileCursor
from collectors.sources.opening import look
from collectors.sources.tail import TailedFile

Appearance = tuple[int, int, int, int]


class Parked:
    def __init__(self) -> None:
        self._files: dict[str, tuple[Appearance, FileCursor]] = {}
        self._most_open = max(16, min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def __len__(self) -> int:
        return len(self._files)

    def surplus(self, open_files: Mapping[str, TailedFile]) -> list[tuple[str, TailedFile]]:
        """Those above the limit that were quiet for longest."""
        surplus = len(open_files) - self._most_open
        if surplus <= 0:
            return []
        return sorted(open_files.items(), key=lambda each: each[1].grown_at)[:surplus]

    def add(self, path: str, file: TailedFile) -> None:
        self._files[path] = (_appearance(os.fstat(file.fd)), file.cursor())
        file.close()

    def wake(self) -> list[tuple[str, FileCursor, bool]]:
        """Those that changed, no longer parked: path, cursor, and whether the same file is still there."""
        changed: list[tuple[str, FileCursor, bool]] = []
        for path, (appearance, cursor) in list(self._files.items()):
            status = look(path)
            if status is None or _appearance(status) != appearance:
                del self._files[path]
                changed.append((path, cursor, status is not None and status.st_ino == cursor.inode))
        return changed


def _appearance(status: os.stat_result) -> Appearance:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
