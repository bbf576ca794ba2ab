"""Where a message ends in a stream, wherever the network cuts it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.framing import Framer
from collectors.sources.lines import CAP_BYTES, Line


def fed(data: bytes, cuts: list[int] | None = None) -> tuple[list[Line], Framer]:
    framer = Framer()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    return [frame for start, end in pairwise(places) for frame in framer.feed(data[start:end])], framer


def counted(message: bytes) -> bytes:
    return b"%d %s" % (len(message), message)


MIXED = b"<13>one\n" + counted(b"<13>two\nlines") + b"\n2026-11-24T08:00:00 three\n24 Nov four\r\n" + counted(b"<1>5\n")


@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_counted_and_line_framing_are_told_apart_message_by_message(cuts: list[int]) -> None:
    frames, framer = fed(MIXED, cuts)
    assert [frame.raw for frame in frames] == [
        b"<13>one",
        b"<13>two\nlines",
        b"2026-11-24T08:00:00 three",
        b"24 Nov four",
        b"<1>5",
    ]
    assert framer.held_bytes == 0


@given(
    messages=st.lists(st.binary(max_size=60).map(lambda raw: b"<1>" + raw + b"."), max_size=8),
    cuts=st.lists(st.integers(0, 600)),
)
def test_counted_messages_hold_any_bytes(messages: list[bytes], cuts: list[int]) -> None:
    frames, _ = fed(b"".join(map(counted, messages)), cuts)
    assert [frame.raw for frame in frames] == messages


@given(cuts=st.lists(st.integers(0, 80), max_size=8))
def test_a_sender_that_ends_its_messages_with_nul_is_followed(cuts: list[int]) -> None:
    frames, framer = fed(b"<13>one\0<13>two\n\0" + counted(b"<13>th\0ree") + b"\0<13>four\0", cuts)
    assert [frame.raw for frame in frames] == [b"<13>one", b"<13>two", b"<13>th\0ree", b"<13>four"]
    assert framer.held_bytes == 0


def test_an_overlong_message_may_end_with_nul_too() -> None:
    frames, _ = fed(b"<13>" + b"x" * CAP_BYTES + b"\0<13>next\0", [CAP_BYTES + 2])
    assert [(len(frame.raw), frame.length) for frame in frames] == [(CAP_BYTES, CAP_BYTES + 4), (8, 0)]


def test_half_message_at_the_end_is_kept_and_flagged() -> None:
    frames, framer = fed(b"<13>one\n<13>tw")
    assert [frame.raw for frame in frames] == [b"<13>one"]
    assert framer.close() == Line(b"<13>tw", 0, ("fragment",))
    assert framer.close() is None


def test_half_counted_message_is_kept_with_its_count() -> None:
    _, framer = fed(b"100 <13>half")
    assert framer.close() == Line(b"100 <13>half", 0, ("fragment",))


@pytest.mark.parametrize("is_counted", [True, False])
def test_overlong_message_is_cut_with_its_true_length_and_the_next_is_whole(is_counted: bool) -> None:
    long = b"<13>" + b"x" * (3 * CAP_BYTES)
    data = (counted(long) if is_counted else long + b"\n") + b"<13>next\n"
    for step in (4096, 300_000, len(data)):
        frames, framer = fed(data, list(range(0, len(data), step)))
        assert [(frame.raw == long[:CAP_BYTES], frame.length) for frame in frames[:1]] == [(True, len(long))]
        assert frames[0].flags == ("truncated",)
        assert frames[1].raw == b"<13>next"
        assert framer.held_bytes == 0


def test_endless_message_takes_bounded_memory() -> None:
    framer = Framer()
    for _ in range(100):
        assert framer.feed(b"y" * 100_000) == []
        assert framer.held_bytes <= CAP_BYTES
    last = framer.close()
    assert last is not None
    assert (last.flags, last.length) == (("fragment", "truncated"), 10_000_000)


def test_an_impossible_count_breaks_the_stream_and_keeps_what_came_before() -> None:
    frames, framer = fed(b"<13>one\n999999999 <13>")
    assert [frame.raw for frame in frames] == [b"<13>one"]
    assert "999999999" in framer.broken


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_where_the_network_cuts_changes_nothing(data: bytes, cuts: list[int]) -> None:
    assert fed(data)[0] == fed(data, cuts)[0]
