"""Fault 28: sealing, compaction and recovery are killed at each of their steps, and one consistent set is read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from shouwang.eventstore.embedded.segments import manifest, marks
from shouwang.eventstore.embedded.segments.footer import plain_state
from tests.contract.eventstore import ROOT
from tests.unit.segments.making import (
    HOUR_US,
    LATER_US,
    files,
    fill,
    hot,
    maintained_by_another,
    named,
    open_at,
    require_whole,
)

WORKER: Final = (
    "seal.begun", "hourly.written", "hourly.closed", "hourly.synced", "hourly.renamed", "seal.answer",
    "compact.begun", "daily.written", "daily.closed", "daily.synced", "daily.renamed", "compact.answer",
)  # fmt: skip
DAEMON: Final = (
    "seal.answered", "seal.inserted", "seal.committed", "seal.deleted",
    "compact.answered", "compact.swapped", "compact.committed", "grave.unlinked",
)  # fmt: skip
RECOVERY: Final = ("recover.planned", "recover.inserted")
"""Those are killed in ``test_recovery``."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    with open_at(folder) as store:
        fill(store)
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "home"))


def goes_on(home: Path) -> None:
    """From whatever is there now, by nobody's hand."""
    with open_at(home, in_process=True) as store:
        require_whole(store)
        store.maintain(LATER_US, 60.0)
        require_whole(store)
        store.maintain(LATER_US + HOUR_US, 60.0)
        assert store.health() == []
        store.maintain(LATER_US + 2 * HOUR_US, 60.0)
        assert hot(store) == 0
        assert files(home) == named(store)
        require_whole(store)


@pytest.mark.parametrize("point", DAEMON)
def test_the_daemon_killed_at_each_step_leaves_one_consistent_set(home: Path, point: str) -> None:
    if point == "grave.unlinked":
        assert maintained_by_another(home, LATER_US).returncode == 0
        ended = maintained_by_another(home, LATER_US + manifest.GRACE_US, die_at=point)
    else:
        ended = maintained_by_another(home, LATER_US, die_at=point)
    assert ended.returncode == -9, ended.stderr
    goes_on(home)


@pytest.mark.parametrize("point", WORKER)
def test_the_worker_killed_at_each_step_is_told_and_leaves_one_consistent_set(home: Path, point: str) -> None:
    ended = maintained_by_another(home, LATER_US, die_at=point)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"could not be \w+: The job store\.\w+ died \(-9\)", ended.stdout)
    goes_on(home)


def test_a_worker_that_the_daemon_left_behind_ends_and_writes_nothing_more(home: Path) -> None:
    """Else it could write into what the next daemon's worker made."""
    with open_at(home) as store, store._database.reading() as db:
        mark = marks.next_mark(db)
    assert mark is not None
    args = {
        "events": str(home / "events.db"), "home": "", "zone": "Asia/Shanghai", "after_seq": 0, "to_seq": mark.seq,
        "state": plain_state(mark.state), "earlier": [], "most_rows": 1000, "most_bytes": 1 << 20,
    }  # fmt: skip
    command = [sys.executable, "-m", "shouwang.worker", "store.seal"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as worker:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(args).encode() + b"\n")
        worker.stdin.close()
        assert worker.wait(30) == 1
    assert not [each for each in files(home) if each.endswith(".parquet")]


def test_each_point_that_the_code_names_is_killed_at() -> None:
    code = ROOT / "shouwang/eventstore/embedded/segments"
    found = {
        point for each in code.glob("*.py") for point in re.findall(r'faults\.reach\(f?"([^"]+)"\)', each.read_text())
    }
    meant = {point.replace("{self._kind}", kind) for point in found for kind in ("hourly", "daily")}
    assert meant == {*WORKER, *DAEMON, *RECOVERY}
