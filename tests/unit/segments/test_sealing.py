"""What was received in an hour that is over becomes a file, and nothing about it changes for who reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.segments import layout, manifest
from shouwang.eventstore.embedded.segments.sealer import Limits
from tests.contract.eventstore import messages
from tests.contract.records import DAY_US, NOON_US, event_of, id_of, match_on, numbered
from tests.unit.segments.making import (
    EACH,
    EVENTS,
    HOUR_US,
    LATER_US,
    batch_of,
    files,
    fill,
    hot,
    named,
    open_at,
    require_whole,
    tailed,
)


def test_hours_that_are_over_are_sealed_and_a_day_that_is_over_becomes_one_file(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        fill(store)
        done = store.maintain(LATER_US, 60.0)
        assert sum(line.startswith("sealed") for line in done) == 3
        assert named(store) == {"segments/2026-11-24/day-1-60.parquet", "segments/2026-11-25/61-90.parquet"}
        assert hot(store) == EACH
        require_whole(store)
        assert store.maintain(LATER_US, 60.0) == []
        assert store.health() == []


def test_the_open_hour_and_the_one_before_stay_in_the_journal(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(NOON_US + 13 * HOUR_US, 60.0)
        assert hot(store) == 2 * EACH
        store.maintain(NOON_US + 14 * HOUR_US - 1, 60.0)
        assert hot(store) == 2 * EACH
        store.maintain(NOON_US + 14 * HOUR_US, 60.0)
        assert hot(store) == EACH


def test_what_an_absence_left_is_sealed_when_the_store_is_kept_again(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
    with open_at(tmp_path, in_process=True) as store:
        store.maintain(NOON_US + 3 * DAY_US, 60.0)
        store.maintain(NOON_US + 3 * DAY_US + HOUR_US, 60.0)
        assert hot(store) == 0
        assert named(store) == {"segments/2026-11-24/day-1-60.parquet", "segments/2026-11-25/day-61-120.parquet"}
        require_whole(store)


def test_a_clock_that_was_ahead_does_not_stop_sealing(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        store.put(Batch([numbered(1, received_us=NOON_US + 300 * DAY_US)], received_us=NOON_US + 300 * DAY_US), {})
        for hour in range(4):
            at_us = NOON_US + hour * HOUR_US
            store.put(Batch([numbered(hour + 2, received_us=at_us)], received_us=at_us), {})
        store.maintain(NOON_US + 4 * HOUR_US, 60.0)
        assert hot(store) == 1


def test_replaced_files_go_when_nobody_opens_them_any_more(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        assert len(files(tmp_path)) == 4
        store.maintain(LATER_US + manifest.GRACE_US - 1, 60.0)
        assert len(files(tmp_path)) == 4
        store.maintain(LATER_US + manifest.GRACE_US, 60.0)
        assert files(tmp_path) == named(store)
        require_whole(store)


def test_a_batch_that_comes_again_after_it_was_sealed_changes_nothing(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        for at_us in (NOON_US + 3 * HOUR_US, LATER_US, LATER_US + DAY_US):
            store.maintain(at_us, 60.0)
            for number in range(3):
                assert store.put(batch_of(number), {}).stored == 0
            require_whole(store)


def test_of_a_batch_that_is_partly_sealed_the_rest_is_taken(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        new = event_of("line", b"new", id=id_of(7777, NOON_US), received_us=LATER_US)
        assert store.put(Batch([*batch_of(0).events, new], received_us=LATER_US), {}).stored == 1
        assert [event.id for event in tailed(store)][EVENTS:] == [new.id]


def test_rows_that_came_late_for_a_compacted_day_are_found_and_taken_in_when_they_are_many(tmp_path: Path) -> None:
    late = [numbered(1000 + n, received_us=NOON_US + n) for n in range(8)]
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        for n, event in enumerate(late):
            at_us = LATER_US + (n + 1) * HOUR_US
            store.put(Batch([event], received_us=at_us), {})
            store.maintain(at_us + HOUR_US, 60.0)
        store.maintain(LATER_US + 12 * HOUR_US, 60.0)
        store.maintain(LATER_US + 14 * HOUR_US, 60.0)
        assert named(store) >= {"segments/2026-11-24/day-1-128.parquet"}
        assert messages([event for event in tailed(store) if event in late or event.id in {e.id for e in late}]) == [
            f"event {1000 + n}" for n in range(8)
        ]


def test_a_stretch_that_is_too_large_for_one_seal_becomes_several(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        store._rounds._sealer._limits = Limits(rows=EACH // 2 + 1)
        fill(store)
        store.maintain(LATER_US, 60.0)
        assert hot(store) == EACH
        assert store.health() == []
        require_whole(store)


def test_a_match_that_was_found_after_sealing_is_in_the_days_file(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        event = batch_of(0).events[9]
        store.maintain(NOON_US + 3 * HOUR_US, 60.0)
        store.put(Batch([], [match_on(event, "rule-later")], received_us=LATER_US), {})
        store.maintain(LATER_US, 60.0)
        (day,) = (path for path in named(store) if "/day-" in path)
        assert layout.read_footer(tmp_path / day).matched == 5


def test_each_row_of_the_manifest_is_what_the_file_says_and_holds(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        with store._database.reading() as db:
            for segment in manifest.segments(db):
                footer = layout.read_footer(tmp_path / segment.path)
                rows = [row for batch in layout.batches(tmp_path / segment.path) for row in batch.to_pylist()]
                assert [(row["time_us"], row["id"]) for row in rows] == sorted((r["time_us"], r["id"]) for r in rows)
                assert len(rows) == segment.rows == footer.rows
                for name in ("seq", "time_us", "received_us", "id"):
                    ends = (min(row[name] for row in rows), max(row[name] for row in rows))
                    low, high = ("from_seq", "to_seq") if name == "seq" else (f"min_{name}", f"max_{name}")
                    assert ends == (getattr(segment, low), getattr(segment, high))
                assert manifest.sources(db, segment.path) == footer.sources


@pytest.mark.parametrize("job", ["store.seal", "store.compact"])
def test_sealing_that_fails_is_told_loses_nothing_and_is_tried_again(
    tmp_path: Path, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "segments"
    with open_at(tmp_path) as store:
        fill(store)
        if job == "store.seal":
            blocked.write_bytes(b"no folder")
            store.maintain(LATER_US, 60.0)
        else:
            monkeypatch.setenv("SHOUWANG_DIE_AT", "compact.begun")
            store.maintain(LATER_US, 60.0)
            monkeypatch.delenv("SHOUWANG_DIE_AT")
        (finding,) = store.health()
        assert "could not be" in finding.what.en
        assert finding.hint
        require_whole(store)
        if job == "store.seal":
            blocked.unlink()
        store.maintain(LATER_US + 2 * HOUR_US, 60.0)
        assert [each.what.en for each in store.health()] == []
        require_whole(store)
        assert any("/day-1-60" in path for path in named(store))


def test_a_day_whose_files_hold_an_event_twice_is_left_as_it_is_and_told(tmp_path: Path) -> None:
    with open_at(tmp_path) as store:
        fill(store)
        store.maintain(NOON_US + 3 * HOUR_US, 60.0)
        first, second, _ = sorted(named(store))
        with store._database.writing() as db:
            for name in ("sha256", "size_bytes", "rows"):
                db.execute(
                    f"UPDATE segment SET {name} = (SELECT {name} FROM segment WHERE path = ?1) WHERE path = ?2",
                    (first, second),
                )
        (tmp_path / second).write_bytes((tmp_path / first).read_bytes())
        store.maintain(LATER_US, 60.0)
        assert {first, second} <= named(store)
        (finding,) = (each for each in store.health() if "compacted" in each.what.en)
        assert "do not hold what their footers say" in finding.what.en


def test_a_file_that_is_gone_is_told_by_name(tmp_path: Path) -> None:
    with open_at(tmp_path, in_process=True) as store:
        fill(store)
        store.maintain(LATER_US, 60.0)
        path = min(named(store))
    (tmp_path / path).rename(tmp_path / "elsewhere")
    with open_at(tmp_path, in_process=True) as store:
        store.maintain(LATER_US, 60.0)
        assert [each.what.en for each in store.health()] == [f"1 segment missing: {path}"]
        (tmp_path / "elsewhere").rename(tmp_path / path)
        store.maintain(LATER_US, 60.0)
        assert store.health() == []
        require_whole(store)
