"""What a line is, wherever the reads cut it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.joining import RecordJoiner, start_pattern
from collectors.sources.lines import CAP_BYTES, Line, LineSplitter, codec_of
from shouwang.errors import UsageError


def split(data: bytes, cuts: list[int] | None = None) -> tuple[list[Line], LineSplitter]:
    splitter = LineSplitter(0, codec_of(data))
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    lines = [line for start, end in pairwise(places) for line in splitter.feed(data[start:end])]
    return lines, splitter


def raws(lines: list[Line]) -> list[bytes]:
    return [line.raw for line in lines]


def test_both_line_ends_are_taken_off_and_a_lone_return_is_text() -> None:
    lines, _ = split(b"a\r\nb\nc\rd\n\r\n")
    assert raws(lines) == [b"a", b"b", b"c\rd", b""]
    assert [line.end for line in lines] == [3, 5, 9, 11]


def test_unfinished_line_is_held_and_flagged_when_nothing_more_comes() -> None:
    lines, splitter = split(b"a\nbc")
    assert (raws(lines), splitter.cursor, splitter.holds) == ([b"a"], 2, True)
    last = splitter.flush()
    assert last == Line(b"bc", 4, ("fragment",))
    assert splitter.flush() is None


def test_byte_order_mark_is_no_text() -> None:
    assert raws(split(b"\xef\xbb\xbfa\nb\n")[0]) == [b"a", b"b"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@given(cuts=st.lists(st.integers(0, 60)))
def test_utf16_is_read_as_utf8_wherever_it_is_cut(codec: str, cuts: list[int]) -> None:
    data = "\ufeff登录\r\nਊ fail\nx".encode(codec)
    lines, splitter = split(data, cuts)
    assert raws(lines) == ["登录".encode(), "ਊ fail".encode()]
    assert all(line.flags == ("transcoded",) for line in lines)
    assert lines[-1].end == len(data) - 2
    last = splitter.flush()
    assert last is not None
    assert last.raw == b"x"


def test_lone_surrogates_of_utf16_can_be_had_back() -> None:
    data = b"\xff\xfe" + b"\x00\xd8" + "a\n".encode("utf-16-le")
    (line,), _ = split(data)
    assert line.raw.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass") == data[2:-2]


def test_invalid_utf8_stays_as_it_is() -> None:
    hostile = bytes(range(1, 10)) + b"\xc0\xaf\xed\xa0\x80\xff\xfe"
    assert raws(split(b"x" + hostile + b"\n")[0]) == [b"x" + hostile]


@given(cuts=st.lists(st.integers(0, 200)))
def test_nul_block_left_by_a_crash_is_skipped_counted_and_joins_nothing(cuts: list[int]) -> None:
    data = b"one\ntw" + b"\0" * 100 + b"three\n" + b"\0" * 3 + b"four\nfi\0ve\n"
    lines, splitter = split(data, cuts)
    assert raws(lines) == [b"one", b"tw", b"three", b"four", b"fi\0ve"]
    assert [line.raw for line in lines if line.flags] == [b"tw"]
    assert splitter.nul_bytes == 103
    assert splitter.cursor == len(data)


def test_a_sparse_start_as_an_appending_writer_leaves_after_truncation_is_skipped() -> None:
    lines, splitter = split(b"\0" * 100_000 + b"text\n", list(range(0, 100_000, 7_777)))
    assert (raws(lines), splitter.nul_bytes) == ([b"text"], 100_000)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le"])
def test_overlong_line_is_cut_with_its_true_length_and_the_next_is_whole(codec: str) -> None:
    mark = b"\xff\xfe" if codec == "utf-16-le" else b""
    long = "x" * (CAP_BYTES * 3 + 1)
    data = mark + f"a\n{long}\nb\n".encode(codec)
    lines, splitter = split(data, list(range(0, len(data), 65_537)))
    size = len(long.encode(codec))
    assert [line.raw for line in lines if "truncated" not in line.flags] == [b"a", b"b"]
    cut = next(line for line in lines if "truncated" in line.flags)
    assert cut.length == size
    assert len(cut.raw) == CAP_BYTES * (1 if codec == "utf-8" else 0.5)
    assert splitter.cursor == len(data)


@given(data=st.binary(max_size=400), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_where_the_reads_cut_changes_nothing(data: bytes, cuts: list[int]) -> None:
    whole, one = split(data)
    cut, many = split(data, cuts)
    if not data[1:2]:
        return
    assert (whole, one.cursor, one.nul_bytes) == (cut, many.cursor, many.nul_bytes)


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda each: each.replace(b"\n", b"").replace(b"\0", b"")), max_size=9)
)
def test_no_byte_of_a_text_file_is_lost(lines: list[bytes]) -> None:
    data = b"".join(b"<" + line + b"\n" for line in lines)
    given_lines, splitter = split(data)
    assert [line.removesuffix(b"\r") for line in (b"<" + each for each in lines)] == raws(given_lines)
    assert splitter.cursor == len(data)


def joined(text: str, pattern: str) -> tuple[list[Line], RecordJoiner]:
    joiner = RecordJoiner(start_pattern(pattern))
    return joiner.add(LineSplitter(0).feed(text.encode())), joiner


def test_lines_belong_to_the_record_whose_start_they_follow() -> None:
    records, joiner = joined("lost\n2026 a\n  at b\n\n  at c\n2026 d\n e\n", r"^\d{4} ")
    assert raws(records) == [b"lost", b"2026 a\n  at b\n\n  at c"]
    last = joiner.flush()
    assert last is not None
    assert (last.raw, last.end) == (b"2026 d\n e", 37)


def test_record_of_very_many_lines_is_cut_with_its_true_length() -> None:
    line = "y" * 999
    records, joiner = joined("S\n" + (line + "\n") * 1000 + "S\n", "^S")
    assert len(records) == 1
    assert len(records[0].raw) <= CAP_BYTES
    assert records[0].length == 1 + 1000 * 1000
    assert "truncated" in records[0].flags
    assert joiner.holds


def test_start_pattern_finds_chinese_text_in_its_encoding() -> None:
    assert start_pattern("^登录", "gb18030").search("登录 x".encode("gb18030"))


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1"])
def test_start_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="no regular expression"):
        start_pattern(pattern)
