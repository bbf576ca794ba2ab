"""Entries of any size, cut anywhere, in bounded memory; and what a cursor says."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources import journalentry
from collectors.sources.journalcursor import read_cursor
from collectors.sources.journalentry import EntrySplitter

CURSOR = "s=0e0d;i=15d;b=4c52;m=102;t=66116d63e07ef;x=c309"


@given(cuts=st.lists(st.integers(1, 300), max_size=6))
def test_where_the_reads_cut_changes_nothing(cuts: list[int]) -> None:
    lines = [b'{"MESSAGE":"n","__CURSOR":"c%d"}' % n for n in range(5)]
    data = b"".join(line + b"\n" for line in lines)
    splitter = EntrySplitter()
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    found = [e for a, b in zip(places, places[1:], strict=False) for e in splitter.feed(data[a:b])]  # noqa: RUF007  # zip reads better here
    assert [entry.cursor for entry in found] == [f"c{n}" for n in range(5)]
    assert [entry.line.raw for entry in found if entry.line] == lines


def test_a_cursor_that_a_message_pretends_is_not_taken() -> None:
    raw = orjson.dumps({"MESSAGE": ',"__CURSOR":"forged"', "__CURSOR": "real"})
    (entry,) = EntrySplitter().feed(raw + b"\n")
    assert entry.cursor == "real"


def test_large_fields_are_left_out_and_the_message_stays() -> None:
    doc = {"MESSAGE": "core", "COREDUMP": "x" * 900_000, "__CURSOR": "c"}
    (entry,) = EntrySplitter().feed(orjson.dumps(doc) + b"\n")
    assert entry.line is not None
    assert orjson.loads(entry.line.raw) == {"MESSAGE": "core", "COREDUMP": None, "__CURSOR": "c"}
    assert entry.line.length > 900_000


def test_large_message_of_byte_numbers_is_cut_and_its_neighbours_stay() -> None:
    doc = {"MESSAGE": [200] * 300_000, "PRIORITY": "6", "__CURSOR": "c"}
    (entry,) = EntrySplitter().feed(orjson.dumps(doc) + b"\n")
    assert entry.line is not None
    kept = orjson.loads(entry.line.raw)
    assert kept["PRIORITY"] == "6"
    assert len(entry.line.raw) <= 256 * 1024
    assert len(kept["MESSAGE"]) > 50_000


def test_what_is_too_long_even_to_be_cut_is_counted_and_the_next_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journalentry, "MOST_BYTES", 300_000)
    splitter = EntrySplitter()
    found = splitter.feed(b'{"__CURSOR":"big","COREDUMP":"')
    for _ in range(10):
        found += splitter.feed(b"x" * 100_000)
    found += splitter.feed(b'"}\n{"__CURSOR":"next"}\n')
    assert [(entry.cursor, entry.line is None) for entry in found] == [("big", True), ("next", False)]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (("i=15d", "i=15e"), True),
        (("i=15d", "i=15c"), False),
        (("s=0e0d;i=15d;b=4c52;m=102", "s=ff;i=1;b=4c52;m=103"), True),
        (("s=0e0d;i=15d;b=4c52;m=102", "s=ff;i=999;b=4c52;m=101"), False),
        (("s=0e0d;i=15d;b=4c52;m=102;t=66116d63e07ef", "s=f;i=1;b=f;m=1;t=66116d63e07f0"), True),
    ],
)
def test_order_goes_by_sequence_then_by_boot_then_by_time(change: tuple[str, str], after: bool) -> None:
    first, second = read_cursor(CURSOR), read_cursor(CURSOR.replace(*change))
    assert first
    assert second
    assert second.is_after(first) is after


def test_other_text_is_no_cursor() -> None:
    assert read_cursor("no cursor") is None
    assert read_cursor("s=a;i=zz;b=c;m=1;t=1") is None
