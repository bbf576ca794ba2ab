"""A content read once is known again under any name and packing, also when rotation works during the look."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from collectors.registry import PARSERS
from collectors.sources.book import CursorBook
from collectors.sources.delivery import Delivery, FileSettings
from collectors.sources.openfiles import OpenFiles
from collectors.sources.recovery import Recovery
from shouwang.clock import SystemClock
from tests.unit.sources.following import Kept, append, following, names, numbered, wait_for
from tests.unit.sources.test_file_rotation import pack


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def test_a_former_file_and_its_packed_form_being_written_are_one_content(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 3)
    log.rename(log.with_name("app.log.3"))
    second = log.with_name("app.log.2")
    append(second, numbered(3, 5_000))
    whole = gzip.compress(second.read_bytes())
    second.with_name("app.log.2.gz").write_bytes(whole[: len(whole) // 2])
    append(log, numbered(5_000, 5_001))
    with following(log, kept):
        wait_for(lambda: "line 5000" in kept.lines)
    second.with_name("app.log.2.gz").write_bytes(whole)
    second.unlink()
    append(log, numbered(5_001, 5_002))
    with following(log, kept):
        wait_for(lambda: "line 5001" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 5_002))
    assert not kept.told("file_damaged")


def test_a_file_read_before_it_was_packed_is_known_by_its_content(log: Path) -> None:
    """The next file was seen empty, and is packed too: only times say which files came after it, and they are equal."""
    kept = Kept()
    append(log, numbered(0, 890))
    with following(log, kept, grace_s=0.0):
        wait_for(lambda: len(kept.lines) == 890)
        log.rename(log.with_name("app.log.2"))
        log.touch()
        wait_for(lambda: len(kept.cursors) == 2 and any(b'"done":true' in value for value in kept.cursors.values()))
    os.utime(log.with_name("app.log.2"), ns=(log.stat().st_mtime_ns, log.stat().st_mtime_ns))
    pack(log.with_name("app.log.2"))
    append(log, numbered(890, 900))
    log.rename(log.with_name("app.log.1"))
    pack(log.with_name("app.log.1"))
    append(log, numbered(900, 901))
    with following(log, kept):
        wait_for(lambda: "line 900" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 901))


def test_a_former_file_that_was_never_seen_before_is_read_on_while_it_is_still_written(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 3)
    log.rename(log.with_name("app.log.2"))
    append(log.with_name("app.log.1"), numbered(3, 5))
    append(log, numbered(10, 11))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 6)
    append(log.with_name("app.log.1"), numbered(5, 7))
    pack(log.with_name("app.log.1"))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 8)
    assert sorted(kept.lines) == sorted(names(0, 7) + names(10, 11))


def test_a_file_rotated_between_its_opening_and_the_look_at_former_files_is_not_begun_twice(log: Path) -> None:
    kept = Kept()
    append(log, numbered(0, 3))
    with following(log, kept, grace_s=0.0):
        wait_for(lambda: len(kept.lines) == 3)
    log.rename(log.with_name("app.log.1"))
    settings = FileSettings(str(log), parser="text")
    book = CursorBook(f"file:{log}", kept.cursors)
    delivery = Delivery(book.name(0), settings, parsers=PARSERS, clock=SystemClock(), deliver=kept.put, book=book)
    append(log, numbered(3, 6))
    opened = log.stat()
    log.with_name("app.log.1").rename(log.with_name("app.log.2"))
    log.rename(log.with_name("app.log.1"))
    recovery = Recovery(delivery, OpenFiles(), None, stopping=lambda: False, drain=lambda _file: None)
    assert recovery.begin(str(log), opened) is None
    assert kept.lines == names(0, 3)
    append(log, numbered(6, 7))
    with following(log, kept):
        wait_for(lambda: len(kept.lines) == 7)
    assert sorted(kept.lines) == names(0, 7)
