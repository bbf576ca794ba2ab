"""Fault 30: what older versions wrote is opened and sealed, what newer ones wrote is refused by its number."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import StoreError
from shouwang.eventstore.embedded.schema import SCHEMA
from shouwang.home import Home, Lock
from shouwang.query import Query
from shouwang.wiring import build
from tests.contract.eventstore import ROOT, all_of
from tests.unit.segments.making import HOUR_US, LATER_US, fill, named, open_at

NOW_US = 1_793_160_000_000_000


def test_a_home_of_before_segments_is_copied_migrated_and_sealed_and_nothing_is_missing(tmp_path: Path) -> None:
    home = Home.at(Path(shutil.copytree(ROOT / "tests/golden/home-1", tmp_path / "home")))
    home.path.chmod(0o700)
    config = load(home.config)
    with Lock(home, config.site.zone), build(home, config, ManualClock(NOW_US)) as services:
        before = all_of(services.events, Query(from_us=-(1 << 62)))
        days = [(row.day, row.source, row.received, row.stored) for row in services.events.days()]
        for hour in (0, 1, 2):
            services.events.maintain(NOW_US + hour * HOUR_US, 60.0)
        after = all_of(services.events, Query(from_us=-(1 << 62)))
        assert [(event.id, event.raw, event.context) for event in after] == [
            (event.id, event.raw, event.context) for event in before
        ]
        assert [(row.day, row.source, row.received, row.stored) for row in services.events.days()] == days
    assert before
    assert list((home.path / "segments").glob("*/day-*.parquet"))
    copy = apsw.Connection(str(home.path / "events.db.schema-1"), flags=apsw.SQLITE_OPEN_READONLY)
    assert copy.execute("SELECT count(*) FROM event").get == len(before)


def test_a_database_of_a_newer_version_is_refused_with_what_to_start(tmp_path: Path) -> None:
    with open_at(tmp_path) as store, store._database.writing() as db:
        db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (SCHEMA + 1,))
    with pytest.raises(StoreError, match=rf"schema {SCHEMA + 1}; .*up to schema {SCHEMA}.*Start the version"):
        open_at(tmp_path)


def test_a_manifest_that_names_a_newer_segment_is_refused_with_what_to_install(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        path = max(named(store))
        with store._database.writing() as db:
            db.execute("UPDATE segment SET schema = 9 WHERE path = ?", (path,))
    with pytest.raises(StoreError, match=rf"{path} has schema 9.*Install .*schema 9"):
        open_at(tmp_path)
