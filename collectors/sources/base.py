"""What a source owes the intake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shouwang.model import Event, SourceStatus


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records read in one go, parsed, and the cursors that stand behind the last of them."""

    events: Sequence[Event]
    """Without ids; dead letters among them."""
    cursors: Mapping[str, bytes]
    drops: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(source, reason) -> number of records that were received and cannot be kept even as dead letters."""


Deliver = Callable[[Chunk], None]
"""Blocks while the intake is full: that is the back pressure. What was handed over is stored before a clean stop."""


class Source(Protocol):
    """One thread runs ``run``. Whatever it raises is logged, shown in ``status`` and tried again after a pause.

    A ``ShouwangError`` is what a person can mend: a line of the log. All else is a fault of ours: with its traceback.
    """

    @property
    def id(self) -> str: ...

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        """Read from the cursors on until ``stop`` is set; returns within 2 s then, all that was read delivered."""
        ...

    def status(self) -> SourceStatus: ...
