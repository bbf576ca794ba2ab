"""The state database keeps what it is given, all of it or nothing, and knows its own age."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from shouwang.errors import StoreError
from shouwang.model import AlertState, IncidentState, Severity
from shouwang.statestore.codec import alert_from, alert_text, incident_from, incident_text
from shouwang.statestore.schema import SCHEMA
from shouwang.statestore.store import StateStore
from tests.unit.state.samples import ALERT, INCIDENT, PLAIN_INCIDENT


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StateStore]:
    with StateStore(tmp_path / "state.db") as made:
        yield made


def test_alerts_and_incidents_come_back_as_they_went_in(store: StateStore) -> None:
    with store.work() as tx:
        tx.alerts.put(ALERT)
        tx.incidents.put(INCIDENT)
        tx.incidents.put(PLAIN_INCIDENT)
    assert store.alerts.get("A-1") == ALERT
    assert store.alerts.by_key("k1") == ALERT
    assert store.incidents.get("INC-1") == INCIDENT
    assert store.incidents.get("INC-2") == PLAIN_INCIDENT
    assert store.alerts.get("A-2") is None


def test_a_damaged_row_is_refused_and_not_guessed_at() -> None:
    for text in (
        alert_text(ALERT).replace('"count":12', '"count":"12"'),
        alert_text(ALERT).replace('"count":12,', ""),
        alert_text(ALERT).replace('"count":12', '"count":12,"extra":1'),
        alert_text(ALERT).replace("HIGH", "HIGHER"),
        alert_text(ALERT)[:-1],
        "[]",
    ):
        with pytest.raises(StoreError):
            alert_from(text)
    with pytest.raises(StoreError):
        incident_from(incident_text(INCIDENT).replace('"sure":true', '"sure":1'))


def test_an_exception_leaves_neither_the_change_nor_the_audit_entry(store: StateStore) -> None:
    def half() -> None:
        with store.act(actor="lisi", act="x", target="INC-1", at_us=1) as tx:
            tx.incidents.put(INCIDENT)
            tx.numbers.next("alert")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.incidents.get("INC-1") is None
    assert store.trail.list() == (0, [])
    with store.work() as tx:
        assert tx.numbers.next("alert") == 1


def test_a_failing_audit_entry_takes_the_change_with_it(store: StateStore) -> None:
    def unwritable() -> None:
        with store.act(actor="lisi", act="x", target="INC-1", at_us=1) as tx:
            tx.incidents.put(INCIDENT)
            tx.detail["not JSON"] = float("nan")

    with pytest.raises(ValueError, match="JSON"):
        unwritable()
    assert store.incidents.get("INC-1") is None


def test_the_entry_says_who_in_what_role_and_what_was_found_inside(store: StateStore) -> None:
    with store.acting_as("analyst").act(actor="lisi", act="x", target="INC-1", at_us=7, detail={"a": 1}) as tx:
        tx.detail["b"] = "二"
        tx.audit(act="y", target="A-1", at_us=7)
    total, (newest, oldest) = store.trail.list()
    assert total == 2
    assert (newest.actor, newest.role, newest.act, newest.target, newest.at_us) == ("lisi", "analyst", "x", "INC-1", 7)
    assert newest.detail == '{"a":1,"b":"二"}'
    assert (oldest.actor, oldest.role, oldest.act) == ("system", "system", "y")
    assert store.trail.list(target="A-1") == (1, [oldest])


def test_lists_page_filter_and_count(store: StateStore) -> None:
    with store.work() as tx:
        for number in range(5):
            severity = Severity.LOW if number % 2 else Severity.CRITICAL
            alert = replace(
                ALERT, id=f"A-{number}", key=f"k{number}", last_us=number, severity=severity, incident_id=""
            )
            tx.alerts.put(alert)
        tx.alerts.put(replace(ALERT, id="A-9", key="k9", last_us=9, state=AlertState.CLOSED))
    assert [alert.id for alert in store.alerts.list(limit=2)[1]] == ["A-9", "A-4"]
    assert [alert.id for alert in store.alerts.list(limit=2, offset=2)[1]] == ["A-3", "A-2"]
    assert store.alerts.list(severity=Severity.HIGH, state=AlertState.OPEN)[0] == 3
    assert store.alerts.list(incident_id="INC-1")[0] == 1
    assert store.alerts.list(since_us=4)[0] == 2
    assert store.alerts.open_by_severity()[Severity.CRITICAL] == 3
    assert store.alerts.open_by_severity()[Severity.HIGH] == 0


def test_the_open_incident_of_a_key_is_the_newest_that_is_not_closed(store: StateStore) -> None:
    with store.work() as tx:
        tx.incidents.put(replace(INCIDENT, id="INC-1", found_at_us=1))
        tx.incidents.put(replace(INCIDENT, id="INC-2", found_at_us=2))
        tx.incidents.put(replace(INCIDENT, id="INC-3", found_at_us=3, state=IncidentState.CLOSED))
        found = tx.incidents.open_with_key(INCIDENT.key)
        assert found is not None
        assert found.id == "INC-2"
        assert tx.incidents.open_with_key("other") is None
    assert store.incidents.by_state()[IncidentState.TRIAGED] == 2
    assert [each.id for each in store.incidents.list(state=IncidentState.CLOSED)[1]] == ["INC-3"]


def test_memory_and_numbers_outlive_the_process(tmp_path: Path) -> None:
    with StateStore(tmp_path / "state.db") as store, store.work() as tx:
        assert tx.numbers.next("alert") == 1
        assert tx.numbers.next("other") == 1
        tx.memory.put("position", b"\x00\xff")
    with StateStore(tmp_path / "state.db") as store, store.work() as tx:
        assert tx.numbers.next("alert") == 2
        assert store.memory.get("position") == b"\x00\xff"
        assert store.memory.get("other") is None


def test_readers_see_one_moment_while_a_writer_goes_on(store: StateStore) -> None:
    with store.reading() as tables:
        assert tables.incidents.list()[0] == 0
        writing = threading.Thread(target=lambda: _put(store))
        writing.start()
        writing.join(10)
        assert tables.incidents.list()[0] == 0
    assert store.incidents.list()[0] == 1


def _put(store: StateStore) -> None:
    with store.work() as tx:
        tx.incidents.put(INCIDENT)


def test_transactions_of_two_threads_follow_one_another(store: StateStore) -> None:
    def count() -> None:
        for _ in range(50):
            with store.act(actor="a", act="b", target="c", at_us=0) as tx:
                tx.numbers.next("n")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with store.work() as tx:
        assert tx.numbers.next("n") == 201
    assert store.trail.verify() == (200, None)


def test_readers_cannot_write(store: StateStore) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        store.incidents.put(INCIDENT)


def test_a_transaction_inside_another_is_a_fault_that_is_seen(store: StateStore) -> None:
    with store.work(), pytest.raises(RuntimeError), store.work():
        pass


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    StateStore(path).close()
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
    connection.close()
    with pytest.raises(StoreError, match=f"schema {SCHEMA + 1}"):
        StateStore(path)
    assert apsw.Connection(str(path)).pragma("user_version") == SCHEMA + 1


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        StateStore(path)
    (tmp_path / "text").write_text("no database at all " * 100)
    with pytest.raises(StoreError):
        StateStore(tmp_path / "text")


def test_a_commit_is_on_the_disk_when_it_returns(store: StateStore) -> None:
    with store.work() as tx:
        assert tx.alerts._db.pragma("synchronous") == 2
        assert tx.alerts._db.pragma("journal_mode") == "wal"


def test_the_files_are_closed_to_others(store: StateStore) -> None:
    _put(store)
    assert {path.stat().st_mode & 0o777 for path in store.path.parent.glob("state.db*")} == {0o600}


def test_sqlite_is_one_without_the_write_ahead_log_reset_fault() -> None:
    assert tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) >= (3, 51, 3)


def test_of_alerts_and_incidents_of_one_moment_the_greater_number_comes_first(store: StateStore) -> None:
    with store.work() as tx:
        for number in (999, 1001, 1000):
            tx.alerts.put(replace(ALERT, id=f"A-{number}", key=f"k{number}"))
            tx.incidents.put(replace(INCIDENT, id=f"INC-20261125-{number:04d}0"))
            tx.incidents.put(replace(INCIDENT, id=f"INC-20261125-{number:04d}"))
    assert [each.id for each in store.alerts.list()[1]] == ["A-1001", "A-1000", "A-999"]
    assert [len(each.id) for each in store.incidents.list()[1]] == [18, 18, 18, 17, 17, 17]


def test_it_closes_while_somebody_still_reads(tmp_path: Path) -> None:
    store = StateStore(tmp_path / "state.db")
    begun, ended = threading.Event(), threading.Event()

    def told(*_numbers: object) -> int:
        begun.set()
        return 1

    def read() -> None:
        reader = store._reader()
        reader.create_scalar_function("begun", told, 1)
        slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000000)"
        with suppress(apsw.Error):
            reader.execute(f"{slow} SELECT begun(1), (SELECT count(*) FROM n)").fetchall()
        ended.set()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert begun.wait(20)
    store.close()
    assert not ended.is_set()
    thread.join(60)
