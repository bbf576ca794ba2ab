"""The cursors of one file source: which files it knows, and how far each was delivered."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping

from collectors.sources.cursor import FileCursor, decode, digest


class CursorBook:
    """A cursor's name is ``<source id>#<generation>``."""

    def __init__(self, source: str, kept: Mapping[str, bytes]) -> None:
        self._source = source
        self._cursors: dict[int, FileCursor] = {}
        self._of_path: defaultdict[str, set[int]] = defaultdict(set)
        self._of_inode: defaultdict[int, set[int]] = defaultdict(set)
        self.damaged: list[str] = []
        """Names of cursors that cannot be read any more; for the caller to remove."""
        highest = 0
        for name, value in kept.items():
            owner, _, number = name.rpartition("#")
            if owner != source or not number.isdecimal():
                continue
            highest = max(highest, int(number))
            cursor = decode(value)
            if cursor is None or cursor.generation != int(number):
                self.damaged.append(name)
            else:
                self.delivered(cursor)
        self._next = highest + 1

    def name(self, generation: int) -> str:
        return f"{self._source}#{generation}"

    def start(self, path: str, status: os.stat_result) -> FileCursor:
        """For a file that is read from its beginning."""
        generation, self._next = self._next, self._next + 1
        return FileCursor(
            path=path,
            generation=generation,
            device=status.st_dev,
            inode=status.st_ino,
            head=digest(b""),
            head_length=0,
            tail=digest(b""),
            tail_length=0,
            seen=0,
            offset=0,
            mtime_ns=status.st_mtime_ns,
        )

    def delivered(self, cursor: FileCursor) -> None:
        self._drop(cursor.generation)
        self._cursors[cursor.generation] = cursor
        self._of_path[cursor.path].add(cursor.generation)
        self._of_inode[cursor.inode].add(cursor.generation)

    def forget(self, cursor: FileCursor) -> str:
        """The name under which the store is to remove it."""
        self._drop(cursor.generation)
        return self.name(cursor.generation)

    def unfinished(self) -> list[FileCursor]:
        """In the order in which the files came."""
        return [cursor for _, cursor in sorted(self._cursors.items()) if not cursor.done]

    def finished(self) -> list[FileCursor]:
        return [cursor for _, cursor in sorted(self._cursors.items()) if cursor.done]

    def of_path(self, path: str) -> list[FileCursor]:
        """In the order in which the files came."""
        return [self._cursors[each] for each in sorted(self._of_path.get(path, ()))]

    def of_inode(self, inode: int) -> list[FileCursor]:
        """The youngest first."""
        return [self._cursors[each] for each in sorted(self._of_inode.get(inode, ()), reverse=True)]

    def _drop(self, generation: int) -> None:
        held = self._cursors.pop(generation, None)
        if held is None:
            return
        for index, key in ((self._of_path, held.path), (self._of_inode, held.inode)):
            group: set[int] = index[key]  # type: ignore[index]  # each index with its own key
            group.discard(generation)
            if not group:
                del index[key]  # type: ignore[arg-type]  # the key's type is the index's own
