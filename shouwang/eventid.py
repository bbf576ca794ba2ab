"""An event's id: 16 bytes, given once, at intake. Sorts by receipt."""

from __future__ import annotations

import os
from collections.abc import Iterable

RANDOM_BYTES = 10


def give_ids(received_us: Iterable[int]) -> list[bytes]:
    """One for each receipt time: 48 bits of milliseconds, 80 random ones.

    Within a millisecond the ids of one call count up from a random start: lines that came together stay in order.
    """
    ids: list[bytes] = []
    last_ms, tail = -1, 0
    for time_us in received_us:
        now_ms = time_us // 1000
        if now_ms == last_ms:
            tail += 1
        else:
            last_ms, tail = now_ms, int.from_bytes(os.urandom(RANDOM_BYTES), "big") >> 1  # room to count up
        ids.append(now_ms.to_bytes(6, "big") + tail.to_bytes(RANDOM_BYTES, "big"))
    return ids
