"""What all screens share: the line to the daemon, who is asking, the words, and the last look at the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from textual.message import Message

from shouwang.errors import ShouwangError
from shouwang.model import Value
from tui import health, wire
from tui.alarm import Alarm
from tui.commands import READERS
from tui.link import Call, Link, is_lost
from tui.messages import Words, load


class Disconnected(ShouwangError):
    """The daemon cannot be reached; the console goes on trying by itself."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One look at the whole, for the overview and the header."""

    status: health.Status
    incidents: tuple[wire.IncidentRow, ...]
    """Not closed."""
    alerts: tuple[wire.AlertRow, ...]
    """Open, high or critical, newest first."""
    hourly: tuple[tuple[int, int], ...]


class Changed(Message):
    """An incident was changed by this console: look again now."""


class Notice(Message):
    """One sentence for the person at the console."""

    def __init__(self, text: str, tone: str = "good") -> None:
        super().__init__()
        self.text = text
        self.tone = tone


class Go(Message):
    """Show this alert or incident on its screen; no id: just the screen."""

    def __init__(self, screen: str, item: str = "") -> None:
        super().__init__()
        self.screen = screen
        self.item = item


class Session:
    """One console. ``monotonic`` gives seconds that never go back; the time of day is the daemon's."""

    def __init__(self, call: Call, *, lang: str | None, monotonic: Callable[[], float]) -> None:
        self.link = Link(call)
        self.lang = lang
        self.words: Words = load(lang or "zh")
        self.me = health.Ping()
        self.snapshot: Snapshot | None = None
        self.connected: bool | None = None
        """``None`` until the first answer."""
        self.ascii = False
        self.alarm = Alarm(monotonic)
        self._monotonic = monotonic
        self._daemon_now: datetime | None = None
        self._told_at = 0.0

    async def ask(self, act: str, file: int | None = None, /, **args: Value) -> Value:
        """The act's result, in this console's language. ``file``: open, handed over with it.

        Raises the ``ShouwangError`` of a refusal, ``Disconnected`` when nobody answered.
        """
        try:
            result = await self.link.ask(act, self.lang or "", file, **args)
        except Exception as error:
            if not is_lost(error):
                raise
            self.connected = False
            raise Disconnected(self.words("disconnected.short")) from error
        self.connected = True
        return result

    async def greet(self) -> None:
        """Learn who and where we are; the site's language unless one was asked for."""
        self.me = health.ping(await self.ask("ping"))
        if self.lang is None:
            self.words = load(self.me.language or "zh")

    def speak(self, language: str) -> None:
        self.lang = language
        self.words = load(language)

    def may_act(self) -> bool:
        return self.me.role not in READERS

    def set_now(self, now: datetime) -> None:
        self._daemon_now, self._told_at = now, self._monotonic()

    def now(self) -> datetime:
        """The daemon's time in the site's zone; before the first answer, the beginning of time."""
        if self._daemon_now is None:
            return datetime(1970, 1, 1, tzinfo=UTC)
        return self._daemon_now + timedelta(seconds=self._monotonic() - self._told_at)
