"""EVTX as it lies on real disks: whole, cut, damaged. Needs recordings, which are not part of this repository."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from collectors.evtx_stream import CHUNK_BYTES, HEADER_BYTES
from collectors.files import Damage, Record, records
from collectors.registry import PARSERS
from tests.unit.parsers.reading import origin


@pytest.fixture(scope="module")
def recording(shared: Path) -> bytes:
    """Sixteen chunks, 1,537 records."""
    return (shared / "samples" / "evtx" / "bits_openvpn.evtx").read_bytes()


def read(data: bytes) -> tuple[list[Record], list[Damage]]:
    pieces = list(records(io.BytesIO(data), name="x.evtx"))
    return [p for p in pieces if isinstance(p, Record)], [p for p in pieces if isinstance(p, Damage)]


def test_a_whole_file_gives_every_record_packed_or_not(recording: bytes) -> None:
    for data in (recording, gzip.compress(recording, 1)):
        found, damaged = read(data)
        assert ([r.number for r in found], damaged) == (list(range(1, 1538)), [])
        assert {PARSERS[r.parser](r.raw, origin()).shape.dataset for r in found} == {"windows.bits-client"}


def test_a_file_cut_inside_a_chunk_gives_what_is_there_and_says_what_is_not(recording: bytes) -> None:
    found, damaged = read(recording[: HEADER_BYTES + 5 * CHUNK_BYTES + 30_000])
    assert len(found) > 466
    reasons = " / ".join(each.reason.en for each in damaged)
    assert "announces 88 records" in reasons
    assert "ends inside chunk 6" in reasons
    assert "announces 16 chunks, 6 are there" in reasons


def test_a_file_cut_between_chunks_says_so(recording: bytes) -> None:
    found, damaged = read(recording[: HEADER_BYTES + 5 * CHUNK_BYTES])
    assert len(found) == 466
    assert [each.reason.en for each in damaged] == [
        "the file header announces 16 chunks, 5 are there: the file was cut"
    ]


def test_broken_bytes_cost_the_records_they_touch_and_no_other_chunk(recording: bytes) -> None:
    data = bytearray(recording)
    data[HEADER_BYTES + CHUNK_BYTES + 3000 : HEADER_BYTES + CHUNK_BYTES + 3050] = b"\xff" * 50
    found, damaged = read(bytes(data))
    assert damaged
    assert len(found) + len(damaged) == 1537
    data[HEADER_BYTES + 2 * CHUNK_BYTES : HEADER_BYTES + 2 * CHUNK_BYTES + 8] = b"\0" * 8
    fewer, damaged = read(bytes(data))
    assert len(fewer) == len(found) - 91
    assert any(each.reason.en == "chunk 3 has no chunk header" for each in damaged)


def test_a_chunk_that_was_wiped_is_told(recording: bytes) -> None:
    data = bytearray(recording)
    data[HEADER_BYTES + 2 * CHUNK_BYTES : HEADER_BYTES + 3 * CHUNK_BYTES] = bytes(CHUNK_BYTES)
    found, damaged = read(bytes(data))
    assert len(found) == 1537 - 91
    assert [each.reason.en for each in damaged] == ["chunk 3 is empty, where the file header announces one"]


def test_every_regression_recording_is_read_whole_and_known(shared: Path) -> None:
    paths = sorted((shared / "sigma" / "regression_data").rglob("*.evtx"))
    assert paths
    for path in paths:
        pieces = list(records(path))
        assert pieces, path
        for piece in pieces:
            assert isinstance(piece, Record), (path, piece)
            event = PARSERS[piece.parser](piece.raw, origin())
            assert event.shape.logsources, path
            assert event.time_us != event.received_us
