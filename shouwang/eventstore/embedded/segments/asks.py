"""What is asked of the segments, and of whom: the daemon sends these to its query process. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.model import Event, Value
from shouwang.query import Query


class Place(NamedTuple):
    """In the order of (time, id)."""

    time_us: int
    id: bytes


class Grouping(NamedTuple):
    by: str | None
    bucket: tuple[int, int] | None
    """Width and offset in microseconds; buckets start at multiples of the width, less the offset."""
    top: int


def start_of(event: Event, bucket: tuple[int, int]) -> int:
    width, offset = bucket
    return event.time_us - (event.time_us + offset) % width


def relevant(segments: Sequence[Segment], query: Query, last: int) -> list[Segment]:
    """Those that can have events of the query with ``seq`` up to ``last``."""
    if query.ids:
        return [each for each in segments if each.from_seq <= last and holds_any(each, query.ids)]
    return [
        each
        for each in segments
        if each.from_seq <= last and each.min_time_us < query.to_us and each.max_time_us >= query.from_us
    ]


def holds_any(segment: Segment, ids: Sequence[bytes]) -> bool:
    return any(segment.min_id <= id <= segment.max_id for id in ids)


Numbers = Sequence[tuple[Value, int]]
"""Value, time or ``None`` -> how many."""


@dataclass(frozen=True, slots=True)
class Read:
    """Rows of ``STORED_COLUMNS`` that ``matches`` says are asked for, in order, from behind ``after`` on."""

    segments: Sequence[Segment]
    query: Query
    newest_first: bool
    after: Place | None
    last: int
    """No event with a greater ``seq``."""
    limit: int


@dataclass(frozen=True, slots=True)
class Count:
    segments: Sequence[Segment]
    query: Query
    grouping: Grouping
    numbers: Numbers
    """What was counted elsewhere and is added."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Rows of ``STORED_COLUMNS`` and ``seq`` in the order of ``seq``."""

    segments: Sequence[Segment]
    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class FirstSince:
    """The least ``seq`` of what was received then or later; one row, or none."""

    segments: Sequence[Segment]
    received_us: int


Ask = Read | Count | Arrivals | FirstSince

LENGTH_BYTES: Final = 8
"""Before each message between the two."""
ROWS, END, TROUBLE = "rows", "end", "trouble"
"""Of an answer: some rows; all have been said; what is wrong (kind, segment, text). A count's rows are (JSON of the
key, number)."""
