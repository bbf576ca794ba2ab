"""Days go when they have been kept as long as they must, each with a record, and not one earlier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouwang.clock import ManualClock
from shouwang.config import read
from shouwang.errors import UsageError
from shouwang.eventstore.base import Batch, RetentionFloor
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.flows.retention import Retention, holding
from shouwang.model import Level
from shouwang.retention import FLOOR_DAYS, MOST_A_DAY, LegalHold, due
from shouwang.statestore.keeping import Deletion
from shouwang.statestore.store import StateStore
from tests.contract.eventstore import ZONE
from tests.contract.records import DAY_US, NOON_US, numbered, rehydrate

FIRST = date(2026, 11, 24)
SITE = '[site]\nname = "x"\n'


class Site:
    """A store with events on the days given, counted from ``FIRST``."""

    def __init__(self, folder: Path, days: list[int], keep_days: int = FLOOR_DAYS) -> None:
        self.clock = ManualClock(NOON_US)
        self.state = StateStore(folder / "state.db")
        self.events = EmbeddedStore(folder / "events.db", zone=ZONE, rehydrate=rehydrate, held=self._held)
        self.keep_days = keep_days
        for day in days:
            self.receive(day)
        self.retention = self.anew()

    def anew(self) -> Retention:
        return Retention(self.events, self.state, self.clock, zone=ZONE, keep_days=self.keep_days)

    def receive(self, day: int) -> None:
        at = NOON_US + day * DAY_US
        self.events.put(Batch([numbered(day, received_us=at)], drops={("udp", "cut"): 2}, received_us=at), {})

    def on(self, day: int) -> list[str]:
        self.clock.set(NOON_US + day * DAY_US)
        self.events.maintain(self.clock.now_us(), 5.0)
        return self.retention.step()

    def days(self) -> list[int]:
        return sorted({(row.day - FIRST).days for row in self.events.days()})

    def deletions(self) -> list[Deletion]:
        with self.state.reading() as tables:
            return tables.deletions.newest(100)

    def hold(self, name: str, first: int, last: int) -> None:
        hold = LegalHold(name, FIRST + timedelta(first), FIRST + timedelta(last), "case 7", "li", NOON_US)
        with self.state.work() as tx:
            assert tx.legal_holds.put(hold)

    def _held(self, day: date) -> str:
        with self.state.reading() as tables:
            return holding(tables.legal_holds.all(), day)

    def acts(self) -> list[tuple[str, str]]:
        _, entries = self.state.trail.list(limit=100, offset=0)
        return [(each.act, each.target) for each in reversed(entries)]

    def close(self) -> None:
        self.events.close()
        self.state.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, [0, 1, 183, 184, 185, 186])
    yield made
    made.close()


def test_a_day_goes_on_the_first_day_that_the_law_lets_it_and_leaves_its_record(site: Site) -> None:
    before = [row for row in site.events.days() if row.day == FIRST]
    assert site.on(184) == []
    assert site.days() == [0, 1, 183, 184, 185, 186]
    closed = [row for row in site.events.days() if row.day == FIRST]
    assert site.on(185) == ["store.dropped 2026-11-24"]
    assert site.days() == [1, 183, 184, 185, 186]
    (record,) = site.deletions()
    assert (record.day, record.dropped, record.done_us > 0) == (FIRST, True, True)
    sources = record.body["sources"]
    assert isinstance(sources, list)
    assert sources == [
        {
            "source": row.source,
            "received": row.received,
            "stored": row.stored,
            "dropped": dict(row.dropped),
            "bytes": row.bytes,
            "digest": row.digest,
        }
        for row in closed
    ]
    assert len(before) == 2
    assert closed[0].digest
    assert site.acts() == [("store.drop", "2026-11-24"), ("store.dropped", "2026-11-24")]


def test_what_keep_days_asks_beyond_the_law_is_kept(tmp_path: Path) -> None:
    site = Site(tmp_path, [0, 364, 365, 366], keep_days=365)
    assert site.on(365) == []
    assert site.on(366) == ["store.dropped 2026-11-24"]
    site.close()


def test_a_day_under_a_legal_hold_stays_until_it_is_released(site: Site) -> None:
    site.hold("case-7", 0, 0)
    with pytest.raises(RetentionFloor, match="case-7"):
        site.events.drop_day(FIRST, now_us=NOON_US + 300 * DAY_US)
    assert site.on(185) == []
    assert 0 in site.days()
    with site.state.work() as tx:
        tx.legal_holds.remove("case-7")
    assert site.on(186) == ["store.dropped 2026-11-24", "store.dropped 2026-11-25"]


def test_a_clock_that_leaps_ahead_takes_nothing_and_is_told(tmp_path: Path) -> None:
    site = Site(tmp_path, [0, 1, 2, 3])
    assert site.on(1000) == []
    site.receive(1000)
    assert site.anew().step() == []
    assert site.on(1001) == []
    (finding,) = site.retention.findings()
    assert finding.level is Level.DEGRADED
    assert site.days() == [0, 1, 2, 3, 1000]
    site.receive(1001)
    assert len(site.on(1001)) == MOST_A_DAY
    assert site.retention.findings() == []
    assert site.on(1001) == []
    site.close()


def test_a_crash_between_record_and_drop_is_made_good_on_the_next_day_or_start(site: Site) -> None:
    with site.state.work() as tx:
        tx.deletions.begin(FIRST, NOON_US, {"why": "keep_days = 184", "sources": [], "parts": []})
    assert site.on(185) == ["store.dropped 2026-11-24"]
    assert [(each.day, each.dropped) for each in site.deletions()] == [(FIRST, True)]
    assert 0 not in site.days()


def test_a_day_that_came_under_a_hold_after_its_record_was_begun_stays_and_the_record_says_so(site: Site) -> None:
    with site.state.work() as tx:
        tx.deletions.begin(FIRST, NOON_US, {"why": "keep_days = 184", "sources": [], "parts": []})
    site.hold("late", 0, 0)
    assert site.on(185) == ["store.drop.refused 2026-11-24"]
    (record,) = site.deletions()
    assert (record.dropped, record.done_us > 0) == (False, True)
    assert 0 in site.days()


@pytest.mark.parametrize("days", [183, 30, 0, -1])
def test_less_than_the_law_asks_is_refused_with_the_law(days: int) -> None:
    with pytest.raises(UsageError, match=r"shouwang.toml:4: store.keep_days: at least 184.*网络安全法"):
        read(f"{SITE}[store]\nkeep_days = {days}\n", "shouwang.toml")
    assert read(f"{SITE}[store]\nkeep_days = 184\n", "shouwang.toml").store.keep_days == 184


@given(
    st.sets(st.integers(0, 400)),
    st.integers(0, 800),
    st.integers(FLOOR_DAYS, 500),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400))),
)
def test_nothing_young_or_held_is_ever_due(
    days: set[int], today: int, keep_days: int, holds: list[tuple[int, int]]
) -> None:
    held = [LegalHold("h", FIRST + timedelta(a), FIRST + timedelta(b), "", "", 0) for a, b in holds]
    going = due(
        [FIRST + timedelta(day) for day in days],
        FIRST + timedelta(today),
        keep_days,
        lambda day: holding(held, day),
    )
    assert len(going) <= MOST_A_DAY
    for day in going:
        assert (FIRST + timedelta(today) - day).days > keep_days >= FLOOR_DAYS
        assert not any(hold.first <= day <= hold.last for hold in held)
