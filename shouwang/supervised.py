"""A thread that goes on: what it raises is logged and shown, and it is tried again after a pause.

A ``ShouwangError`` is expected: one line, told again only when it says something else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from shouwang.errors import ShouwangError
from shouwang.model import Finding, Level
from shouwang.words import NOTHING, Words, words

log = logging.getLogger(__name__)

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0


class Supervised:
    """``run`` works until the event is set."""

    def __init__(self, name: str | Words, run: Callable[[threading.Event], None]) -> None:
        self._name = words(name)
        self._run = run
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go, name=str(name), daemon=True)
        self._failed = ""
        self._refused: ShouwangError | None = None
        self._waits = False

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def hint(self) -> Words:
        """What a person can do about what it was last refused."""
        return self._refused.hint if self._refused else NOTHING

    def findings(self) -> list[Finding]:
        if self._refused is not None and self._waits:
            said = self._refused.message
            return [
                Finding(Level.BROKEN, Words(f"{self._name.zh}：{said.zh}", f"{self._name.en}: {said.en}"), self.hint)
            ]
        if not self._failed:
            return []
        what = Words(
            f"{self._name.zh}：出错后已重新启动（{self._failed}）",
            f"{self._name.en} failed and was started again: {self._failed}",
        )
        hint = Words("详情见守护进程日志。", "The log has the traceback.")
        return [Finding(Level.BROKEN if self._waits else Level.DEGRADED, what, hint)]

    def _go(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                self._run(self._stop)
            except ShouwangError as refused:
                if self._refused is None or self._refused.whole != refused.whole:
                    log.warning("%s: %s; it is tried again", self._name, refused.message)
                self._refused = refused
                pause_s = self._pause(pause_s)
            except Exception as error:  # one source's or job's fault: told in status, and run again
                log.exception("%s failed", self._name)
                self._failed = f"{type(error).__name__}: {error}"
                pause_s = self._pause(pause_s)
            else:
                return

    def _pause(self, pause_s: float) -> float:
        """How long the next one is."""
        self._waits = True
        self._stop.wait(pause_s)
        self._waits = False
        return min(pause_s * 2, LONGEST_PAUSE_S)
