"""Stretches of time to look through one after another, each about as many rows as asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from shouwang.eventstore.embedded.segments.manifest import Segment


class Block(NamedTuple):
    """A row group, or a small file."""

    rows: int
    min_us: int
    max_us: int


class Window(NamedTuple):
    """``from_us <= time_us < to_us``."""

    from_us: int
    to_us: int


class Windows:
    """Together they are ``from_us <= time_us < to_us`` as far as there are rows, each moment once."""

    def __init__(
        self,
        segments: Sequence[Segment],
        blocks_of: Callable[[Segment], Sequence[Block]],
        whole: Window,
        *,
        newest_first: bool,
    ) -> None:
        self._segments = sorted(segments, key=lambda each: each.max_time_us if newest_first else -each.min_time_us)
        """The next one last."""
        self._blocks_of = blocks_of
        self._blocks: list[Block] = []
        self._left: Window | None = whole
        self._newest_first = newest_first

    def next(self, rows: int) -> Window | None:
        left = self._left
        if left is None:
            return None
        self._blocks = [each for each in self._blocks if _meet(each, left)]
        while self._segments and self._passed() < rows:
            self._blocks += [each for each in self._blocks_of(self._segments.pop()) if _meet(each, left)]
        edge = self._edge(rows)
        if edge is None or not left.from_us < edge < left.to_us:
            self._left = None
            return left
        older, newer = Window(left.from_us, edge), Window(edge, left.to_us)
        self._left, found = (older, newer) if self._newest_first else (newer, older)
        return found

    def _passed(self) -> int:
        """Rows of the blocks that end before the next segment begins."""
        ahead = self._segments[-1]
        if self._newest_first:
            return sum(each.rows for each in self._blocks if each.min_us > ahead.max_time_us)
        return sum(each.rows for each in self._blocks if each.max_us < ahead.min_time_us)

    def _edge(self, rows: int) -> int | None:
        """Where so many rows are passed; ``None`` when there are no more. Blocks that span much come last."""
        ahead = sorted(self._blocks, key=lambda each: -each.min_us if self._newest_first else each.max_us)
        for number, block in enumerate(ahead):
            rows -= block.rows
            if rows <= 0 and (number + 1 < len(ahead) or self._segments):
                return block.min_us if self._newest_first else block.max_us + 1
        return None


def _meet(block: Block, left: Window) -> bool:
    return block.min_us < left.to_us and block.max_us >= left.from_us
