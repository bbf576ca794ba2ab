"""A database that a home has had is not silently made again."""

from __future__ import annotations

import json
from pathlib import Path

import apsw
import pytest

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.errors import StoreError, UsageError
from shouwang.eventstore.base import Batch, Position
from shouwang.flows.alerting import POSITION
from shouwang.home import HOME_ID, Home
from shouwang.wiring import build
from tests.contract.records import match_on, numbered

HOUR_US = 3_600_000_000


def start(home: Home, clock: ManualClock, *anew: str) -> list[str]:
    """Acts in the audit trail."""
    with build(home, load(home.config), clock, anew=anew) as services:
        return [entry.act for entry in services.state.trail.list()[1]]


def lose(path: Path) -> None:
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


@pytest.mark.parametrize("name", ["state", "events"])
def test_a_lost_database_stops_the_start_and_is_not_made_again(home: Home, clock: ManualClock, name: str) -> None:
    start(home, clock)
    lose(home.path / f"{name}.db")
    for _ in range(2):
        with pytest.raises(StoreError, match=rf"{name}\.db .* is missing .* backup.* --new-database {name}") as lost:
            start(home, clock)
        assert lost.value.exit_code == 4
        assert f"{name}.db" in lost.value.whole.zh
        assert not (home.path / f"{name}.db").exists()


def test_both_lost_are_named_together(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    lose(home.state)
    lose(home.events)
    with pytest.raises(StoreError, match=r"events\.db \+ state\.db"):
        start(home, clock)


def test_an_emptied_database_is_a_lost_one(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    lose(home.events)
    home.events.touch()
    with pytest.raises(StoreError, match=r"events\.db"):
        start(home, clock)


def test_of_a_database_whose_log_alone_is_left_nothing_is_made(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    lose(home.state)
    log = home.path / "state.db-wal"
    log.write_bytes(b"x" * 100)
    with pytest.raises(StoreError, match=r"state\.db"):
        start(home, clock)
    assert not home.state.exists()
    with pytest.raises(UsageError, match="Move it away first"):
        start(home, clock, "state")
    log.unlink()
    assert start(home, clock, "state") == ["database.new"]


@pytest.mark.parametrize("name", ["state", "events"])
def test_one_is_begun_anew_on_purpose_and_the_audit_trail_says_so(home: Home, clock: ManualClock, name: str) -> None:
    start(home, clock)
    lose(home.path / f"{name}.db")
    assert start(home, clock, name) == ["database.new"]
    assert start(home, clock) == ["database.new"]


def test_what_is_there_is_not_begun_anew(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    with pytest.raises(UsageError, match="Move it away first"):
        start(home, clock, "state")


def test_a_home_of_before_opens_and_from_then_on_misses_what_it_loses(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    forget(home)
    assert start(home, clock) == []
    lose(home.state)
    with pytest.raises(StoreError, match=r"state\.db"):
        start(home, clock)


@pytest.mark.parametrize("name", ["state", "events"])
def test_a_home_of_before_that_has_lost_one_is_refused_too(home: Home, clock: ManualClock, name: str) -> None:
    start(home, clock)
    forget(home)
    lose(home.path / f"{name}.db")
    with pytest.raises(StoreError, match=rf"{name}\.db"):
        start(home, clock)


def test_another_homes_database_is_refused(home: Home, clock: ManualClock, tmp_path: Path) -> None:
    start(home, clock)
    other = Home.at(tmp_path / "other")
    other.make_folders()
    other.config.write_text(home.config.read_text())
    start(other, clock)
    lose(home.events)
    other.events.rename(home.events)
    with pytest.raises(StoreError, match="belongs to another home"):
        start(home, clock)


def test_a_first_start_that_was_cut_off_goes_on(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    (home.path / HOME_ID).write_text('{"id": "00", "databases": []}')
    lose(home.events)
    lose(home.state)
    assert start(home, clock) == []


def test_an_unreadable_home_id_says_what_to_do(home: Home, clock: ManualClock) -> None:
    start(home, clock)
    (home.path / HOME_ID).write_text("{")
    with pytest.raises(StoreError, match="move it away"):
        start(home, clock)
    (home.path / HOME_ID).unlink()
    start(home, clock)


def forget(home: Home) -> None:
    """Make it as versions before ``home.id`` made it."""
    (home.path / HOME_ID).unlink()
    for path, sql in (
        (home.state, "DELETE FROM memory WHERE name = 'home/id'"),
        (home.events, "DELETE FROM meta WHERE name = 'home'"),
    ):
        connection = apsw.Connection(str(path))
        connection.execute(sql)
        connection.close()


@pytest.mark.parametrize("handled", [1, 4, 6])
def test_a_lost_event_database_is_made_again_from_its_segments_and_alerting_misses_no_match(
    home: Home, clock: ManualClock, handled: int
) -> None:
    """Six matches, the last two of which are not sealed; alerting had handled some."""
    with build(home, load(home.config), clock) as services:
        for hour in range(3):
            at_us = clock.now_us() + hour * HOUR_US
            events = [numbered(hour * 2 + n, received_us=at_us) for n in range(2)]
            services.events.put(
                Batch(events, [match_on(each) for each in events], received_us=at_us), {"a": b"%d" % hour}
            )
        services.events.maintain(clock.now_us() + 3 * HOUR_US, 60.0)
        position = services.events.tail("matches", None, handled).next
        assert position is not None
        with services.state.work() as tx:
            tx.memory.put(POSITION, position.token.encode())
    lose(home.events)
    with build(home, load(home.config), clock, anew=["events"]) as services:
        (entry,) = services.state.trail.list()[1]
        assert entry.act == "database.new"
        assert json.loads(entry.detail)["events"] == 4
        assert services.events.cursors() == {"a": b"1"}
        at_us = clock.now_us() + 2 * HOUR_US
        again = [numbered(100 + n, received_us=at_us) for n in range(2)]
        services.events.put(Batch(again, [match_on(each) for each in again], received_us=at_us), {"a": b"2"})
        kept = services.state.memory.get(POSITION)
        assert kept is not None
        left = services.events.tail("matches", Position(kept.decode()), 99).items
        assert [match.event_id for match in left][-2:] == [event.id for event in again]
        assert len(left) == 2 + max(4 - handled, 0)
