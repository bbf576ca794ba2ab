"""What is watched without any set-up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shouwang.defaultfiles import default_files, has_journal, journal_lack


def test_existing_regular_files_are_watched_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "nginx").mkdir()
    (tmp_path / "apache2").mkdir()
    for name in ("syslog", "auth.log", "other.log", "nginx/access.log", "nginx/error.log"):
        (tmp_path / name).write_text("x\n")
    os.mkfifo(tmp_path / "messages")
    (tmp_path / "secure").symlink_to(tmp_path / "nowhere")
    (tmp_path / "apache2" / "dir.log").mkdir()
    found = [path.removeprefix(f"{tmp_path}/") for path in default_files(tmp_path, with_journal=False)]
    assert found == ["syslog", "auth.log", "nginx/*.log"]


def test_a_journal_counts_when_its_files_can_be_read_and_there_is_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "journalctl"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    journal = tmp_path / "journal" / "0123" / "system.journal"
    journal.parent.mkdir(parents=True)
    assert not has_journal([tmp_path / "journal"])
    journal.write_bytes(b"x")
    assert has_journal([tmp_path / "journal"])
    tool.unlink()
    assert not has_journal([tmp_path / "journal"])


def test_why_no_journal_is_watched_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        lack = journal_lack([tmp_path / "journal"])
        return f"{lack.what.en} {lack.hint.en}" if lack else ""

    assert "this host has no systemd journal: it is not watched" in said()
    assert "watch.journald = false" in said()
    journal = tmp_path / "journal" / "0123" / "system.journal"
    journal.parent.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "there is no journalctl" in said()
    (tmp_path / "journalctl").write_text("#!/bin/sh\n")
    (tmp_path / "journalctl").chmod(0o755)
    assert "may not read the systemd journal" in said()
    assert "usermod -aG systemd-journal" in said()
    journal.write_bytes(b"x")
    assert said() == ""


def test_what_the_journal_holds_is_not_counted_twice(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    for name in ("syslog", "auth.log", "audit/audit.log"):
        (tmp_path / name).write_text("x\n")
    assert default_files(tmp_path, with_journal=True) == [str(tmp_path / "audit/audit.log")]
    assert default_files(tmp_path / "none", with_journal=False) == []
