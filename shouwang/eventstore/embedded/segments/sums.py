"""What rows add up to, source by source, and what they lie between. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

from shouwang.eventstore.embedded.segments.footer import SourceSum

MODULUS: Final = 1 << 256


def sum_of(records: Iterable[tuple[bytes, bytes, int]]) -> SourceSum:
    """Of (id, raw, receipt time in microseconds) of one source."""
    rows = size = latest_us = total = 0
    for id, raw, received_us in records:
        rows += 1
        size += len(raw)
        latest_us = max(latest_us, received_us)
        total += int.from_bytes(blake2b(id + raw, digest_size=32).digest(), "big")
    return SourceSum(rows, size, _hex(total), latest_us)


def added(sums: Iterable[Mapping[str, SourceSum]]) -> dict[str, SourceSum]:
    """Of files that hold different events."""
    found: dict[str, SourceSum] = {}
    for each in sums:
        for name, one in each.items():
            held = found.get(name, SourceSum(0, 0, "00", 0))
            found[name] = SourceSum(
                held.rows + one.rows,
                held.bytes + one.bytes,
                _hex(int(held.digest, 16) + int(one.digest, 16)),
                max(held.latest_us, one.latest_us),
            )
    return found


def _hex(total: int) -> str:
    return (total % MODULUS).to_bytes(32, "big").hex()
