"""The store's jobs for the worker, one at a time, and an end to the one that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shouwang import worker
from shouwang.model import Value

Json = dict[str, Value]


class Jobs:
    """Run by one thread at a time; ended by any. What was ended raises, as what died does."""

    def __init__(self) -> None:
        self.stopped = False
        self._end: Callable[[], None] = lambda: None

    def run(self, job: str, args: Mapping[str, Value], told: Callable[[Json], None] = lambda _progress: None) -> Json:
        """Raises ``ShouwangError``."""
        return worker.run(job, args, told=told, begun=self._begun)

    def stop(self) -> None:
        """Now, and whatever begins later."""
        self.stopped = True
        self._end()

    def _begun(self, end: Callable[[], None]) -> None:
        self._end = end
        if self.stopped:
            end()
