"""Windows of time: together the whole, each moment once, and about as many rows as asked for, however files overlap."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from shouwang.eventstore.embedded.segments.manifest import Segment
from shouwang.eventstore.embedded.segments.windows import Block, Window, Windows

GROUP = 1000


def segment(number: int, min_us: int, max_us: int, rows: int) -> Segment:
    return Segment(
        str(number), "2026-11-24", "daily", 1, 1, rows, 1, min_us, max_us, 0, 0, b"\0" * 16, b"\xff" * 16, "", 1
    )


def blocks_of(found: Segment) -> list[Block]:
    """Its rows lie evenly in its time, in row groups of a thousand."""
    groups = max(found.rows // GROUP, 1)
    span = found.max_time_us + 1 - found.min_time_us
    edges = [found.min_time_us + span * n // groups for n in range(groups + 1)]
    return [Block(found.rows // groups, low, max(high - 1, low)) for low, high in itertools.pairwise(edges)]


def rows_in(segments: list[Segment], window: Window) -> float:
    total = 0.0
    for each in segments:
        span = each.max_time_us + 1 - each.min_time_us
        shared = min(each.max_time_us + 1, window.to_us) - max(each.min_time_us, window.from_us)
        total += each.rows * max(shared, 0) / span
    return total


def all_windows(segments: list[Segment], whole: Window, rows: int, *, newest_first: bool) -> list[Window]:
    windows = Windows(segments, blocks_of, whole, newest_first=newest_first)
    found = []
    while window := windows.next(rows):
        found.append(window)
    return found


SEGMENTS = st.lists(
    st.builds(
        lambda number, start, span, rows: segment(number, start, start + span, rows),
        st.integers(0, 10**6), st.integers(-50, 1000), st.integers(0, 400), st.integers(1, 5 * GROUP),
    ),
    max_size=8,
)  # fmt: skip


@given(SEGMENTS, st.integers(-60, 500), st.integers(0, 1000), st.integers(1, 6 * GROUP), st.booleans())
def test_they_are_the_whole_in_order_and_no_moment_twice(
    segments: list[Segment], start: int, span: int, rows: int, newest_first: bool
) -> None:
    whole = Window(start, start + span)
    found = all_windows(segments, whole, rows, newest_first=newest_first)
    in_order = found[::-1] if newest_first else found
    assert in_order[0].from_us == whole.from_us
    assert in_order[-1].to_us == whole.to_us
    assert all(one.to_us == next_one.from_us for one, next_one in itertools.pairwise(in_order))


def test_a_month_of_days_is_looked_through_a_few_row_groups_at_a_time() -> None:
    days = [segment(n, n * 86_400, (n + 1) * 86_400 - 1, 60 * GROUP) for n in range(30)]
    whole = Window(0, 30 * 86_400)
    for newest_first in (True, False):
        found = all_windows(days, whole, 2 * GROUP, newest_first=newest_first)
        assert max(rows_in(days, window) for window in found) <= 3 * GROUP


def test_a_file_whose_times_span_the_month_does_not_make_one_window_of_it() -> None:
    """An import of old records, received among the others."""
    days = [segment(n, n * 86_400, (n + 1) * 86_400 - 1, 60 * GROUP) for n in range(30)]
    wide = [segment(99, 0, 30 * 86_400 - 1, 500), segment(98, 86_400, 29 * 86_400, 900)]
    for newest_first in (True, False):
        found = all_windows([*days, *wide], Window(0, 30 * 86_400), 2 * GROUP, newest_first=newest_first)
        assert max(rows_in(days, window) for window in found) <= 4 * GROUP


def test_the_first_window_opens_no_more_files_than_it_needs() -> None:
    opened = []

    def counting(found: Segment) -> list[Block]:
        opened.append(found)
        return blocks_of(found)

    days = [segment(n, n * 86_400, (n + 1) * 86_400 - 1, 60 * GROUP) for n in range(180)]
    Windows(days, counting, Window(0, 180 * 86_400), newest_first=True).next(GROUP)
    assert len(opened) <= 2
