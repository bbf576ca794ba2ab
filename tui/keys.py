"""Keys one after another: a key is given out when the one before it has had its effect. Pure.

Keys come in bunches: typed ahead while a screen is still being made, or held up on a slow line. Without this the second
of them would meet the screen that the first one leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")

WAIT_MAX_S = 1.0
"""No reason to wait holds longer: a console whose daemon is stuck still answers its keys."""


class KeyLine(Generic[Key]):
    """Which keys wait in line, and for what. ``give`` takes a key that is due and the reason that holds the next."""

    def __init__(self, give: Callable[[Key, int], None], monotonic: Callable[[], float]) -> None:
        """``monotonic``: seconds that never go back."""
        self._give = give
        self._monotonic = monotonic
        self._waiting: deque[Key] = deque()
        self._reasons: dict[int, float] = {}
        self._made = 0

    def join(self, key: Key) -> None:
        """Give the key out now when nothing holds it, else later, in the order of arrival."""
        self._waiting.append(key)
        self._next()

    def hold(self) -> int:
        """A reason to give out no key until it is released."""
        self._made += 1
        self._reasons[self._made] = self._monotonic()
        return self._made

    def release(self, reason: int) -> None:
        self._reasons.pop(reason, None)
        self._next()

    def expire(self) -> None:
        """Let go of what has held for too long."""
        now = self._monotonic()
        self._reasons = {reason: since for reason, since in self._reasons.items() if now - since <= WAIT_MAX_S}
        self._next()

    def _next(self) -> None:
        if self._waiting and not self._reasons:
            self._give(self._waiting.popleft(), self.hold())
