"""The cursors of one file source: which files it knows, and how far each was delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from collectors.sources.cursor import FileCursor, decode


class CursorBook:
    """A cursor's name is ``<source id>#<generation>``."""

    def __init__(self, source: str, kept: Mapping[str, bytes]) -> None:
        self._source = source
        self._cursors: dict[int, FileCursor] = {}
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
                self._cursors[cursor.generation] = cursor
        self._next = highest + 1

    def name(self, generation: int) -> str:
        return f"{self._source}#{generation}"

    def start(self, path: str, device: int, inode: int) -> FileCursor:
        """For a file that is read from its beginning; known once something of it was delivered."""
        generation, self._next = self._next, self._next + 1
        return FileCursor(
            path=path,
            generation=generation,
            device=device,
            inode=inode,
            head="",
            head_length=0,
            tail="",
            tail_length=0,
            seen=0,
            offset=0,
            mtime_ns=0,
        )

    def delivered(self, cursor: FileCursor) -> None:
        self._cursors[cursor.generation] = cursor

    def forget(self, cursor: FileCursor) -> str:
        """The name under which the store is to remove it."""
        self._cursors.pop(cursor.generation, None)
        return self.name(cursor.generation)

    def unfinished(self) -> list[FileCursor]:
        """In the order in which the files came."""
        return [cursor for _, cursor in sorted(self._cursors.items()) if not cursor.done]

    def finished(self) -> list[FileCursor]:
        return [cursor for _, cursor in sorted(self._cursors.items()) if cursor.done]

    def of_inode(self, inode: int) -> Iterator[FileCursor]:
        """The youngest first."""
        return (
            self._cursors[each] for each in sorted(self._cursors, reverse=True) if self._cursors[each].inode == inode
        )

    def inodes(self) -> set[int]:
        return {cursor.inode for cursor in self._cursors.values()}
