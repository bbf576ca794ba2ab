"""An archive's day is taken in whole, or begun again without harm."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from collectors.rehydrate import rehydrate
from shouwang.archive import Entry
from shouwang.clock import ManualClock
from shouwang.errors import ShouwangError, StoreError
from shouwang.eventstore.base import Stored
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.exported import batches
from shouwang.eventstore.exporting import export
from shouwang.flows.archiving import Archives
from shouwang.model import Value
from shouwang.query import Query
from tests.contract.eventstore import ZONE
from tests.contract.records import DAY_US, NOON_US, id_of

DAY = date(2026, 11, 24)
LEDGER: dict[str, dict[str, Value]] = {"udp": {"received": 5, "stored": 0, "dropped": {"cut": 3, "overflow": 2}}}
EVENTS = [Stored(id_of(n), NOON_US, NOON_US, "file:/x", "text", b"record %d" % n, {}, "") for n in range(30)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "events.db", zone=ZONE, rehydrate=rehydrate) as opened:
        yield opened


@pytest.fixture
def archives(store: EmbeddedStore, tmp_path: Path) -> Archives:
    return Archives(store, ManualClock(NOON_US + DAY_US), ZONE, tmp_path / "cache")


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    with (tmp_path / "day").open("w+b") as file:
        said = cast(dict[str, Any], export(EVENTS, "jsonl", file.fileno(), lambda _said: None))
    return Entry(DAY, "jsonl", said["sha256"], said["size"], said["events"], said["bytes"], said["sources"], LEDGER)


def nothing(_said: Mapping[str, Value]) -> None:
    pass


def test_the_ledger_afterwards_is_that_of_the_archive_and_a_second_time_adds_nothing(
    store: EmbeddedStore, archives: Archives, entry: Entry, tmp_path: Path
) -> None:
    for times in range(3):
        with (tmp_path / "day").open("rb") as file:
            taken = archives.take(entry, file.fileno(), nothing, "en")
        assert (taken.events, taken.stored, taken.drops) == (30, 0 if times else 30, 0 if times else 5)
        store.seal(NOON_US + DAY_US)
    store.maintain(NOON_US + DAY_US, 5.0)
    rows = {row.source: row for row in store.days()}
    assert rows["udp"].dropped == {"cut": 3, "overflow": 2}
    assert rows["file:/x"].stored == 30
    assert rows["file:/x"].digest == entry.sources["file:/x"]["digest"]
    assert list((tmp_path / "cache").iterdir()) == []


def test_one_that_was_broken_off_is_made_whole_by_the_next(
    store: EmbeddedStore, archives: Archives, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shouwang.flows.archiving.batches", partial(batches, most=10))

    def stopping(said: Mapping[str, Value]) -> None:
        if said["events"] == 10:
            raise ShouwangError("The daemon ends.")

    with (tmp_path / "day").open("rb") as file, pytest.raises(ShouwangError, match="ends"):
        archives.take(entry, file.fileno(), stopping, "en")
    assert store.count(Query(), by=None, bucket_s=None, top=0)[0].count == 10
    with (tmp_path / "day").open("rb") as file:
        taken = archives.take(entry, file.fileno(), nothing, "en")
    assert (taken.stored, taken.drops) == (20, 5)
    assert list(store.verify([], nothing).faults) == []


def test_an_archive_for_which_there_is_no_room_is_refused_before_it_is_read(
    archives: Archives, entry: Entry, tmp_path: Path
) -> None:
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize // 2)
    with (tmp_path / "huge").open("rb") as file, pytest.raises(StoreError, match="Too little room"):
        archives.take(entry, file.fileno(), nothing, "en")
