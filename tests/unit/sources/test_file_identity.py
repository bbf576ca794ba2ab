"""A content read once is known again under any name and packing, also when rotation works during the look."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.registry import PARSERS
from collectors.sources.book import CursorBook
from collectors.sources.cursor import decode
from collectors.sources.delivery import Delivery, FileSettings
from collectors.sources.openfiles import OpenFiles
from collectors.sources.recovery import Recovery
from collectors.sources.tailing import Tailing
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


def reused(kept: Kept, inode: int) -> None:
    """The file of the one cursor of which nothing was read is gone, and the file system gave its inode to another."""
    ((name, cursor),) = [
        (name, each) for name, value in kept.cursors.items() if (each := decode(value)) and not each.seen
    ]
    kept.cursors[name] = replace(cursor, inode=inode).encode()


def empty_after(log: Path, kept: Kept, lines: int) -> None:
    """So many lines were read and rotated away; then the log was seen empty."""
    append(log, numbered(0, lines))
    with following(log, kept, grace_s=0.0):
        wait_for(lambda: len(kept.lines) == lines)
        log.rename(log.with_name("app.log.1"))
        log.touch()
        wait_for(lambda: len(kept.cursors) == 2 and any(b'"done":true' in value for value in kept.cursors.values()))


def test_a_packed_file_with_the_inode_of_one_seen_empty_is_not_read_as_it_stands(log: Path) -> None:
    kept = Kept()
    empty_after(log, kept, 500)
    pack(log.with_name("app.log.1"))
    log.unlink()
    append(log, numbered(500, 503))
    reused(kept, log.with_name("app.log.1.gz").stat().st_ino)
    with following(log, kept):
        wait_for(lambda: "line 502" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 503))
    assert not kept.told("nul_skipped")


def test_a_copy_of_what_was_read_with_the_inode_of_one_seen_empty_is_not_read_again(log: Path) -> None:
    kept = Kept()
    empty_after(log, kept, 500)
    copy = log.with_name("copy")
    copy.write_bytes(log.with_name("app.log.1").read_bytes() + numbered(500, 501).encode())
    log.with_name("app.log.1").unlink()
    copy.rename(log.with_name("app.log.1"))
    log.unlink()
    append(log, numbered(501, 503))
    reused(kept, log.with_name("app.log.1").stat().st_ino)
    with following(log, kept):
        wait_for(lambda: "line 502" in kept.lines)
    assert sorted(kept.lines) == sorted(names(0, 503))


def test_what_came_between_is_read_when_the_next_file_has_the_inode_of_one_seen_empty(log: Path) -> None:
    """As after a look at a quiet file whose descriptor was closed."""
    kept = Kept()
    log.touch()
    with following(log, kept):
        wait_for(lambda: len(kept.cursors) == 1)
    append(log, numbered(0, 5))
    log.rename(log.with_name("app.log.1"))
    pack(log.with_name("app.log.1"))
    append(log, numbered(5, 6))
    reused(kept, log.stat().st_ino)
    book = CursorBook(f"file:{log}", kept.cursors)
    settings = FileSettings(str(log), parser="text")
    delivery = Delivery(book.name(0), settings, parsers=PARSERS, clock=SystemClock(), deliver=kept.put, book=book)
    tailing = Tailing(delivery, None, lambda: False, grace_s=0.0, flush_s=0.1)
    try:
        tailing.discover(str(log), named=True)
        tailing.round()
    finally:
        tailing.close()
    assert sorted(kept.lines) == names(0, 6)
