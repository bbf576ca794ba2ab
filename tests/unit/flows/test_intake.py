"""What is handed to the intake is stored once, with what its source says of where it stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path

import pytest

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from collectors.sources.base import Chunk
from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.assets import AssetRegister
from shouwang.clock import ManualClock
from shouwang.eventstore.base import Batch, PutResult, StoreAway
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows import intake
from shouwang.flows.intake import Intake, IntakeClosed
from shouwang.model import DEAD_DATASET, Asset, Event, Importance, Level, Match
from shouwang.query import Query

NOW_US = 1_795_482_000_000_000
SOURCE = "file:/var/log/auth.log"


class FlakyStore(EmbeddedStore):
    """Away for its first ``refusals`` puts."""

    refusals = 0

    def put(self, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        if self.refusals:
            self.refusals -= 1
            raise StoreAway("the disk is full")
        return super().put(batch, cursors)


class Poisonable(Engine):
    """Breaks as a whole on an event that says so."""

    def match(self, events: Sequence[Event]) -> list[Match]:
        if any(b"poison" in event.raw for event in events):
            raise RecursionError("deep")
        return super().match(events)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FlakyStore]:
    store = FlakyStore(tmp_path / "events.db", zone=UTC, rehydrate=rehydrate)
    yield store
    store.close()


def made(store: FlakyStore, assets: AssetRegister | None = None) -> Intake:
    return Intake(store, Poisonable(RuleSet(), ()), ManualClock(NOW_US), assets=assets or AssetRegister())


def chunk(first: int, last: int, text: str = "") -> Chunk:
    origin = Origin(SOURCE, NOW_US, NOW_US, UTC, live=True)
    events = [
        PARSERS["syslog"](f"Nov 24 01:00:00 gate-01 app[1]: {text} n={n}".encode(), origin)
        for n in range(first, last + 1)
    ]
    return Chunk(events, {SOURCE: b"%d" % last})


def stored(store: FlakyStore) -> list[Event]:
    return list(store.read(Query(), newest_first=False, after=None, limit=100_000).items)


def test_everything_handed_over_is_stored_when_the_intake_ends(store: FlakyStore) -> None:
    with made(store) as going:
        for first in range(1, 5000, 70):
            going.deliver(chunk(first, first + 69))
    assert len(stored(store)) == 72 * 70 == going.received == going.put_events
    assert store.cursors()[SOURCE] == b"5040"
    assert len({event.id for event in stored(store)}) == 72 * 70


def test_a_store_that_was_away_gets_the_same_batch_and_nothing_is_lost(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FIRST_PAUSE_S", 0.01)
    store.refusals = 3
    with made(store) as going:
        going.deliver(chunk(1, 10))
        assert going.settle(10)
        assert going.findings() == []
    assert len(stored(store)) == 10


def test_while_the_store_is_away_that_is_a_finding_and_sources_are_held_back(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(intake, "LONGEST_PAUSE_S", 0.01)
    monkeypatch.setattr(intake, "HELD_EVENTS", 100)
    store.refusals = 1_000_000
    with made(store) as going:
        delivered = threading.Semaphore(0)

        def source() -> None:
            for first in range(1, 1001, 50):
                going.deliver(chunk(first, first + 49))
                delivered.release()

        thread = threading.Thread(target=source, daemon=True)
        thread.start()
        assert delivered.acquire(timeout=10)
        deadline = threading.Event()
        while not going.findings():
            deadline.wait(0.01)
        assert going.findings()[0].level is Level.BROKEN
        store.refusals = 0
        thread.join(10)
        assert not thread.is_alive()
    assert len(stored(store)) == 1000


def test_closing_while_the_store_is_away_leaves_later_cursors_alone(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the batch that was given up would be behind a cursor that says it was stored."""
    monkeypatch.setattr(intake, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(intake, "DRAIN_S", 0.05)
    store.refusals = 1_000_000
    with made(store) as going:
        for first in range(1, 3001, 1000):
            going.deliver(chunk(first, first + 999))
        pause = threading.Event()
        while not going.findings():
            pause.wait(0.01)
    assert stored(store) == []
    assert store.cursors() == {}


def test_a_store_that_comes_back_while_closing_still_gets_everything(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(intake, "LONGEST_PAUSE_S", 60.0)
    store.refusals = 10
    with made(store) as going:
        going.deliver(chunk(1, 10))
    assert len(stored(store)) == 10


def test_a_source_that_is_held_back_is_let_go_when_the_intake_closes(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "HELD_EVENTS", 10)
    monkeypatch.setattr(intake, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(intake, "DRAIN_S", 0.01)
    store.refusals = 1_000_000
    let_go = threading.Event()
    going = made(store)

    def source() -> None:
        try:
            while True:
                going.deliver(chunk(1, 10))
        except IntakeClosed:
            let_go.set()

    with going:
        threading.Thread(target=source, daemon=True).start()
        pause = threading.Event()
        while not going.findings():
            pause.wait(0.01)
    assert let_go.wait(5)
    with pytest.raises(IntakeClosed):
        going.deliver(chunk(1, 1))


def test_an_event_that_breaks_the_store_is_a_dead_letter_and_its_neighbours_live(
    store: FlakyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = EmbeddedStore.put

    def put(self: EmbeddedStore, batch: Batch, cursors: Mapping[str, bytes]) -> PutResult:
        if any("poison" in event.context for event in batch.events):
            raise TypeError("cannot be written")
        return whole(self, batch, cursors)

    monkeypatch.setattr(EmbeddedStore, "put", put)
    handed = chunk(1, 3)
    handed.events[1].context = {"poison": "x"}
    with made(store) as going:
        going.deliver(Chunk(handed.events, handed.cursors, {(SOURCE, "lost"): 2}))
    assert len(stored(store)) == 3
    assert store.cursors() == {SOURCE: b"3"}
    (day,) = store.days()
    assert (day.received, day.stored, dict(day.dropped)) == (5, 2, {"store_fault": 1, "lost": 2})
    assert going.dropped == {(SOURCE, "store_fault"): 1, (SOURCE, "lost"): 2}
    assert going.findings() == []


def test_an_event_that_breaks_the_engine_is_a_dead_letter_and_its_neighbours_live(store: FlakyStore) -> None:
    with made(store) as going:
        going.deliver(chunk(1, 3))
        going.deliver(chunk(4, 4, "poison"))
        going.deliver(chunk(5, 6))
    kinds = [event.shape.dataset == DEAD_DATASET for event in stored(store)]
    assert sorted(kinds) == [False] * 5 + [True]
    (day,) = store.days()
    assert (day.received, day.stored, dict(day.dropped)) == (6, 5, {"engine_fault": 1})
    assert going.dropped == {(SOURCE, "engine_fault"): 1}


def test_drops_are_booked_without_an_event(store: FlakyStore) -> None:
    with made(store) as going:
        going.deliver(Chunk([], {}, {("syslog:udp", "kernel_buffer"): 7}))
    (day,) = store.days()
    assert (day.source, day.received, day.stored, dict(day.dropped)) == ("syslog:udp", 7, 0, {"kernel_buffer": 7})


def test_an_event_knows_its_asset(store: FlakyStore) -> None:
    register = AssetRegister([Asset("gate", "gate", Importance.IMPORTANT, hosts=("Gate-01",))])
    with made(store, register) as going:
        going.deliver(chunk(1, 1))
    assert [event.asset_id for event in stored(store)] == ["gate"]


def test_lines_that_came_together_stay_in_order(store: FlakyStore) -> None:
    with made(store) as going:
        going.deliver(chunk(1, 300))
    numbers = [int(event.raw.rpartition(b"n=")[2]) for event in stored(store)]
    assert numbers == list(range(1, 301))
