"""An event's id: 16 bytes, given once, at intake. Sorts by receipt."""

from __future__ import annotations

import os
from collections.abc import Iterable

RANDOM_BYTES = 10


def give_ids(received_us: Iterable[int]) -> list[bytes]:
    """One for each receipt time: 48 bits of milliseconds, 80 random ones."""
    times = [(time_us // 1000).to_bytes(6, "big") for time_us in received_us]
    salt = os.urandom(RANDOM_BYTES * len(times))
    return [time + salt[RANDOM_BYTES * n : RANDOM_BYTES * (n + 1)] for n, time in enumerate(times)]
