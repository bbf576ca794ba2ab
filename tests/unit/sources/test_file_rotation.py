"""Each line once, whatever rotation does, running or stopped."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from collectors.sources.base import Chunk
from tests.unit.sources.following import Kept, append, flags, following, names, numbered, wait_for


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def pack(path: Path) -> None:
    """As gzip does: a new inode, the old file's times."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    shutil.copystat(path, packed)
    path.unlink()


def test_renamed_file_is_read_to_its_end_through_the_old_descriptor(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 5)
        with log.open("ab") as writer:
            log.rename(log.with_name("app.log.1"))
            append(log, numbered(100, 103))
            writer.write(numbered(5, 8).encode())
            writer.flush()
            wait_for(lambda: len(kept.lines) == 11)
            writer.write(numbered(8, 9).encode())
            writer.flush()
            wait_for(lambda: len(kept.lines) == 12)
        append(log, numbered(103, 104))
        wait_for(lambda: len(kept.lines) == 13)
    assert sorted(kept.lines) == sorted(names(0, 9) + names(100, 104))


def test_removed_file_that_is_still_written_is_read_on(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 2))
    with following(log, kept), log.open("ab") as writer:
        wait_for(lambda: len(kept.lines) == 2)
        log.unlink()
        writer.write(b"line 2\n")
        writer.flush()
        wait_for(lambda: len(kept.lines) == 3)
    assert kept.lines == names(0, 3)


def test_two_rotations_between_two_looks_leave_nothing_out(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept, poll_s=0.5) as running:
        wait_for(lambda: len(kept.lines) == 5)
        append(log, numbered(5, 6))
        log.rename(log.with_name("app.log.1"))
        append(log, numbered(6, 9))
        log.with_name("app.log.1").rename(log.with_name("app.log.2"))
        log.rename(log.with_name("app.log.1"))
        append(log, numbered(9, 11))
        wait_for(lambda: len(kept.lines) >= 11)
        assert running.failure is None
    assert sorted(kept.lines) == sorted(names(0, 11))


@pytest.mark.parametrize("packing", ["gz", "zst", "plain"])
def test_two_rotations_while_stopped_are_read_once(log: Path, packing: str) -> None:
    kept = Kept()
    append(log, numbered(0, 500))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 500)
    append(log, numbered(500, 700))
    older, newer = log.with_name("app.log.2"), log.with_name("app.log.1")
    log.rename(older)
    append(newer, numbered(700, 800))
    append(log, numbered(800, 810))
    if packing == "gz":
        pack(older)
    elif packing == "zst":
        packed = older.with_name(older.name + ".zst")
        packed.write_bytes(zstandard.compress(older.read_bytes()))
        shutil.copystat(older, packed)
        older.unlink()
    with following(log, kept):
        wait_for(lambda: len(kept.lines) >= 810)
    assert sorted(kept.lines) == sorted(names(0, 810))
    with following(log, kept):
        append(log, numbered(810, 811))
        wait_for(lambda: "line 810" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 811))
    assert not kept.told("file_gap")


def test_dated_rotation_while_stopped_is_found(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 3)
    append(log, numbered(3, 5))
    log.rename(log.with_name("app-20261123.log"))
    append(log.with_name("app-20261124.log"), numbered(5, 7))
    append(log, numbered(7, 8))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) >= 8)
    assert sorted(kept.lines) == sorted(names(0, 8))


def test_copytruncate_reads_what_the_copy_has_beyond_and_repeats_nothing(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept, poll_s=0.3):
        wait_for(lambda: len(kept.lines) == 5)
        append(log, numbered(5, 8))
        shutil.copy(log, log.with_name("app.log.1"))
        os.truncate(log, 0)
        append(log, numbered(8, 9))
        wait_for(lambda: "line 8" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 9))
    assert len(kept.told("file_truncated")) == 1


def test_copytruncate_under_a_pattern_that_matches_the_copy_too(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log.with_name("app*"), kept):
        wait_for(lambda: len(kept.lines) == 5)
        shutil.copy(log, log.with_name("app.log.1"))
        append(log.with_name("other-app"), numbered(50, 51))
        append(log.with_name("app2"), numbered(50, 51))
        wait_for(lambda: "line 50" in kept.lines)
        os.truncate(log, 0)
        append(log, numbered(5, 6))
        wait_for(lambda: "line 5" in kept.lines)
        append(log.with_name("app3"), numbered(51, 52))
        wait_for(lambda: "line 51" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 6) + names(50, 52))


def test_rename_into_the_pattern_is_not_read_again(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    pattern = log.with_name("app*")
    with following(pattern, kept, grace_s=0.05):
        wait_for(lambda: len(kept.lines) == 5)
        log.rename(log.with_name("app.log-20261124"))
        append(log, numbered(5, 6))
        wait_for(lambda: "line 5" in kept.lines)
        append(log.with_name("app2"), numbered(6, 7))
        wait_for(lambda: any(b'"done":true' in value for value in kept.cursors.values()))
        append(log.with_name("app.log-20261124"), numbered(7, 8))
        wait_for(lambda: "line 7" in kept.lines)
    with following(pattern, kept):
        append(log, numbered(8, 9))
        wait_for(lambda: "line 8" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 9))


def test_truncated_and_rewritten_longer_is_seen(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept, poll_s=0.2):
        wait_for(lambda: len(kept.lines) == 5)
        log.write_text(numbered(1000, 1050))
        wait_for(lambda: len(kept.lines) == 55)
    assert sorted(kept.lines) == sorted(names(0, 5) + names(1000, 1050))


def test_truncated_while_stopped_starts_anew_once(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 5)
    log.write_text(numbered(10, 12))
    for _ in range(3):
        with following(log, kept):
            wait_for(lambda: "line 11" in kept.lines)
    with following(log, kept):
        append(log, numbered(12, 13))
        wait_for(lambda: "line 12" in kept.lines)
    assert kept.lines == names(0, 5) + names(10, 13)
    assert len(kept.told("file_gap")) == 1


@pytest.mark.parametrize("stopped", [False, True])
def test_new_file_with_the_inode_of_a_removed_one_is_read_from_its_start(log: Path, stopped: bool) -> None:
    kept = Kept()
    append(log, numbered(0, 5))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 5)
        if not stopped:
            log.unlink()
            append(log, numbered(10, 20))
            wait_for(lambda: len(kept.lines) == 15)
    if stopped:
        log.unlink()
        append(log, numbered(10, 20))
        with following(log, kept):
            wait_for(lambda: len(kept.lines) == 15)
    assert kept.lines == names(0, 5) + names(10, 20)


def test_files_whose_first_kibibyte_is_equal_are_two(tmp_path: Path) -> None:
    kept = Kept()
    header = "#" + "h" * 1500 + "\n"
    append(tmp_path / "a.log", header + numbered(0, 3))
    append(tmp_path / "b.log", header + numbered(10, 13))
    with following(tmp_path / "*.log", kept):
        wait_for(lambda: len(kept.lines) == 8)
    (tmp_path / "a.log").write_text(header + numbered(20, 30))
    with following(tmp_path / "*.log", kept):
        wait_for(lambda: "line 29" in kept.lines)
    assert [line for line in kept.lines if line[0] != "#"] == names(0, 3) + names(10, 13) + names(20, 30)


def test_empty_and_tiny_files_are_read(tmp_path: Path) -> None:
    kept = Kept()
    for name, text in (("a", ""), ("b", "x"), ("c", "\n"), ("d", "y\n"), ("e", "z" * 49 + "\n"), ("f", "y\n")):
        append(tmp_path / f"{name}.log", text)
    with following(tmp_path / "*.log", kept):
        wait_for(lambda: len(kept.lines) == 3)
        append(tmp_path / "a.log", "late\n")
        append(tmp_path / "b.log", "\n")
        wait_for(lambda: len(kept.lines) == 5)
    assert sorted(kept.lines) == ["late", "x", "y", "y", "z" * 49]


def test_a_line_cut_by_rotation_is_completed_from_the_old_file_and_never_joined_to_the_new(log: Path) -> None:
    kept = Kept()
    append(log, "one\ntwo-head")
    with following(log, kept, grace_s=0.4):
        wait_for(lambda: kept.lines == ["one"])
        old = log.rename(log.with_name("app.log.1"))
        append(log, "-two-tail\nthree\n")
        wait_for(lambda: "three" in kept.lines)
        append(old, "-late\nfour-in-old\nend")
        wait_for(lambda: "end" in kept.lines)
    assert sorted(kept.lines) == sorted(["one", "two-head-late", "four-in-old", "end", "-two-tail", "three"])
    marked = {event.raw for event in kept.records if "fragment" in flags(event)}
    assert marked == {b"-two-tail", b"end"}


def test_partial_line_survives_a_restart(log: Path) -> None:
    kept = Kept()
    append(log, "one\nab")
    with following(log, kept):
        wait_for(lambda: kept.lines == ["one"])
    append(log, "c")
    with following(log, kept):
        append(log, "def\n")
        wait_for(lambda: len(kept.lines) == 2)
    assert kept.lines == ["one", "abcdef"]


@pytest.mark.parametrize("packing", ["gz", "plain"])
def test_a_file_rotated_away_before_anything_of_it_was_delivered_is_found(log: Path, packing: str) -> None:
    kept = Kept()
    log.touch()
    with following(log, kept):
        wait_for(lambda: len(kept.cursors) == 1)
    append(log, numbered(0, 3))
    log.rename(log.with_name("app.log.1"))
    if packing == "gz":
        pack(log.with_name("app.log.1"))
    append(log, numbered(3, 5))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 5)
    assert sorted(kept.lines) == names(0, 5)
    assert not kept.told("file_gap")


class Killed(Exception):
    pass


def replayed(log: Path, kept: Kept, deliveries: int, last: str) -> bool:
    """Run over what is there; killed after so many chunks. Whether it came to the last line."""
    left = deliveries

    def deliver(chunk: Chunk) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        kept.put(chunk)
        if kept.lines and kept.lines[-1] == last:
            running.stop.set()

    running = following(log, kept, grace_s=0.0)
    try:
        running.source.run(deliver, dict(kept.cursors), running.stop)
    except Killed:
        return False
    return True


def test_killed_after_any_chunk_and_rotated_again_every_line_comes_once(tmp_path: Path) -> None:
    """Every point at which a catch-up over two rotations, one of them packed, can be cut; then a third rotation."""
    for deliveries in range(1, 100):
        log = tmp_path / str(deliveries) / "app.log"
        log.parent.mkdir()
        kept = Kept()
        append(log, numbered(0, 2_000))
        with following(log, kept):
            wait_for(lambda kept=kept: len(kept.lines) >= 2_000)  # type: ignore[misc]  # mypy cannot infer the default
        append(log, numbered(2_000, 33_000))
        log.rename(log.with_name("app.log.2"))
        pack(log.with_name("app.log.2"))
        append(log.with_name("app.log.1"), numbered(33_000, 36_000))
        append(log, numbered(36_000, 39_000))
        ended = replayed(log, kept, deliveries, "line 38999")
        log.with_name("app.log.2.gz").rename(log.with_name("app.log.3.gz"))
        log.with_name("app.log.1").rename(log.with_name("app.log.2"))
        log.rename(log.with_name("app.log.1"))
        append(log, numbered(39_000, 39_010) + "end\n")
        assert replayed(log, kept, -1, "end")
        assert sorted(kept.lines) == sorted([*names(0, 39_010), "end"]), deliveries
        if deliveries > 15 or ended:
            break
    assert deliveries > 10


def test_former_file_that_is_lost_is_told_as_a_gap(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 3)
    log.unlink()
    append(log, "something else\n")
    with following(log, kept):
        wait_for(lambda: "something else" in kept.lines)
    assert len(kept.told("file_gap")) == 1


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("zst", zstandard.compress)])
def test_a_packed_former_file_cut_in_the_middle_gives_what_it_has_and_says_so(
    log: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    kept = Kept()
    append(log, numbered(0, 5000))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 5000)
    append(log, numbered(5000, 20000))
    packed = log.with_name(f"app.log.1.{suffix}")
    packed.write_bytes(pack(log.read_bytes())[:-2000])
    log.unlink()
    append(log, numbered(20000, 20001))
    with following(log, kept):
        wait_for(lambda: "line 20000" in kept.lines)
    assert kept.lines[5000] == "line 5000"
    whole = [event.raw for event in kept.records if "fragment" not in flags(event)]
    assert len(set(whole)) == len(whole) >= len(kept.lines) - 1
    assert len(kept.told("file_damaged")) == 1


def test_a_damaged_cursor_is_told_and_the_file_read_again(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 3)
    kept.cursors = {name: value[:-5] for name, value in kept.cursors.items()}
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 6)
    assert len(kept.told("cursor_damaged")) == 1
    with following(log, kept):
        append(log, numbered(3, 4))
        wait_for(lambda: len(kept.lines) == 7)
    assert kept.lines == names(0, 3) * 2 + names(3, 4)
