"""The files that are open: at their path, or rotated away and read on through their descriptor."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.sources.tail import TailedFile


class OpenFiles:
    def __init__(self) -> None:
        self.at_path: dict[str, TailedFile] = {}
        self.leaving: list[TailedFile] = []

    def __iter__(self) -> Iterator[TailedFile]:
        yield from self.at_path.values()
        yield from self.leaving

    def has(self, device: int, inode: int) -> bool:
        return any(each.identity == (device, inode) for each in self)

    def generations(self) -> set[int]:
        return {each.reader.start.generation for each in self}

    def leave(self, file: TailedFile) -> None:
        """Another file, or none, has its name now."""
        self.at_path = {path: each for path, each in self.at_path.items() if each is not file}
        file.rotated = True
        self.leaving.append(file)

    def replace(self, file: TailedFile, fresh: TailedFile) -> None:
        """The same file with new content."""
        fresh.rotated = file.rotated
        if file in self.leaving:
            self.leaving[self.leaving.index(file)] = fresh
        else:
            self.at_path = {path: fresh if each is file else each for path, each in self.at_path.items()}
        file.close()

    def close(self) -> None:
        for each in self:
            each.close()
