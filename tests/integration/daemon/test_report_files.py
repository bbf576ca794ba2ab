"""Several formats of one paper go into a folder, made where it is missing, and over nothing that is there."""

from __future__ import annotations

from pathlib import Path

from tests.integration.daemon.conftest import Daemon
from tests.integration.daemon.test_daemon import failed_logins


def test_all_formats_at_once(daemon: Daemon, tmp_path: Path) -> None:
    daemon.configure()
    log, papers = tmp_path / "auth.log", tmp_path / "of" / "today"
    log.write_text(failed_logins(12), encoding="utf-8")
    assert daemon.run("import", str(log)).returncode == 0
    listed = daemon.run("incidents", "list")
    incident = next(word for word in listed.stdout.split() if word.startswith("INC-"))
    command = ("report", incident, "--format", "md,html,json", "--output", str(papers))
    assert daemon.run(*command).returncode == 0
    assert sorted(path.suffix for path in papers.iterdir()) == [".html", ".json", ".md"]
    assert all(incident in path.read_text(encoding="utf-8") for path in papers.iterdir())
    assert daemon.run(*command).returncode != 0
    refused = daemon.run(*command[:-1], str(log))
    assert refused.returncode == 1
    assert "目录" in refused.stderr or "is a folder" in refused.stderr
