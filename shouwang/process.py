"""What is of the process of who runs all day: its log, and the signals that end it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType
from typing import Final

from shouwang.visible import visible

LOG_BYTES: Final = 10_000_000
LOGS_KEPT: Final = 5
_JOURNAL_LEVELS: Final = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))


def end_on_signals(stop: threading.Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, end)


class _OneLine(logging.Formatter):
    """A hostile name in an argument forges no line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the base class's name
        record.message = visible(record.message)
        return super().formatMessage(record)


def _into_the_journal() -> bool:
    """Whether stderr is the stream that systemd made for it, and not one that only inherited the variable."""
    stream = os.fstat(sys.stderr.fileno())
    return os.environ.get("JOURNAL_STREAM") == f"{stream.st_dev}:{stream.st_ino}"


class _ForJournal(_OneLine):
    """sd-daemon(3): the level as a number in angle brackets."""

    def format(self, record: logging.LogRecord) -> str:
        level = next((number for least, number in _JOURNAL_LEVELS if record.levelno >= least), 7)
        return f"<{level}>{super().format(record)}"


def log_to(file: Path | None) -> None:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        handler = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8", delay=True)
    if file is None and _into_the_journal():  # it has the time, and reads the level
        handler.setFormatter(_ForJournal("%(name)s: %(message)s"))
    else:
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
