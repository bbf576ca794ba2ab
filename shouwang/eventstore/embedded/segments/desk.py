"""Where the daemon asks its query processes: at most three, started when they are needed, gone when idle for a minute.

A process that dies, hangs or is abandoned is replaced with the next ask; it harms nobody.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from shouwang.errors import StoreError
from shouwang.eventstore.base import Rehydrate
from shouwang.eventstore.embedded.rows import Cell, Row
from shouwang.eventstore.embedded.segments.asks import END, LENGTH_BYTES, ROWS, Arrivals, Ask, FirstSince
from shouwang.eventstore.embedded.segments.trouble import Kind, Trouble
from shouwang.words import Words

SEARCHES: Final = 2
"""At once; beside them one process for what takes no time: events by id, by arrival."""
IDLE_S: Final = 60.0
PATIENCE_S: Final = 600.0
"""How long one ask may take."""
_SERVICE: Final = "shouwang.eventstore.embedded.segments.service"
_MOST_BYTES: Final = 256 << 20
"""Of one piece of an answer; a record has at most 64 MiB."""
_DECODER: Final = msgspec.msgpack.Decoder(tuple[str, list[object]])


class Desk:
    """Any thread may ask. ``home``: the folder of ``events.db``."""

    def __init__(
        self, home: Path, rehydrate: Rehydrate, *, patience_s: float = PATIENCE_S, idle_s: float = IDLE_S
    ) -> None:
        self._home = home
        self._rehydrate = rehydrate
        self._patience_s = patience_s
        self._idle_s = idle_s
        self._searches = threading.BoundedSemaphore(SEARCHES)
        self._quick = threading.BoundedSemaphore(1)
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._busy: set[_Process] = set()
        self._closed = False
        self._timer: threading.Timer | None = None

    def ask(self, ask: Ask) -> list[Row]:
        """All rows of the answer. Raises ``Trouble``, and ``StoreError`` when the process died or took too long."""
        until = time.monotonic() + self._patience_s
        with self._process(self._quick if _is_quick(ask) else self._searches, until) as process:
            return [row for rows in process.ask(ask, until) for row in rows]

    def close(self) -> None:
        """Who still waits for an answer is told that the process died."""
        with self._lock:
            self._closed = True
            for process in self._busy:
                process.kill()
        self._retire()

    @contextmanager
    def _process(self, free: threading.BoundedSemaphore, until: float) -> Iterator[_Process]:
        if not free.acquire(timeout=max(until - time.monotonic(), 0)):
            raise _slow(self._patience_s)
        try:
            process = self._take()
            try:
                yield process
            except Trouble:
                self._give(process)
                raise
            except BaseException:
                self._let_go(process)
                process.end()
                raise
            self._give(process)
        except TimeoutError:
            raise _slow(self._patience_s) from None
        finally:
            free.release()

    def _take(self) -> _Process:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.lives:
                    self._busy.add(process)
                    return process
                process.end()
            if self._closed:
                raise StoreError(Words("事件库已关闭。", "The event store is closed."))
            reference = f"{self._rehydrate.__module__}:{self._rehydrate.__qualname__}"
            process = _Process([sys.executable, "-P", "-m", _SERVICE, str(self._home), reference])
            self._busy.add(process)
            return process

    def _let_go(self, process: _Process) -> None:
        with self._lock:
            self._busy.discard(process)

    def _give(self, process: _Process) -> None:
        with self._lock:
            self._busy.discard(process)
            if not self._closed:
                self._idle.append(process)
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = threading.Timer(self._idle_s, self._retire)
                self._timer.daemon = True
                self._timer.start()
                return
        process.end()

    def _retire(self) -> None:
        with self._lock:
            processes, self._idle = self._idle, []
            if self._timer is not None:
                self._timer.cancel()
        for process in processes:
            process.end()


class _Process:
    """One query process. Raises ``StoreError`` when it dies, ``TimeoutError``."""

    def __init__(self, command: list[str]) -> None:
        paths = os.pathsep.join(path for path in sys.path if path)
        self._child = subprocess.Popen(  # noqa: S603  # ourselves, with fixed words and a folder of the home
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0,
            env=os.environ | {"PYTHONPATH": paths},
        )  # fmt: skip
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._asks, self._answers = self._child.stdin, self._child.stdout

    @property
    def lives(self) -> bool:
        return self._child.poll() is None

    def kill(self) -> None:
        self._child.kill()

    def ask(self, ask: Ask, until: float) -> Iterator[list[Row]]:
        held = pickle.dumps(ask)
        try:
            self._asks.write(len(held).to_bytes(LENGTH_BYTES, "big") + held)
            self._asks.flush()
        except OSError:
            raise self._died() from None
        while True:
            length = int.from_bytes(self._read(LENGTH_BYTES, until), "big")
            if length > _MOST_BYTES:
                raise self._died()
            try:
                kind, what = _DECODER.decode(self._read(length, until))
            except msgspec.DecodeError:
                raise self._died() from None
            if kind == END:
                return
            if kind != ROWS:
                name, path, text = map(str, what)
                raise Trouble(Kind(name), path, text)
            yield [tuple(row) for row in cast("list[list[Cell]]", what)]

    def _read(self, size: int, until: float) -> bytes:
        found = bytearray()
        descriptor = self._answers.fileno()
        while len(found) < size:
            ready, _, _ = select.select([descriptor], [], [], max(until - time.monotonic(), 0))
            if not ready:
                raise TimeoutError
            piece = os.read(descriptor, min(size - len(found), 1 << 20))
            if not piece:
                raise self._died()
            found += piece
        return bytes(found)

    def _died(self) -> StoreError:
        self._child.kill()
        code = self._child.wait()
        return StoreError(
            Words(f"检索进程意外终止（{code}）。", f"The query process died ({code})."),
            hint=Words(
                "请缩小时间范围后重试；守护进程日志有详情。",
                "Try again, with less time if it happens again; the daemon's log says more.",
            ),
        )

    def end(self) -> None:
        self._child.kill()
        self._child.wait()
        self._answers.close()
        with suppress(OSError):  # what it did not take any more
            self._asks.close()


def _is_quick(ask: Ask) -> bool:
    return isinstance(ask, Arrivals | FirstSince) or bool(ask.query.ids)


def _slow(patience_s: float) -> StoreError:
    return StoreError(
        Words(
            f"检索超过 {patience_s:.0f} 秒，已停止。", f"The search took more than {patience_s:.0f} s and was stopped."
        ),
        hint=Words("请缩小时间范围。", "Ask for less time."),
    )
