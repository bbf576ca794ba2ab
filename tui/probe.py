"""What a terminal is like: how wide it draws characters whose width is ambiguous, and how quick its Esc is."""

from __future__ import annotations

import os
import re
import select
import termios
import time
import tty
from typing import TextIO

from textual import constants

_REPLY = re.compile(rb"\x1b\[(\d+);(\d+)R")
ANSWER_S = 0.2
"""A terminal that does not answer in this time is taken to draw them narrow."""

ESCAPE_S = 0.03
"""A key that comes so soon after Esc belongs to it; with Textual's 0.1 s quick fingers lose their Esc."""


def shorten_escape() -> None:
    """Unless ``ESCDELAY`` says how long (milliseconds)."""
    if "ESCDELAY" not in os.environ:
        constants.ESCAPE_DELAY = ESCAPE_S  # type: ignore[misc]  # Textual has read the environment by now


def ambiguous_is_wide(stdin: TextIO, stdout: TextIO) -> bool:
    """Print one box character at the line's start and ask where the cursor went. ``False`` when not on a terminal."""
    if not (stdin.isatty() and stdout.isatty()):
        return False
    handle = stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        os.write(stdout.fileno(), "\r─\x1b[6n".encode())
        answer = _read_reply(handle)
        os.write(stdout.fileno(), b"\r\x1b[K")
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
    return answer is not None and answer > 2


def _read_reply(handle: int) -> int | None:
    """The cursor's column, counted from one."""
    heard = b""
    end = time.monotonic() + ANSWER_S
    while (left := end - time.monotonic()) > 0:
        if not select.select([handle], [], [], left)[0]:
            break
        heard += os.read(handle, 64)
        if found := _REPLY.search(heard):
            return int(found[2])
    return None
