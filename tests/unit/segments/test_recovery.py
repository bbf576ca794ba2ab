"""A lost ``events.db`` is made again from the segments, and sources deliver once more what was not sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shouwang.errors import StoreError
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.eventstore.embedded.segments import footer as footers
from shouwang.eventstore.embedded.segments import layout
from shouwang.eventstore.embedded.segments.recovering import Recovered
from shouwang.query import Query
from tests.contract.eventstore import all_of
from tests.unit.segments.making import (
    EACH,
    HOUR_US,
    HOURS,
    LATER_US,
    batch_of,
    files,
    fill,
    hot,
    named,
    open_at,
    require_whole,
    run,
)

HOME = "home-1"
NEWEST = "segments/2026-11-25/61-90.parquet"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three hours of it are sealed, the first day is one file, those that it replaced are still there."""
    with open_at(tmp_path, in_process=True) as store:
        store.belong_to(HOME)
        fill(store)
        store.maintain(LATER_US, 60.0)
    return tmp_path


def lose(home: Path) -> None:
    for each in home.glob("events.db*"):
        each.unlink()


def recovered(store: EmbeddedStore) -> Recovered:
    found = store.recover(HOME)
    assert found is not None
    return found


def delivered_again(store: EmbeddedStore) -> None:
    """Sources go on from the cursors."""
    for number in range(int(store.cursors()["a"]) + 1, len(HOURS)):
        store.put(batch_of(number), {"a": b"%d" % number, f"only-{number}": b"x"})


def rewrite(home: Path, path: str, change: Callable[[footers.Footer], footers.Footer]) -> None:
    with layout.opened(home / path) as (file, footer):
        rows = file.read()
    with layout.SegmentWriter(home / path, footer.kind) as writer:
        writer.write(rows)
        writer.finish(change(footer))


def test_what_was_sealed_is_there_again_and_the_sources_go_on_from_that_seal(home: Path) -> None:
    lose(home)
    with open_at(home, in_process=True) as store:
        found = recovered(store)
        assert (found.events, found.days, found.resumes, found.aside, found.incomplete) == (3 * EACH, 2, True, {}, ())
        assert store.home_id == HOME
        assert len(all_of(store, Query(from_us=0))) == 3 * EACH
        assert store.cursors() == {"a": b"2", **{f"only-{number}": b"x" for number in range(3)}}
        assert len(store.tail("matches", None, 99).items) == 6
        assert [row.received for row in store.days()] == [2 * EACH, 4, EACH, 2]
        assert set(store.latest()) == {"file:/var/log/test.log"}
        delivered_again(store)
        require_whole(store)
        for hours in (3, 4):
            store.maintain(LATER_US + hours * HOUR_US, 60.0)
        assert files(home) == named(store)
        assert hot(store) == 0
        require_whole(store)


def test_positions_of_what_reads_on_stay_good(home: Path) -> None:
    with open_at(home) as store:
        events = store.tail("events", None, 3 * EACH - 5).next
        matches = store.tail("matches", None, 5).next
    lose(home)
    with open_at(home) as store:
        recovered(store)
        delivered_again(store)
        assert [event.id for event in store.tail("events", events, 99).items] == [
            event.id for event in [*batch_of(2).events[-5:], *batch_of(3).events]
        ]
        assert [match.event_id for match in store.tail("matches", matches, 99).items] == [
            match.event_id for match in [batch_of(2).matches[1], *batch_of(3).matches]
        ]


@pytest.mark.parametrize("damage", ["cut", "empty", "no parquet"])
def test_a_torn_newest_file_is_set_aside_and_the_seal_before_it_is_gone_on_from(home: Path, damage: str) -> None:
    whole = (home / NEWEST).read_bytes()
    (home / NEWEST).write_bytes({"cut": whole[:-100], "empty": b"", "no parquet": b"x" * 5000}[damage])
    lose(home)
    with open_at(home) as store:
        found = recovered(store)
        assert list(found.aside) == [NEWEST]
        assert found.events == 2 * EACH
        assert store.cursors()["a"] == b"1"
        assert "1 segment" in " ".join(each.what.en for each in store.health())
        delivered_again(store)
        require_whole(store)
    assert len(list((home / "segments/aside").iterdir())) == 1


def test_a_file_of_another_home_and_a_copy_under_another_name_are_set_aside(home: Path) -> None:
    copy = home / "segments/2026-11-25/1000-2000.parquet"
    copy.write_bytes((home / NEWEST).read_bytes())
    foreign = home / "segments/2026-11-25/1-2.parquet"
    foreign.write_bytes((home / NEWEST).read_bytes())
    rewrite(home, "segments/2026-11-25/1-2.parquet", lambda footer: replace(footer, home="another"))
    lose(home)
    with open_at(home) as store:
        assert {path.rpartition("/")[2]: why.en for path, why in recovered(store).aside.items()} == {
            "1000-2000.parquet": "not where it was written",
            "1-2.parquet": "of another home",
        }
        delivered_again(store)
        require_whole(store)


def test_a_segment_of_a_newer_version_is_refused_with_what_to_install_and_nothing_is_touched(home: Path) -> None:
    newer, whole = footers.SCHEMA + 1, (home / NEWEST).read_bytes()
    rewrite(home, NEWEST, lambda footer: replace(footer, schema=newer))
    before = files(home)
    lose(home)
    for _ in range(2):
        with open_at(home) as store, pytest.raises(StoreError, match=rf"schema {newer}.*Install") as refused:
            store.recover(HOME)
        assert str(newer) in refused.value.whole.zh
    assert files(home) == before
    (home / NEWEST).write_bytes(whole)
    with open_at(home) as store:
        assert recovered(store).events == 3 * EACH


def test_a_day_that_is_missing_is_told(home: Path) -> None:
    lose(home)
    (home / "segments/2026-11-24/day-1-60.parquet").unlink()
    (home / "segments/2026-11-24/1-30.parquet").unlink()
    with open_at(home) as store:
        assert recovered(store).incomplete == ("2026-11-24",)


def two_day_seal(folder: Path, *, compacted: bool) -> None:
    """Of three batches the last two are one seal, in two days; its second file is lost, and the database."""
    with open_at(folder, in_process=True) as store:
        store.belong_to(HOME)
        if not compacted:
            store._rounds._compactor._due = lambda now_us: []  # type: ignore[method-assign]  # nothing is due
        for number in range(3):
            store.put(batch_of(number), {"a": b"%d" % number})
        with store._database.writing() as db:
            db.execute("DELETE FROM mark WHERE seq = ?", (2 * EACH,))
        for hours in (0, 1):
            store.maintain(LATER_US + hours * HOUR_US, 60.0)
        assert "segments/2026-11-25/31-90.parquet" in named(store)
    lose(folder)
    (folder / "segments/2026-11-25/31-90.parquet").unlink()


def test_a_seal_that_became_two_files_is_gone_on_from_only_when_both_are_there(tmp_path: Path) -> None:
    two_day_seal(tmp_path, compacted=False)
    with open_at(tmp_path) as store:
        found = recovered(store)
        assert (found.events, store.cursors()["a"]) == (EACH, b"0")
        assert list(found.aside) == ["segments/2026-11-24/31-90.parquet"]


def test_a_compacted_day_is_not_set_aside_for_what_is_torn_after_it(tmp_path: Path) -> None:
    two_day_seal(tmp_path, compacted=True)
    with open_at(tmp_path) as store:
        found = recovered(store)
        assert (found.events, store.cursors()["a"]) == (2 * EACH, b"2")
        assert (found.aside, found.incomplete) == ({}, ("2026-11-25",))


def test_nothing_is_taken_up_where_there_is_nothing_or_the_database_is_there(home: Path, tmp_path: Path) -> None:
    with open_at(home) as store:
        assert store.recover(HOME) is None
        require_whole(store)
    (tmp_path / "new").mkdir()
    with open_at(tmp_path / "new") as store:
        assert store.recover(HOME) is None


@pytest.mark.parametrize("point", ["recover.planned", "recover.inserted"])
def test_recovery_killed_at_each_step_is_done_again(home: Path, point: str) -> None:
    lose(home)
    (home / NEWEST).write_bytes(b"torn")
    code = (
        "import sys; from pathlib import Path; from tests.unit.segments.making import open_at\n"
        f"open_at(Path(sys.argv[1])).recover({HOME!r})"
    )
    assert run(code, str(home), die_at=point).returncode == -9
    with open_at(home) as store:
        assert recovered(store).events == 2 * EACH
        delivered_again(store)
        require_whole(store)
    assert len(list((home / "segments/aside").iterdir())) == 1
