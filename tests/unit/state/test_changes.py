"""Who keeps a copy of alerts and incidents is told of every change, in order."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from shouwang.model import AlertState
from shouwang.statestore.changes import Change
from shouwang.statestore.schema import SCHEMA
from shouwang.statestore.store import StateStore
from tests.unit.state.samples import ALERT, INCIDENT


def changes(state: StateStore, passed: int = 0) -> list[Change]:
    with state.reading() as tables:
        return tables.changes.after(passed, 10)


def test_every_change_of_a_record_has_a_number_above_all_before_it(tmp_path: Path) -> None:
    before_us = time.time_ns() // 1000 - 1_000_000
    with StateStore(tmp_path / "state.db") as state:
        with state.work() as tx:
            tx.alerts.put(ALERT)
            tx.incidents.put(INCIDENT)
        first, second = changes(state)
        assert [first.record, second.record] == [ALERT, INCIDENT]
        assert before_us < first.number < second.number
        closed = replace(ALERT, state=AlertState.CLOSED, count=99)
        with state.work() as tx:
            tx.alerts.put(closed)
        (third,) = changes(state, second.number)
        assert third.record == closed
        assert third.number > second.number
        assert [each.record for each in changes(state)] == [INCIDENT, closed]
        with state.reading() as tables:
            assert tables.changes.waiting(second.number) == 1


def test_what_is_undone_is_no_change(tmp_path: Path) -> None:
    with StateStore(tmp_path / "state.db") as state:

        def fail() -> None:
            with state.work() as tx:
                tx.alerts.put(ALERT)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert changes(state) == []


def test_of_an_older_database_all_counts_as_changed(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with StateStore(path) as state, state.work() as tx:
        tx.alerts.put(ALERT)
        tx.incidents.put(INCIDENT)
    older = apsw.Connection(str(path))
    for name in ("alerts_insert", "alerts_update", "incidents_insert", "incidents_update"):
        older.execute(f"DROP TRIGGER {name}")
    older.execute("DROP TABLE changes; DELETE FROM numbers WHERE name = 'change'")
    older.execute(f"PRAGMA user_version={SCHEMA - 1}")
    older.close()
    with StateStore(path) as state:
        assert sorted(each.record.id for each in changes(state)) == ["A-1", "INC-1"]
        with state.work() as tx:
            tx.alerts.put(replace(ALERT, count=13))
        assert isinstance(changes(state)[-1].record, type(ALERT))
