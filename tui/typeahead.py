"""An application whose keys come one after another, each to what the one before it opened."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen, ScreenResultType

from tui.keys import KeyLine


class KeyedApp(App[int]):
    def __init__(self, monotonic: Callable[[], float]) -> None:
        """``monotonic``: seconds that never go back, for how long nobody has touched the console."""
        super().__init__()
        self._monotonic = monotonic
        self._touched_at = float("-inf")
        self.keys = KeyLine(self._give_key, time.monotonic)
        """Hold it while something is opened that the next key may be meant for."""

    @property
    def untouched_s(self) -> float:
        """Seconds since the last key or click; endless before the first."""
        return self._monotonic() - self._touched_at

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key | events.MouseDown):
            self._touched_at = self._monotonic()
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.keys.join(event)
        else:
            await super().on_event(event)

    def _give_key(self, key: events.Key, reason: int) -> None:
        self.call_later(self._deal_with, key, reason)

    async def _deal_with(self, key: events.Key, reason: int) -> None:
        """A key goes from the widget in focus up to the app, which acts; what it sets off then comes the same way.

        Then a dialog hands its answer to the screen below, and that one sends word to the app.
        """
        base, up = self.screen_stack[0], (self.focused or self.screen).ancestors_with_self
        way: list[MessagePump] = [*up, *up, base, self, base, self]
        await super().on_event(key)
        self._follow(way, reason)

    def _follow(self, way: list[MessagePump], reason: int) -> None:
        """Release the keys when everything that stands before this in the queues on the way was dealt with."""
        for place, pump in enumerate(way):
            if pump.call_later(self._follow, way[place + 1 :], reason):
                return
        self.keys.release(reason)

    def open_dialog(
        self, screen: Screen[ScreenResultType], then: Callable[[ScreenResultType | None], None] | None = None
    ) -> None:
        """Push it; the keys wait until it can take them."""
        reason = self.keys.hold()
        self.push_screen(screen, then)
        screen.call_later(self.keys.release, reason)
