"""One changed byte of a sealed log is found, and the place is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pyarrow.parquet as pq
import pytest

from shouwang.eventstore.base import Batch, Fault
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.model import Level
from tests.contract.eventstore import ZONE
from tests.contract.eventstore_keeping import FIRST, SECOND, filled, nothing_told
from tests.contract.records import DAY_US, NOON_US, numbered, rehydrate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=rehydrate) as opened:
        filled(opened)
        opened.seal(NOON_US + 2 * DAY_US)
        yield opened


def segment(folder: Path, day: str) -> Path:
    (found,) = (folder / "segments" / day).glob("*.parquet")
    return found


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x10
    file.write_bytes(data)


def faults(store: EmbeddedStore) -> list[Fault]:
    return list(store.verify([], nothing_told).faults)


def chunk_of(file: Path, column: str) -> tuple[int, int]:
    """Where the pages of a column lie."""
    group = pq.ParquetFile(file).metadata.row_group(0)
    for number in range(group.num_columns):
        chunk = group.column(number)
        if chunk.path_in_schema == column:
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            return start, start + chunk.total_compressed_size
    raise AssertionError(column)


@pytest.mark.parametrize("column", ["raw", "id", "time_us", "source", "context", "host_name"])
def test_a_flipped_byte_in_a_column_is_told_with_file_day_and_column(
    tmp_path: Path, store: EmbeddedStore, column: str
) -> None:
    file = segment(tmp_path, "2026-11-24")
    _, end = chunk_of(file, column)
    flip(file, end - 1)
    (fault,) = faults(store)
    assert fault.part == f"segments/2026-11-24/{file.name}"
    assert fault.day == FIRST
    assert f"row group 1, column {column}" in fault.what.en
    (finding,) = (each for each in store.health() if each.level is Level.BROKEN)
    assert file.name in finding.what.en


def test_a_flipped_byte_anywhere_in_the_file_is_found(tmp_path: Path, store: EmbeddedStore) -> None:
    file = segment(tmp_path, "2026-11-25")
    whole = file.read_bytes()
    for at in range(0, len(whole), len(whole) // 40):
        flip(file, at)
        found = store.verify([SECOND], nothing_told).faults
        assert {fault.part for fault in found} == {f"segments/2026-11-25/{file.name}"}, at
        file.write_bytes(whole)
    assert store.verify([SECOND], nothing_told).faults == []
    assert store.health() == []


def test_a_file_that_is_missing_or_is_another_is_told(tmp_path: Path, store: EmbeddedStore) -> None:
    first, second = segment(tmp_path, "2026-11-24"), segment(tmp_path, "2026-11-25")
    whole = first.read_bytes()
    first.unlink()
    (fault,) = faults(store)
    assert (fault.part, fault.source) == (f"segments/2026-11-24/{first.name}", "file:/var/log/test.log, file:/x")
    assert "missing" in fault.what.en
    first.write_bytes(second.read_bytes())
    (fault,) = faults(store)
    assert "not those that were sealed" in fault.what.en
    first.write_bytes(whole)
    assert faults(store) == []


def test_a_record_that_was_changed_in_the_journal_is_told_with_day_and_source(
    tmp_path: Path, store: EmbeddedStore
) -> None:
    store.put(Batch([numbered(90, received_us=NOON_US + 2 * DAY_US)], received_us=NOON_US + 2 * DAY_US), {})
    with store._database.writing() as db:
        db.execute("UPDATE event SET raw = ? WHERE seq = (SELECT max(seq) FROM event)", (b"{}",))
    (fault,) = faults(store)
    assert (str(fault.day), fault.source, fault.part) == ("2026-11-26", "file:/var/log/test.log", "")
    assert "not as in the ledger" in fault.what.en


def test_who_changes_a_file_and_its_manifest_row_is_betrayed_by_the_ledger(
    tmp_path: Path, store: EmbeddedStore
) -> None:
    with store._database.writing() as db:
        db.execute("DELETE FROM segment_source WHERE path LIKE '%2026-11-25%'")
        db.execute("DELETE FROM segment WHERE day = '2026-11-25'")
    (fault,) = faults(store)
    assert (fault.day, fault.source) == (SECOND, "file:/var/log/test.log")


def test_damage_of_the_journal_itself_is_told(tmp_path: Path, store: EmbeddedStore) -> None:
    store.put(Batch([numbered(n, received_us=NOON_US + 2 * DAY_US) for n in range(3000)]), {})
    with store._database.keeping() as db:
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    path = tmp_path / "events.db"
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 8192 * 8192)
        file.write(b"\xa5" * 8192)
    assert any("damaged" in fault.what.en for fault in faults(store) if fault.part == "events.db")
