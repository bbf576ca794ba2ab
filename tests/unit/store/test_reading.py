"""Reading sealed segments: what can go wrong with a file or a process is told, and harms nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from shouwang.errors import StoreError
from shouwang.eventstore.base import Rehydrate, Stored
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.rows import Row
from shouwang.eventstore.embedded.segments import manifest
from shouwang.eventstore.embedded.segments.asks import Ask
from shouwang.eventstore.embedded.segments.desk import Desk
from shouwang.eventstore.embedded.segments.engine import Engine
from shouwang.eventstore.embedded.segments.trouble import Trouble
from shouwang.model import Event, Level
from shouwang.query import Eq, Query
from tests.contract.eventstore import ZONE, all_of, messages, put
from tests.contract.records import DAY_US, NOON_US, numbered, rehydrate
from tests.contract.sealing import compact, seal

NONE = Query(Eq("message", "nothing"))


def dying(stored: Stored) -> Event:
    event = rehydrate(stored)
    if event.get("message") == "event 13":
        os.kill(os.getpid(), signal.SIGKILL)
    return event


def hanging(stored: Stored) -> Event:
    event = rehydrate(stored)
    while event.get("message") == "event 13":
        signal.pause()
    return event


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[Rehydrate], EmbeddedStore]]:
    stores: list[EmbeddedStore] = []

    def open_store(by: Rehydrate) -> EmbeddedStore:
        stores.append(EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=by))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def two_days(opened: Callable[[Rehydrate], EmbeddedStore]) -> EmbeddedStore:
    """Ten events each of today and tomorrow, sealed, a segment each."""
    store = opened(rehydrate)
    for day in (0, 1):
        at_us = NOON_US + day * DAY_US
        put(store, *(numbered(day * 10 + n, time_us=at_us + n, received_us=at_us) for n in range(10)))
        seal(store)
    return store


def segments(store: EmbeddedStore) -> list[Path]:
    with store._database.reading() as db:
        return [manifest.place(store._database.path, each.path) for each in manifest.segments(db)]


TODAY = Query(to_us=NOON_US + DAY_US // 2)
TOMORROW = Query(from_us=NOON_US + DAY_US // 2)

# --------------------------------------------------------------------------------------- the process


@pytest.mark.parametrize("bad", [dying, hanging])
def test_a_query_that_kills_or_stops_its_process_is_told_and_the_next_one_is_answered(
    opened: Callable[[Rehydrate], EmbeddedStore], bad: Rehydrate, tmp_path: Path
) -> None:
    store = opened(bad)
    put(store, *(numbered(n) for n in range(20)))
    seal(store)
    store._reading._desk = Desk(tmp_path, bad, patience_s=3.0 if bad is hanging else 60.0)
    with pytest.raises(StoreError, match="died" if bad is dying else "more than 3 s"):
        store.read(NONE, newest_first=True, after=None, limit=10)
    store._reading._desk._patience_s = 60.0
    assert messages(all_of(store, Query(to_us=NOON_US + 5_000_000))) == [f"event {n}" for n in range(5)]
    assert store.count(Query(), by=None, bucket_s=None, top=0)[0].count == 20


def test_searches_that_never_end_hold_up_neither_an_event_by_id_nor_the_end_of_the_store(
    opened: Callable[[Rehydrate], EmbeddedStore],
) -> None:
    store = opened(hanging)
    put(store, *(numbered(n) for n in range(20)))
    seal(store)
    ended: list[StoreError] = []

    def search() -> None:
        with pytest.raises(StoreError) as told:
            store.read(NONE, newest_first=True, after=None, limit=10)
        ended.append(told.value)

    searching = [threading.Thread(target=search, daemon=True) for _ in range(4)]
    for thread in searching:
        thread.start()
    until = time.monotonic() + 20
    while len(store._reading._desk._busy) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    page = store.read(Query(ids=(numbered(7).id,)), newest_first=True, after=None, limit=10)
    assert messages(list(page.items)) == ["event 7"]
    store.close()
    for thread in searching:
        thread.join(20)
    assert len(ended) == 4


def test_a_query_process_ends_when_it_is_not_needed_and_with_the_store(two_days: EmbeddedStore, tmp_path: Path) -> None:
    before = set(psutil.Process().children())  # servers of other tests

    def started() -> set[psutil.Process]:
        return set(psutil.Process().children()) - before

    store = two_days
    store._reading._desk = Desk(tmp_path, rehydrate, idle_s=0.2)
    assert len(all_of(store, Query())) == 20
    until = time.monotonic() + 20
    while started():
        assert time.monotonic() < until
        time.sleep(0.02)
    store._reading._desk = Desk(tmp_path, rehydrate)
    assert len(all_of(store, Query())) == 20
    (child,) = started()
    store.close()
    assert not child.is_running()


def test_the_daemon_reads_segments_without_duckdb_and_arrow_in_its_memory(two_days: EmbeddedStore) -> None:
    path = two_days._database.path
    code = (
        "import sys; from pathlib import Path; from shouwang.eventstore.embedded import EmbeddedStore\n"
        "from shouwang.query import Query; from tests.contract.records import rehydrate\n"
        "from zoneinfo import ZoneInfo\n"
        f"with EmbeddedStore(Path({str(path)!r}), zone=ZoneInfo('UTC'), rehydrate=rehydrate) as store:\n"
        "    assert store.count(Query(), by='user.name', bucket_s=None, top=1) == []\n"
        "    assert len(store.read(Query(), newest_first=True, after=None, limit=50).items) == 20\n"
        "print([name for name in ('duckdb', 'pyarrow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


# ------------------------------------------------------------------------------------------ the file


def test_a_damaged_segment_is_named_until_it_is_restored_and_other_days_are_read(two_days: EmbeddedStore) -> None:
    path = segments(two_days)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xa5" * (len(whole) - 8) + whole[-4:])
    with pytest.raises(StoreError, match=rf"{path.name} cannot be read .*restore"):
        all_of(two_days, TODAY)
    (finding,) = two_days.health()
    assert finding.level is Level.BROKEN
    assert path.name in str(finding.what)
    assert messages(all_of(two_days, TOMORROW)) == [f"event {n}" for n in range(10, 20)]
    path.write_bytes(whole)
    assert len(all_of(two_days, Query())) == 20
    assert two_days.health() == []


@pytest.mark.parametrize("wrong", ["cut", "gone"])
def test_a_segment_that_is_cut_or_gone_is_named(two_days: EmbeddedStore, wrong: str) -> None:
    path = segments(two_days)[0]
    if wrong == "cut":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.unlink()
    for read in (
        lambda: all_of(two_days, TODAY),
        lambda: two_days.count(TODAY, by="user.name", bucket_s=None, top=5),
        lambda: two_days.tail("events", None, 5),
    ):
        with pytest.raises(StoreError, match=path.name):
            read()
    assert len(all_of(two_days, TOMORROW)) == 10


def test_a_search_that_meets_a_compaction_looks_again(opened: Callable[[Rehydrate], EmbeddedStore]) -> None:
    store = opened(rehydrate)
    for first in (0, 10):
        put(store, *(numbered(n) for n in range(first, first + 10)))
        seal(store)

    class Slow(Desk):
        """Between the manifest and the files the day is compacted, and the old files go."""

        def ask(self, ask: Ask) -> list[Row]:
            old = segments(store)
            if len(old) > 1:
                compact(store)
                for path in old:
                    path.unlink()
            return super().ask(ask)

    store._reading._desk = Slow(store._database.path.parent, rehydrate)
    assert messages(all_of(store, Query(), limit=100)) == [f"event {n}" for n in range(20)]


# --------------------------------------------------------------------------------------- the engine


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_parquet('{home}/other.parquet')",
        "SELECT * FROM read_parquet('{home}/segments/../other.parquet')",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "COPY (SELECT 1) TO '{home}/out.csv'",
        "ATTACH '{home}/out.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
    ],
)
def test_no_statement_leaves_the_folder_of_segments_or_changes_a_setting(tmp_path: Path, sql: str) -> None:
    with Engine(tmp_path) as engine, pytest.raises(Trouble):
        engine.all([], sql.format(home=tmp_path))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "path",
    ["segments/../../x.parquet", "segments/2026-11-24/*.parquet", "/etc/passwd", "segments/2026-11-24/a'b.parquet"],
)
def test_a_manifest_that_names_other_files_is_not_followed(two_days: EmbeddedStore, path: str) -> None:
    with two_days._database.writing() as db:
        db.execute("UPDATE segment SET path = ? WHERE day = '2026-11-24'", (path,))
    with pytest.raises(StoreError, match="no name of a segment"):
        all_of(two_days, TODAY)
    assert len(all_of(two_days, TOMORROW)) == 10
