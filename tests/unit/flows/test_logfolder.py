"""A folder's rules and documents are passed over by one rule, and the page names it whole."""

from __future__ import annotations

import os
import re
from pathlib import Path

from shouwang.logfolder import NO_LOGS, logs_under

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"


def test_logs_are_taken_in_order_and_what_is_passed_over_has_a_reason(tmp_path: Path) -> None:
    for name in ("b.log", "a", "x.json", "x.evtx", "x.raw", "x.txt", "x.xml", "deep/c.log.1.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("r.YML", "r.yml.gz", ".hidden", "deep/.git.log"):
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "fifo")
    listed = logs_under(tmp_path)
    logs = ["a", "b.log", "deep/c.log.1.gz", "x.evtx", "x.json", "x.raw", "x.txt", "x.xml"]
    assert [path.relative_to(tmp_path).as_posix() for path in listed.logs] == logs
    passed = {path.relative_to(tmp_path).as_posix(): why.en for path, why in listed.passed_over}
    assert passed == {
        ".hidden": "hidden",
        "deep/.git.log": "hidden",
        "r.YML": ".yml is no log",
        "r.yml.gz": ".yml is no log",
    }


def test_the_page_names_every_ending_that_is_passed_over() -> None:
    found = re.search(r"`(\.yml [^`]+)`", PAGE.read_text(encoding="utf-8"))
    assert found
    assert set(found[1].split()) == NO_LOGS
