"""The embedded store keeps the contract, and what only a file can suffer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import apsw
import pytest

from shouwang.errors import StoreError
from shouwang.eventstore.base import Batch, EventStore, StoreAway
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.database import OLDEST_SQLITE, refuse_network_filesystem
from shouwang.eventstore.embedded.room import Room
from shouwang.eventstore.embedded.schema import MIGRATIONS, SCHEMA, migrate, schema_of
from shouwang.eventstore.embedded.upkeep import space
from shouwang.model import Level
from shouwang.query import Query
from tests.contract.eventstore import ZONE, EventStoreContract, Open, all_of, put
from tests.contract.eventstore_keeping import KeepingContract
from tests.contract.eventstore_search import SearchContract
from tests.contract.records import NOON_US, event_of, id_of, numbered, rehydrate
from tests.contract.sealing import HalfSealed, Sealed
from tests.peers import IS_ROOT, require


def open_store(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder / "events.db", zone=ZONE, rehydrate=rehydrate)


def open_sealed(folder: Path) -> EmbeddedStore:
    return Sealed(folder / "events.db", zone=ZONE, rehydrate=rehydrate)


def open_half_sealed(folder: Path) -> EmbeddedStore:
    return HalfSealed(folder / "events.db", zone=ZONE, rehydrate=rehydrate)


class Embedded:
    kind: type[EmbeddedStore] = EmbeddedStore

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Iterator[Open]:
        opened: list[EmbeddedStore] = []

        def again() -> EventStore:
            opened.append(self.kind(tmp_path / "events.db", zone=ZONE, rehydrate=rehydrate))
            return opened[-1]

        yield again
        for store in opened:
            store.close()


class TestEmbeddedStore(Embedded, EventStoreContract):
    opener = "tests.contract.test_eventstore_embedded:open_store"


class TestEmbeddedSearch(Embedded, SearchContract):
    pass


class TestSealedStore(Embedded, EventStoreContract):
    kind = Sealed
    opener = "tests.contract.test_eventstore_embedded:open_sealed"


class TestSealedSearch(Embedded, SearchContract):
    kind = Sealed


class TestHalfSealedStore(Embedded, EventStoreContract):
    kind = HalfSealed
    opener = "tests.contract.test_eventstore_embedded:open_half_sealed"


class TestHalfSealedSearch(Embedded, SearchContract):
    kind = HalfSealed


class TestEmbeddedKeeping(Embedded, KeepingContract):
    pass


def test_sqlite_is_new_enough_not_to_lose_a_commit_to_a_checkpoint() -> None:
    assert tuple(map(int, apsw.sqlite_lib_version().split("."))) >= OLDEST_SQLITE


def test_a_commit_outlives_the_loss_of_power(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store._database.keeping() as db:
        assert db.execute("PRAGMA journal_mode").get == "wal"
        assert db.execute("PRAGMA synchronous").get == 2
        assert db.execute("PRAGMA page_size").get == 8192


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, numbered(1))
        for file in tmp_path.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file


def test_a_store_is_not_put_on_a_network_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda / ext4 rw 0 0\nnas:/x /srv/nas nfs4 rw 0 0\n/dev/vdb /srv/nas/local ext4 rw 0 0\n")
    with pytest.raises(StoreError, match="network"):
        refuse_network_filesystem(Path("/srv/nas/home/events.db"), mounts)
    refuse_network_filesystem(Path("/srv/nas/local/events.db"), mounts)
    refuse_network_filesystem(Path("/srv/nasty/events.db"), mounts)
    refuse_network_filesystem(Path("/srv/nas/events.db"), tmp_path / "absent")


def test_a_file_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    with apsw.Connection(str(tmp_path / "events.db")) as db:
        db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (SCHEMA + 1,))
    db.close()
    with pytest.raises(StoreError, match=rf"schema {SCHEMA + 1}.*up to schema {SCHEMA}"):
        open_store(tmp_path)


def test_a_migration_makes_a_copy_first_and_keeps_the_events(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, numbered(1))
    path = tmp_path / "events.db"
    db = apsw.Connection(str(path))
    migrate(db, path, {**MIGRATIONS, SCHEMA + 1: "ALTER TABLE event ADD COLUMN later"})
    assert schema_of(db) == SCHEMA + 1
    assert db.execute("SELECT later, count(*) FROM event").fetchall() == [(None, 1)]
    db.close()
    path.unlink()
    path.with_name(f"events.db.schema-{SCHEMA}").rename(path)
    with open_store(tmp_path) as store:
        assert len(all_of(store, Query())) == 1


@pytest.mark.parametrize("damage", ["header", "middle", "cut"])
def test_a_damaged_file_is_reported_with_what_to_do(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "events.db"
    with open_store(tmp_path) as store:
        put(store, *(numbered(n) for n in range(3000)))
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "header": b"\x00" * 100 + whole[100:],
            "middle": whole[:8192] + b"\xa5" * (len(whole) - 8192),
            "cut": whole[:middle],
        }[damage]
    )
    with pytest.raises(StoreError, match=r"damaged.*restore") as said, open_store(tmp_path) as store:
        all_of(store, Query(), limit=1000)
    assert not isinstance(said.value, StoreAway)


def test_damage_that_nobody_read_is_found_when_asked_and_stays_in_health(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    with open_store(tmp_path) as store:
        put(store, *(numbered(n) for n in range(3000)))
    with path.open("r+b") as file:
        file.seek(-3 * 8192, os.SEEK_END)
        file.write(b"\xa5" * 8192)
    with open_store(tmp_path) as store:
        assert store.health() == []
        (finding,) = store.check()
        assert finding.level is Level.BROKEN
        assert store.health() == [finding]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    require("root", IS_ROOT, "a full disk is made with a small tmpfs")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("a full disk is made with a small tmpfs, which cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_on_a_full_disk_nothing_is_acknowledged_or_lost_and_it_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (2 << 20))
    with open_store(small_disk) as store:
        acknowledged, away = 0, ""
        while not away:
            events = [numbered(acknowledged + n, labels_note="x" * 500) for n in range(100)]
            batch, cursor = Batch(events, drops={("udp", "cut"): 1}, received_us=NOON_US), b"%d" % acknowledged
            try:
                store.put(batch, {"at": cursor})
                acknowledged += 100
            except StoreAway as error:
                away = str(error)
        assert "cannot be written" in away
        assert acknowledged > 100
        assert store.count(Query(), by=None, bucket_s=None, top=0)[0].count == acknowledged
        assert store.cursors() == {"at": b"%d" % (acknowledged - 100)}
        assert [f.level for f in store.health()] == [Level.BROKEN]
        ballast.unlink()
        assert store.put(batch, {"at": cursor}).stored == 100
        assert store.count(Query(), by=None, bucket_s=None, top=0)[0].count == acknowledged + 100
        assert {row.source: row.received for row in store.days()} == {
            "file:/var/log/test.log": acknowledged + 100,
            "udp": acknowledged // 100 + 1,
        }


def test_the_disk_that_soon_is_full_is_told_in_days(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for day in range(3):
            received = NOON_US + day * 86_400_000_000
            store.put(Batch([event_of("line", b"x" * 1000, id=id_of(day, received), received_us=received)]), {})
        ledger = store.days()
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    huge = tmp_path / "huge.db"
    with huge.open("wb") as file:
        file.truncate(free)  # a hole: three days have filled as much as is free now
    if free < 512 << 20:
        pytest.skip("too little space is left here to tell a forecast from a full disk")
    (finding,) = space(huge, ledger, Room(tmp_path, 0), 184, date(2026, 11, 26))
    assert finding.level is Level.DEGRADED
    assert "in about 3 days" in str(finding.what) or "in about 2 days" in str(finding.what)
    assert "on 2026-11-29" in str(finding.what) or "on 2026-11-28" in str(finding.what)


def test_the_write_ahead_log_is_emptied_by_maintenance_even_beside_a_search(tmp_path: Path) -> None:
    log = tmp_path / "events.db-wal"
    with open_store(tmp_path) as store:
        put(store, *(numbered(n) for n in range(500)))
        with store._database.reading() as db:
            assert db.execute("SELECT count(*) FROM event").get == 500
            put(store, *(numbered(n) for n in range(500, 1000)))
            assert any("reader" in line for line in store.maintain(NOON_US, 5.0))
            assert log.stat().st_size > 0
        store.maintain(NOON_US, 5.0)
        assert log.stat().st_size == 0
        assert len(all_of(store, Query(), limit=1000)) == 1000
