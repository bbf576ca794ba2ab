"""What is watched without any set-up."""

from __future__ import annotations

import os
from pathlib import Path

from shouwang.defaultfiles import default_files


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


def test_what_the_journal_holds_is_not_counted_twice(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    for name in ("syslog", "auth.log", "audit/audit.log"):
        (tmp_path / name).write_text("x\n")
    assert default_files(tmp_path, with_journal=True) == [str(tmp_path / "audit/audit.log")]
    assert default_files(tmp_path / "none", with_journal=False) == []
