"""What every event store must keep of keeping: sealed, verified, exported, held."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
import zstandard

from shouwang.eventstore.archived import stored_of
from shouwang.eventstore.base import Batch, EventStore, Exported
from shouwang.model import Value
from shouwang.query import Query
from tests.contract.eventstore import StoreFixtures, all_of, messages, put
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, match_on, numbered

FIRST = date(2026, 11, 24)
SECOND = date(2026, 11, 25)


def nothing_told(_said: Mapping[str, Value]) -> None:
    pass


def exported(store: EventStore, day: date, file: Path, form: str = "jsonl") -> Exported:
    with file.open("w+b") as opened:
        return store.export(day, form, opened.fileno(), nothing_told)


def filled(store: EventStore) -> None:
    """Two days, several sources, dead letters, odd bytes, drops."""
    events = [numbered(n) for n in range(20)]
    events.append(
        event_of("line", b"\xff\x00 no text", id=id_of(30), source="file:/x", context={"n": 2**70, "t": "登录"})
    )
    events.append(event_of("dead", b"bad-time", id=id_of(31), source="file:/x"))
    later = [numbered(n, received_us=NOON_US + DAY_US) for n in range(40, 45)]
    store.put(Batch(events, [match_on(events[0])], {("udp", "cut"): 3}, NOON_US), {"a": b"1"})
    put(store, *later)
    store.maintain(NOON_US + 2 * DAY_US, 5.0)


class KeepingContract(StoreFixtures):
    def test_what_is_sealed_is_there_once_and_as_it_was(self, store: EventStore) -> None:
        filled(store)
        before, ledger = all_of(store, Query(), limit=100), store.days()
        for _ in range(2):
            store.seal(NOON_US + 2 * DAY_US)
            assert [(e.id, e.raw) for e in all_of(store, Query(), limit=100)] == [(e.id, e.raw) for e in before]
            assert store.days() == ledger
        put(store, numbered(50, received_us=NOON_US + 2 * DAY_US))
        assert len(all_of(store, Query(), limit=100)) == len(before) + 1

    @pytest.mark.parametrize("sealed", [False, True])
    def test_a_sound_store_verifies(self, store: EventStore, sealed: bool) -> None:
        filled(store)
        if sealed:
            store.seal(NOON_US + 2 * DAY_US)
        found = store.verify([], nothing_told)
        assert (found.days, found.events, list(found.faults)) == (2, 27, [])
        assert found.bytes == sum(row.bytes for row in store.days())
        assert store.verify([SECOND], nothing_told).events == 5
        assert store.health() == []

    @pytest.mark.parametrize("sealed", [False, True])
    @pytest.mark.parametrize("form", ["jsonl", "parquet"])
    def test_a_days_export_adds_up_to_its_ledger(
        self, store: EventStore, tmp_path: Path, form: str, sealed: bool
    ) -> None:
        filled(store)
        if sealed:
            store.seal(NOON_US + 2 * DAY_US)
        file = tmp_path / "day"
        file.write_bytes(b"what was there before" * 1000)
        with file.open("r+b") as opened:
            said = store.export(FIRST, form, opened.fileno(), nothing_told)
        ledger = {row.source: row for row in store.days() if row.day == FIRST and row.bytes}
        assert {name: (each["bytes"], each["digest"]) for name, each in said.sources.items()} == {
            name: (row.bytes, row.digest) for name, row in ledger.items()
        }
        assert (said.events, said.size) == (22, file.stat().st_size)
        assert said.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()

    def test_an_exported_line_is_the_event_to_the_byte(self, store: EventStore, tmp_path: Path) -> None:
        filled(store)
        exported(store, FIRST, tmp_path / "day")
        with (tmp_path / "day").open("rb") as file:
            lines = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read().splitlines()
        found = {each.id: each for each in map(stored_of, lines)}
        for event in all_of(store, Query(), limit=100):
            if event.received_us == NOON_US:
                stored = found.pop(event.id)
                assert (stored.raw, stored.time_us, stored.received_us) == (event.raw, event.time_us, NOON_US)
                assert (stored.source, stored.context) == (event.source, event.context)
        assert found == {}

    def test_what_a_day_is_kept_in_and_what_the_store_takes_can_be_told(self, store: EventStore) -> None:
        filled(store)
        assert sum(part.events for part in store.parts(FIRST)) == 22
        store.seal(NOON_US + 2 * DAY_US)
        assert sum(part.events for part in store.parts(FIRST)) == 22
        facts = store.facts(NOON_US + 2 * DAY_US)
        assert facts.bytes > 0
        assert facts.free_bytes > 0
        assert not facts.paused

    def test_a_sealed_day_that_goes_leaves_nothing_and_the_others_stay(self, store: EventStore) -> None:
        filled(store)
        store.seal(NOON_US + 2 * DAY_US)
        gone = store.drop_day(FIRST, now_us=NOON_US + 185 * DAY_US)
        assert {row.source: row.bytes > 0 for row in gone} == {
            "file:/var/log/test.log": True,
            "file:/x": True,
            "udp": False,
        }
        assert store.parts(FIRST) == []
        assert messages(all_of(store, Query(), limit=100)) == [f"event {n}" for n in range(40, 45)]
        assert list(store.verify([], nothing_told).faults) == []
        assert {row.day for row in store.days()} == {SECOND}
