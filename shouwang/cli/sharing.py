"""One scan in several processes: each reads all files and looks at its part of them; their finds are put in order."""

from __future__ import annotations

import heapq
import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Final, Generic, TypeAlias, TypeVar

Result = TypeVar("Result")
Place: TypeAlias = tuple[int, int]
"""Of a find in what all read: the number of the file and of its piece."""
_BEATS: Final = 16
"""After so many places without a find a process tells how far it is, or the others would have to wait for it."""


class Reports:
    """What one process tells the others' parent."""

    def __init__(self, end: Connection) -> None:
        self._end = end
        self._place: Place = (0, 0)
        self._lines: list[bytes] = []
        self._beats = 0

    def found(self, place: Place, line: bytes) -> None:
        """A line of output. Places only grow."""
        if place != self._place:
            self._flush()
            self._place = place
        self._lines.append(line)

    def beat(self, place: Place) -> None:
        self._beats += 1
        if self._beats % _BEATS == 0 and place != self._place:
            self._flush()
            self._end.send((place, b""))

    def done(self, result: object) -> None:
        self._flush()
        self._end.send((None, result))
        self._end.close()

    def _flush(self) -> None:
        if self._lines:
            self._end.send((self._place, b"".join(self._lines)))
            self._lines.clear()


class Sharing(Generic[Result]):
    """Processes forked from this one; start them when everything that they need is loaded."""

    def __init__(self, jobs: int, work: Callable[[int, Reports], Result]) -> None:
        """``work``: what the process of a number does; its result is told at the end."""
        fork = multiprocessing.get_context("fork")
        self.results: list[Result] = []
        """In the order of the processes; there when ``lines`` has ended."""
        self._ends: list[Connection] = []
        for number in range(jobs):
            mine, theirs = fork.Pipe(duplex=False)
            fork.Process(target=_run, args=(work, number, theirs), daemon=True).start()
            theirs.close()
            self._ends.append(mine)

    def lines(self) -> Iterator[bytes]:
        """As one process would give them. Raises ``RuntimeError`` when a process has died."""
        done: dict[int, Result] = {}
        streams = [self._stream(number, end, done) for number, end in enumerate(self._ends)]
        for _, line in heapq.merge(*streams, key=lambda find: find[0]):
            yield line
        self.results = [done[number] for number in sorted(done)]

    def _stream(self, number: int, end: Connection, done: dict[int, Result]) -> Iterator[tuple[Place, bytes]]:
        while True:
            try:
                place, said = end.recv()
            except EOFError:
                raise RuntimeError("a process of this scan has ended before its work was done") from None
            if place is None:
                done[number] = said
                return
            yield place, said


def _run(work: Callable[[int, Reports], object], number: int, end: Connection) -> None:
    reports = Reports(end)
    reports.done(work(number, reports))
