"""A file source at work in a thread, and what it delivered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from collectors.registry import PARSERS
from collectors.sources.base import Chunk, Source
from collectors.sources.delivery import FileSettings
from collectors.sources.file import FileSource
from shouwang.clock import SystemClock
from shouwang.model import Event

DEADLINE_S = 10.0


def wait_for(condition: Callable[[], bool], what: str = "") -> None:
    """Until it holds; fails after the deadline."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.005)


class Kept:
    """Stands for what a store keeps: events and cursors, together."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.cursors: dict[str, bytes] = {}
        self.drops: dict[tuple[str, str], int] = {}
        self.chunks = 0

    def put(self, chunk: Chunk) -> None:
        self.chunks += 1
        self.events += chunk.events
        for name, value in chunk.cursors.items():
            if value:
                self.cursors[name] = value
            else:
                self.cursors.pop(name, None)
        for key, count in chunk.drops.items():
            self.drops[key] = self.drops.get(key, 0) + count

    @property
    def records(self) -> list[Event]:
        return [event for event in self.events if event.shape.dataset != "shouwang.self"]

    @property
    def lines(self) -> list[str]:
        return [event.raw.decode("utf-8", "backslashreplace") for event in self.records]

    def told(self, action: str) -> list[Event]:
        return [event for event in self.events if event.get("event.action") == action]


def flags(event: Event) -> list[str]:
    found = event.context.get("tags")
    return [str(each) for each in found] if isinstance(found, list) else []


class Running:
    """``with Running(source, kept):`` — the source runs from the kept cursors on, as after a start of the daemon."""

    def __init__(self, source: Source, kept: Kept) -> None:
        self.source = source
        self.kept = kept
        self.stop = threading.Event()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.source.run(self.kept.put, dict(self.kept.cursors), self.stop)
        except BaseException as failure:  # noqa: BLE001  # shown by the test's thread
            self.failure = failure

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        self._thread.join(5)
        assert not self._thread.is_alive(), "the source did not end within 5 s"
        if error is None and self.failure is not None:
            raise self.failure


def following(path: Path | str, kept: Kept, **settings: object) -> Running:
    """A file source with short times."""
    chosen: dict[str, object] = {
        "parser": "text",
        "grace_s": 0.3,
        "flush_s": 0.1,
        "poll_s": 0.005,
        "rescan_s": 0.02,
        **settings,
    }
    source = FileSource(FileSettings(str(path), **chosen), PARSERS, SystemClock())  # type: ignore[arg-type]  # settings by name
    return Running(source, kept)


def append(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def numbered(start: int, end: int) -> str:
    return "".join(f"line {number}\n" for number in range(start, end))


def names(start: int, end: int) -> list[str]:
    return numbered(start, end).splitlines()
