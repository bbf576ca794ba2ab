"""The journal is followed through reboots, rotation and vacuuming, and its absence is no green light."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from collectors.sources.journald import JournalSettings, JournalSource
from shouwang.clock import SystemClock
from shouwang.model import Level
from tests.integration.sources.journal import (
    Journald,
    needs_journalctl,
    needs_journald,
    needs_remote,
    write_journal,
)
from tests.peers import IS_ROOT, needs
from tests.unit.sources.following import Kept, Running, flags, wait_for


def reading(folder: Path, kept: Kept, journalctl: str = "journalctl") -> Running:
    return Running(JournalSource(JournalSettings(str(folder), journalctl=journalctl), SystemClock()), kept)


def messages(kept: Kept) -> list[str]:
    return [str(event.get("message")) for event in kept.records]


def level(running: Running) -> Level:
    return running.source.status().level


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


@needs_journalctl
@needs_remote
def test_entries_of_every_boot_are_read_once_over_restarts(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["m0", "m1"], boot="b")
    with reading(folder, kept) as running:
        wait_for(lambda: len(kept.records) == 2)
        wait_for(lambda: level(running) is Level.OK)
    write_journal(folder / "b.journal", ["m2", "m3"], boot="c", ago_s=60)
    with reading(folder, kept):
        wait_for(lambda: len(kept.records) == 4)
    assert messages(kept) == ["m0", "m1", "m2", "m3"]
    assert not kept.told("journal_gap")


@needs_journalctl
@needs_remote
def test_a_cursor_whose_entry_was_vacuumed_resumes_at_the_oldest_entry_and_tells_the_gap(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["m0", "m1"])
    with reading(folder, kept):
        wait_for(lambda: len(kept.records) == 2)
    (folder / "a.journal").unlink()
    write_journal(folder / "b.journal", ["m5", "m6"], boot="c", ago_s=60)
    with reading(folder, kept):
        wait_for(lambda: len(kept.records) == 4)
    assert messages(kept) == ["m0", "m1", "m5", "m6"]
    (gap,) = kept.told("journal_gap")
    assert "vacuumed" in str(gap.get("event.reason"))
    assert str(gap.get("event.start")) < str(gap.get("event.end"))


@needs_journalctl
@needs_remote
def test_a_cursor_that_journalctl_does_not_know_resumes_at_the_oldest_and_tells_the_gap(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["m0", "m1"])
    kept.cursors[f"journald:{folder}"] = b"no cursor"
    with reading(folder, kept):
        wait_for(lambda: len(kept.records) == 2)
    assert len(kept.told("journal_gap")) == 1
    with reading(folder, kept):
        write_journal(folder / "b.journal", ["m2"], boot="c", ago_s=60)
        wait_for(lambda: len(kept.records) == 3)
    assert messages(kept) == ["m0", "m1", "m2"]


@needs_journalctl
@needs_remote
def test_message_of_several_kibibytes_is_whole_and_a_huge_one_is_cut_and_flagged(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["x" * 20_000, "y" * 600_000, "last"])
    with reading(folder, kept):
        wait_for(lambda: len(kept.records) == 3)
    assert len(messages(kept)[0]) == 20_000
    assert flags(kept.records[1]) == ["truncated"]
    assert len(kept.records[1].raw) <= 256 * 1024
    assert messages(kept)[1].startswith("y" * 100_000)
    assert kept.records[1].get("process.name") == "test"
    assert messages(kept)[2] == "last"


@needs_journalctl
@needs_remote
@needs("root", IS_ROOT, "to become somebody else")
def test_a_journal_that_may_not_be_read_is_broken_and_says_what_to_do(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["m0"])
    (folder / "a.journal").chmod(0o600)
    for parent in [folder, *folder.parents[:3]]:
        parent.chmod(0o755)
    os.seteuid(65534)
    try:
        with reading(folder, kept) as running:
            wait_for(lambda: "systemd-journal" in str(running.source.status().detail))
            assert level(running) is Level.BROKEN
    finally:
        os.seteuid(0)
    assert kept.events == []


@needs_journalctl
@needs_remote
def test_a_damaged_journal_is_not_green(folder: Path) -> None:
    kept = Kept()
    write_journal(folder / "a.journal", ["m0"])
    with (folder / "a.journal").open("r+b") as file:
        file.write(os.urandom(65536))
    with reading(folder, kept) as running:
        wait_for(lambda: "corrupted" in str(running.source.status().detail))
        assert level(running) is Level.BROKEN


@needs_journalctl
def test_an_empty_journal_is_not_green(folder: Path) -> None:
    with reading(folder, Kept()) as running:
        wait_for(lambda: "no entry yet" in str(running.source.status().detail))
        assert level(running) is not Level.OK


@pytest.mark.parametrize("journalctl", ["/no/journalctl", "/bin/false"])
def test_no_journalctl_is_broken_and_keeps_the_processor_idle(folder: Path, journalctl: str) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with reading(folder, Kept(), journalctl) as running:
        wait_for(lambda: level(running) is Level.BROKEN)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 0.5


@needs_journalctl
@needs_journald
def test_every_message_once_while_journald_rotates_and_vacuums(folder: Path) -> None:
    kept = Kept()
    loop = """for i in $(seq {0} {1}); do logger -t d04 "n=$i"
    [ $((i % 50)) = 0 ] && {{ journalctl --rotate; journalctl --vacuum-files=1; }} >/dev/null 2>&1; done"""

    def numbers() -> list[int]:
        return [int(each[2:]) for each in messages(kept) if each.startswith("n=")]

    with Journald(folder) as journal:
        with reading(folder, kept):
            journal.do(loop.format(1, 400))
            wait_for(lambda: 400 in numbers())
        journal.do(loop.format(401, 440) + "; journalctl --rotate; journalctl --vacuum-time=1s; sleep 1.1")
        journal.do("journalctl --rotate; journalctl --vacuum-time=1s; " + loop.format(441, 445))
        with reading(folder, kept):
            wait_for(lambda: 445 in numbers())
    found = numbers()
    assert found == sorted(set(found)), "one is missing its turn or came twice"
    assert set(range(1, 401)) <= set(found)
    assert set(range(441, 446)) <= set(found)
    assert len(kept.told("journal_gap")) == 1
    event = next(each for each in kept.records if each.get("message") == "n=400")
    assert event.get("process.name") == "d04"
