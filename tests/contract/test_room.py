"""A disk that fills: alarm, pause, cleaning up with the reserve, and going on by itself. On a real small disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.eventstore.base import Batch, StoreAway
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.model import Level
from shouwang.query import Query
from tests.contract.eventstore import ZONE, all_of
from tests.contract.records import NOON_US, numbered, rehydrate
from tests.peers import IS_ROOT, require

MIB = 1 << 20
RESERVE = 8 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """32 MiB."""
    require("root", IS_ROOT, "a full disk is made with a small tmpfs")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("a full disk is made with a small tmpfs, which cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def store(disk: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(disk / "events.db", zone=ZONE, rehydrate=rehydrate, reserve_bytes=RESERVE) as opened:
        yield opened


def free_bytes(disk: Path) -> int:
    return os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize


def fill(disk: Path, leave: int) -> Path:
    """Somebody else's file takes all but so many bytes."""
    file = disk / "somebody-elses"
    with file.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, free_bytes(disk) - leave)
    return file


def put_until_away(store: EmbeddedStore, first: int = 0) -> tuple[int, Batch, str]:
    """How many were acknowledged, the batch that was not, and what was said."""
    done = first
    while True:
        batch = Batch([numbered(done + n, labels_note="x" * 500) for n in range(100)], received_us=NOON_US)
        try:
            store.put(batch, {"at": b"%d" % done})
        except StoreAway as away:
            return done, batch, str(away)
        done += 100


def levels(store: EmbeddedStore) -> list[Level]:
    return [found.level for found in store.health()]


def test_the_reserve_is_made_of_real_blocks_and_by_maintenance_alone(disk: Path, store: EmbeddedStore) -> None:
    assert not (disk / "reserve").exists()
    assert "made the reserve" in store.maintain(NOON_US, 5.0)
    assert (disk / "reserve").stat().st_blocks * 512 >= RESERVE
    assert (disk / "reserve").stat().st_mode & 0o077 == 0
    assert "made the reserve" not in store.maintain(NOON_US, 5.0)


def test_the_alarm_comes_before_the_pause_and_the_pause_before_the_disk_is_full(
    disk: Path, store: EmbeddedStore
) -> None:
    store.maintain(NOON_US, 5.0)
    assert levels(store) == []
    other = fill(disk, 6 * MIB)
    assert levels(store) == [Level.BROKEN]
    assert store.put(Batch([numbered(1)], received_us=NOON_US), {}).stored == 1
    other.unlink()
    fill(disk, 1 * MIB)
    with pytest.raises(StoreAway, match=r"nearly full.*Free at least .* MiB"):
        store.put(Batch([numbered(2)], received_us=NOON_US), {})
    assert store.facts(NOON_US).paused
    assert free_bytes(disk) > 0


def test_what_was_acknowledged_is_there_and_what_was_not_is_taken_when_there_is_room(
    disk: Path, store: EmbeddedStore
) -> None:
    store.maintain(NOON_US, 5.0)
    other = fill(disk, 4 * MIB)
    done, batch, _ = put_until_away(store)
    assert done > 0
    assert (disk / "reserve").exists()
    assert "gave up the reserve to clean up" in store.maintain(NOON_US, 5.0)
    assert (disk / "reserve").stat().st_blocks == 0
    with pytest.raises(StoreAway):
        store.put(batch, {"at": b"%d" % done})
    assert len(all_of(store, Query(), limit=1000)) == done
    assert store.cursors() == {"at": b"%d" % (done - 100)}
    other.unlink()
    assert store.put(batch, {"at": b"%d" % done}).stored == 100
    assert (disk / "reserve").stat().st_size == RESERVE
    assert not store.facts(NOON_US).paused
    assert store.count(Query(), by=None, bucket_s=None, top=0)[0].count == done + 100
    (day,) = store.days()
    assert day.received == day.stored == done + 100


def test_the_room_of_the_reserve_alone_does_not_end_the_pause(disk: Path, store: EmbeddedStore) -> None:
    store.maintain(NOON_US, 5.0)
    fill(disk, 1 * MIB)
    done, batch, _ = put_until_away(store)
    store.maintain(NOON_US, 5.0)
    assert free_bytes(disk) >= RESERVE
    for _ in range(3):
        with pytest.raises(StoreAway):
            store.put(batch, {"at": b"%d" % done})
        assert "made the reserve" not in store.maintain(NOON_US, 5.0)


def test_a_store_that_is_opened_on_a_full_disk_takes_nothing_and_goes_on_later(disk: Path) -> None:
    def opened() -> EmbeddedStore:
        return EmbeddedStore(disk / "events.db", zone=ZONE, rehydrate=rehydrate, reserve_bytes=RESERVE)

    with opened() as store:
        store.maintain(NOON_US, 5.0)
        other = fill(disk, 1 * MIB)
        done, batch, _ = put_until_away(store)
        store.maintain(NOON_US, 5.0)
    with opened() as store:
        with pytest.raises(StoreAway):
            store.put(batch, {})
        other.unlink()
        assert store.put(batch, {"at": b"%d" % done}).stored == 100
        assert (disk / "reserve").stat().st_size == RESERVE


def test_days_are_not_compacted_while_room_is_little_and_are_when_there_is_more(
    disk: Path, store: EmbeddedStore
) -> None:
    store.maintain(NOON_US, 5.0)
    for hour in (0, 2, 30):
        at = NOON_US + hour * 3_600_000_000
        store.put(Batch([numbered(hour, received_us=at)], received_us=at), {})
    other = fill(disk, 6 * MIB)
    later = NOON_US + 40 * 3_600_000_000
    assert any(said.startswith("sealed") for said in store.maintain(later, 5.0))
    folder = disk / "segments" / "2026-11-24"
    assert not list(folder.glob("day-*"))
    other.unlink()
    store.maintain(later, 5.0)
    assert len(list(folder.glob("day-*"))) == 1
    assert len(all_of(store, Query())) == 3
