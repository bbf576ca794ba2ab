"""A thread that goes on: what it raises is logged and shown, and it is tried again after a pause."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from shouwang.model import Finding, Level
from shouwang.words import Words, words

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
        self._waits = False

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Whether it has ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def findings(self) -> list[Finding]:
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
            except Exception as error:  # one source's or job's fault: told in status, and run again
                log.exception("%s failed", self._name)
                self._failed = f"{type(error).__name__}: {error}"
                self._waits = True
                self._stop.wait(pause_s)
                self._waits = False
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            else:
                return
