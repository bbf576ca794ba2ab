from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import zstandard

from collectors.files import Damage, Piece, Record, records
from collectors.reading import LONGEST_BYTES

LINES = b"Nov 24 08:15:30 g app: one\n\nNov 24 08:15:31 g app: two\r\nNov 24 08:15:32 g app: three"
OBJECTS = [{"n": 1, "text": 'a "}]" \\ b'}, {"n": 2, "list": [{"a": 1}]}, {"n": 3}]


def read(data: bytes, format: str = "auto", name: str = "x.log") -> list[Piece]:
    return list(records(io.BytesIO(data), format, name=name))


def whole(pieces: list[Piece]) -> list[Record]:
    assert not [piece for piece in pieces if isinstance(piece, Damage)]
    return [piece for piece in pieces if isinstance(piece, Record)]


def damages(pieces: list[Piece]) -> list[Damage]:
    return [piece for piece in pieces if isinstance(piece, Damage)]


def kept(pieces: list[Piece]) -> list[Record]:
    return [piece for piece in pieces if isinstance(piece, Record)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_lines_keep_number_bytes_and_place_whatever_the_packing(pack: type[bytes]) -> None:
    assert [(r.number, r.raw, r.end, r.parser) for r in whole(read(pack(LINES)))] == [
        (1, b"Nov 24 08:15:30 g app: one", 27, "syslog"),
        (3, b"Nov 24 08:15:31 g app: two", 56, "syslog"),
        (4, b"Nov 24 08:15:32 g app: three", 84, "syslog"),
    ]


def test_a_path_is_closed_and_a_missing_one_raises(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(LINES)
    assert len(whole(list(records(path)))) == 3
    with pytest.raises(FileNotFoundError):
        list(records(tmp_path / "none.log"))


def test_several_gzip_members_and_zstd_frames_are_one_file() -> None:
    one, two = LINES + b"\n", LINES
    assert len(whole(read(gzip.compress(one) + gzip.compress(two)))) == 6
    assert len(whole(read(zstandard.compress(one) + zstandard.compress(two)))) == 6


def test_a_packed_file_that_is_cut_gives_what_was_there_and_a_damage() -> None:
    many = b"".join(b"Nov 24 08:15:30 g app: line %d\n" % n for n in range(20_000))
    pieces = read(gzip.compress(many, compresslevel=1)[:-5000])
    assert len(damages(pieces)) == 1
    assert kept(pieces)[0].raw == b"Nov 24 08:15:30 g app: line 0"


@pytest.mark.parametrize(
    "data",
    [
        "\n".join(json.dumps(each) for each in OBJECTS).encode(),
        json.dumps(OBJECTS).encode(),
        json.dumps(OBJECTS, indent=2).encode(),
        "\n".join(json.dumps(each, indent=1) for each in OBJECTS).encode(),
        b"\xef\xbb\xbf" + json.dumps(OBJECTS).encode(),
        b"\xef\xbb\xbf" + "\r\n".join(json.dumps(each) for each in OBJECTS).encode(),
        b"  [\n\n" + b" ,\n".join(json.dumps(each).encode() for each in OBJECTS) + b"\n]\n",
    ],
)
def test_objects_come_out_however_they_were_written(data: bytes) -> None:
    found = whole(read(data))
    assert [json.loads(r.raw) for r in found] == OBJECTS
    assert [r.number for r in found] == [1, 2, 3]
    assert {r.parser for r in found} == {"json"}
    assert found[-1].end <= len(data)


def test_one_object_is_one_record() -> None:
    assert [json.loads(r.raw) for r in whole(read(json.dumps(OBJECTS[0], indent=2).encode()))] == [OBJECTS[0]]


def test_a_broken_json_line_does_not_take_the_next_ones_with_it() -> None:
    data = b'{"n": 1}\n{"n": 2, "x": [\n{"n": 3}\n'
    assert [r.raw for r in whole(read(data))] == [b'{"n": 1}', b'{"n": 2, "x": [', b'{"n": 3}']


def test_an_array_that_is_cut_gives_its_whole_objects_and_a_damage() -> None:
    pieces = read(json.dumps(OBJECTS).encode()[:-6])
    assert [json.loads(r.raw) for r in kept(pieces)[:2]] == OBJECTS[:2]
    assert len(damages(pieces)) == 1


def test_rubbish_between_objects_is_a_damage_not_the_end() -> None:
    pieces = read(b'[{"n": 1}, nonsense, {"n": 2}]')
    assert [r.raw for r in kept(pieces)] == [b'{"n": 1}', b'{"n": 2}']
    assert len(damages(pieces)) == 1


class _Endless(io.RawIOBase):
    """A stream of ``size`` bytes that never exists as a whole."""

    def __init__(self, head: bytes, filler: bytes, size: int, tail: bytes) -> None:
        self._parts = [head, *([filler] * (size // len(filler))), tail]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._parts.pop(0) if self._parts else b""


def test_a_line_too_long_is_cut_with_its_true_length_and_the_next_one_is_whole() -> None:
    filler = b"x" * 65_536
    tail = b"\nNov 24 08:15:31 g app: next\n"
    stream = cast(BinaryIO, _Endless(b"Nov 24 08:15:30 g app: ", filler, 64 << 20, tail))
    long, following = whole(list(records(stream, name="x")))
    assert len(long.raw) == LONGEST_BYTES
    assert long.flags == ("truncated",)
    assert long.length_bytes == 23 + (64 << 20)
    assert following.raw.endswith(b"next")
    assert following.end == long.length_bytes + 1 + 28


def test_an_object_too_long_is_cut_and_the_next_one_is_whole() -> None:
    big = json.dumps({"n": 1, "text": ["y" * 1000] * 1000}).encode()
    long, following = whole(read(b"[" + big + b', {"n": 2}]'))
    assert (len(long.raw), long.length_bytes, long.flags) == (LONGEST_BYTES, len(big), ("truncated",))
    assert following.raw == b'{"n": 2}'


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf16_text_is_read_and_flagged(encoding: str) -> None:
    text = "Nov 24 08:15:30 g app: 登录\r\nNov 24 08:15:31 g app: two\r\n"
    found = whole(read(text.encode(encoding)))
    assert [r.raw.decode() for r in found] == text.splitlines()
    assert {r.flags for r in found} == {("transcoded",)}
    assert {r.parser for r in found} == {"syslog"}


XML = (
    "<?xml version='1.0' encoding='utf-8'?><Events>"
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>1</EventID></System></Event>\n"
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>1</EventID></System>"
    "</Event>\n"
)


def test_xml_exports_give_their_events_with_or_without_a_root() -> None:
    bare = XML.replace("<Events>", "").replace("</Events>", "")
    for text in (XML, bare, XML.encode("utf-16").decode("latin1")):
        found = whole(read(text.encode("latin1")))
        assert [r.parser for r in found] == ["xml", "xml"]
        assert all(r.raw.startswith(b"<Event") and r.raw.endswith(b"</Event>") for r in found)


def test_an_xml_export_that_is_cut_says_so() -> None:
    pieces = read(XML[:-40].encode())
    assert len(kept(pieces)) == 2
    assert len(damages(pieces)) == 1


def test_an_empty_file_is_no_record() -> None:
    assert read(b"") == []
    assert read(b"\n\n") == []


def test_a_file_that_only_pretends_to_be_evtx_is_a_damage() -> None:
    assert [type(piece) for piece in read(b"ElfFile\0" + b"\0" * 100)] == [Damage]
    pieces = read(b"ElfFile\0" + b"\0" * 4088 + b"junk" * 20_000)
    assert kept(pieces) == []
    assert damages(pieces)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_a_cut_packed_file_still_holds_is_read_and_its_end_is_told(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    """Chance lines, so that packing cannot fold them into a few bytes."""
    lines = [hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(5000)]
    packed = pack(b"".join(line + b"\n" for line in lines))
    (tmp_path / "a.packed").write_bytes(packed[: len(packed) * 2 // 3])
    pieces = list(records(tmp_path / "a.packed", "text"))
    found = [piece.raw for piece in pieces if isinstance(piece, Record)]
    assert len(found) > 1500
    assert found[:-1] == lines[: len(found) - 1]
    assert isinstance(pieces[-1], Damage)


@pytest.mark.parametrize("cut", [3, 5, 9, 40])
def test_a_zstd_file_cut_anywhere_says_so(cut: int) -> None:
    packed = zstandard.compress(LINES)
    assert damages(read(zstandard.compress(LINES + b"\n") + packed[:-cut]))


def test_zstd_frames_that_hold_no_data_are_passed_over() -> None:
    skipped = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    assert len(whole(read(zstandard.compress(LINES + b"\n") + skipped + zstandard.compress(LINES)))) == 6


PNG = b"\x89PNG\r\n\x1a\n" + b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(400))
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0" * 200 + b"libc.so.6\0__libc_start_main\0" * 20
NOT_TEXT = b"".join(hashlib.sha256(b"x%d" % n).digest() for n in range(3))


@pytest.mark.parametrize("data", [PNG, ELF, NOT_TEXT, bytes(range(256)), bytes(5000), gzip.compress(PNG)])
@pytest.mark.parametrize("name", ["x", "auth.log", "x.json"])
def test_a_picture_a_program_and_chance_bytes_are_no_log(data: bytes, name: str) -> None:
    [said] = read(data, name=name)
    assert isinstance(said, Damage)
    assert said.reason.zh != said.reason.en


def test_what_is_packed_otherwise_is_named() -> None:
    assert "xz" in damages(read(lzma.compress(PNG)))[0].reason.zh
    assert "bzip2" in damages(read(bz2.compress(PNG)))[0].reason.en


def test_bytes_that_a_person_calls_text_are_read_as_text() -> None:
    assert kept(read(PNG, "text"))


@pytest.mark.parametrize(
    "data",
    [
        "登录失败，用户 张三\n登录成功\n".encode("gb18030"),
        "登录失败，用户 张三\n登录成功\n".encode("utf-16"),
        "登录失败，用户 张三\n".encode(),
        "Anmeldung für Jörg schlug fehl\n".encode("latin-1"),
        b"\x1b[31mred\x1b[0m\n" * 9,
        b"8=FIX.4.2\x019=12\x0135=A\x0149=SVR\x0110=178\x01\n" * 9,
        b"one\n" + bytes(4000) + b"two\n",
        b"GET /a HTTP/1.1\n" * 40 + b"\xff\x01\xfe\x02" * 100 + b"\n",
    ],
)
def test_text_in_any_encoding_is_no_noise(data: bytes) -> None:
    assert whole(read(data))
