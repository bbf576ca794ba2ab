"""How many events a second, over the last minute."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 60.0


class Pace:
    """``tick`` looks at a counter that only grows; one thread ticks, any may ask."""

    def __init__(self, counter: Callable[[], int]) -> None:
        self._counter = counter
        self._seen: deque[tuple[float, int]] = deque([(time.monotonic(), counter())])

    def tick(self) -> None:
        now = time.monotonic()
        self._seen.append((now, self._counter()))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()

    def per_second(self) -> float:
        first_at, first = self._seen[0]
        span_s = time.monotonic() - first_at
        return (self._counter() - first) / span_s if span_s > 0 else 0.0
