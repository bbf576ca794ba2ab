"""One supervised thread a source, and what is counted of each."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from collectors.sources.base import Chunk, Deliver, Source
from shouwang.model import DEAD_DATASET, Finding, Level, SourceStatus
from shouwang.supervised import Supervised
from shouwang.words import Words, words

log = logging.getLogger(__name__)

END_S: Final = 3.0
"""Sources promise to end within 2 s."""


class Supervisor:
    """Runs the sources from ``__enter__`` to ``__exit__``; what one raises is logged, shown, and tried again."""

    def __init__(self, sources: Sequence[Source], deliver: Deliver, cursors: Callable[[], Mapping[str, bytes]]) -> None:
        """``cursors``: as of all that was delivered so far; asked whenever a source starts."""
        self._runs = [_Run(source, deliver, cursors) for source in sources]

    def __enter__(self) -> Self:
        for each in self._runs:
            each.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for each in self._runs:
            each.thread.ask_to_stop()
        until = time.monotonic() + END_S
        for each in self._runs:
            if not each.thread.join(max(0.0, until - time.monotonic())):
                log.error("source %s did not end in time; it goes on from its cursor next time", each.source.id)

    def status(self) -> list[SourceStatus]:
        return [each.status() for each in self._runs]

    def findings(self) -> list[Finding]:
        """Of sources from which nothing comes."""
        return [
            Finding(Level.BROKEN, Words(f"{said.id}：{detail.zh}。", f"{said.id}: {detail.en}."), each.thread.hint)
            for each in self._runs
            for said in (each.status(),)
            for detail in (words(said.detail),)
            if said.level is Level.BROKEN
        ]


class _Run:
    def __init__(self, source: Source, deliver: Deliver, cursors: Callable[[], Mapping[str, bytes]]) -> None:
        self.source = source
        self.thread = Supervised(source.id, self._run)
        self._cursors = cursors
        self._forward = deliver
        self._delivered: dict[str, bytes] = {}
        """Cursors handed over since the start: what is not stored yet must not be given again."""
        self._received = 0
        self._last_us = 0
        self._dropped: Counter[str] = Counter()

    def status(self) -> SourceStatus:
        said = self.source.status()
        failed = next((finding.what for finding in self.thread.findings() if finding.level is Level.BROKEN), None)
        if failed and said.level is not Level.BROKEN:
            said = replace(said, level=Level.BROKEN, detail=failed)
        return replace(
            said,
            last_event_us=max(said.last_event_us, self._last_us),
            received=self._received,
            dropped=dict(self._dropped),
        )

    def _run(self, stop: threading.Event) -> None:
        held = {**self._cursors(), **self._delivered}
        self.source.run(self._deliver, {name: value for name, value in held.items() if value}, stop)

    def _deliver(self, chunk: Chunk) -> None:
        self._forward(chunk)
        self._delivered.update(chunk.cursors)
        self._received += len(chunk.events) + sum(chunk.drops.values())
        for (_, reason), number in chunk.drops.items():
            self._dropped[reason] += number
        for event in chunk.events:
            self._last_us = max(self._last_us, event.received_us)
            if event.shape.dataset == DEAD_DATASET:
                self._dropped[str(event.get("error.code"))] += 1
