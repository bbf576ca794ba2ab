"""From when on a server keeps shards off a full disk, and takes nothing more. Pure.

As Elasticsearch defines ``cluster.routing.allocation.disk.watermark``: a share of the disk in use, bounded by a room
that is enough on a large one (``max_headroom``); or the room itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

STAGES: Final = ("flood_stage", "high", "low")
_PREFIX: Final = "cluster.routing.allocation.disk.watermark"
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(b|kb?|mb?|gb?|tb?|pb?)", re.IGNORECASE)


class Disk(NamedTuple):
    node: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Watermarks:
    marks: Mapping[str, tuple[str, str]]
    """Stage -> its mark and its headroom, as set."""

    @classmethod
    def of(cls, defaults: Mapping[str, str], changed: Mapping[str, str]) -> Watermarks:
        """Settings by their full names. A mark that was changed has no headroom but its own."""
        found = {}
        for stage in STAGES:
            mark, headroom = f"{_PREFIX}.{stage}", f"{_PREFIX}.{stage}.max_headroom"
            usual = "-1" if mark in changed else defaults.get(headroom, "-1")
            found[stage] = (changed.get(mark) or defaults.get(mark, "100%"), changed.get(headroom, usual))
        return cls(found)

    def stage(self, disk: Disk) -> str:
        """The gravest that is reached; empty for none."""
        for stage in STAGES:
            if disk.free_bytes < self.least_bytes(stage, disk.total_bytes):
                return stage
        return ""

    def least_bytes(self, stage: str, total_bytes: int) -> int:
        """That must stay free."""
        mark, headroom = self.marks[stage]
        room = size_of(mark)
        if room is not None:
            return room
        used = float(mark[:-1]) / 100 if mark.endswith("%") else float(mark)
        least = round(total_bytes * (1 - used))
        bound = size_of(headroom)
        return least if bound is None else min(least, bound)


def size_of(text: str) -> int | None:
    """``50gb`` in bytes; ``None`` for what is no size."""
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        return None
    return int(float(found.group(1)) * (1 << 10 * "bkmgtp".index(found.group(2)[0].lower())))
