"""``shouwang store`` as people read it, in either language."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from shouwang.cli.main import main
from shouwang.eventstore.base import DayLedger, Part
from shouwang.flows.retention import record
from shouwang.statestore.store import StateStore

GOLDEN = Path(__file__).parents[2] / "golden" / "home-2"
"""Its first day is one segment, 2026-10-26 is held."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "home")
    (tmp_path / "home").chmod(0o700)
    return tmp_path / "home"


class Said:
    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._home = home
        self._capsys = capsys

    def __call__(self, *words: str, lang: str = "en", code: int = 0) -> str:
        found = main(["--home", str(self._home), "--lang", lang, "store", *words])
        said = self._capsys.readouterr()
        assert found == code, said.err
        return said.out + said.err


@pytest.fixture
def said(home: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(home, capsys)


def test_status_says_what_is_kept_how_long_it_lasts_and_what_is_held(said: Said) -> None:
    english, chinese = said("status"), said("status", lang="zh")
    assert "days: 3 (2026-10-25 – 2026-10-27), kept 184 days" in english
    assert "sealed until: 2026-10-25 12:00:00" in english
    assert "room enough for 184 days" in english
    assert "hold case-7: 2026-10-26 – 2026-10-26  li" in english
    assert "留存 184 天" in chinese
    assert "足够留存 184 天" in chinese
    assert "封存令 case-7" in chinese


def test_a_hold_is_made_and_ended_by_name_and_each_name_is_one(said: Said) -> None:
    assert "held h-1: 2026-10-27 – no end" in said("hold", "h-1", "--from", "2026-10-27", "--reason", "协查")
    assert "There is a hold called h-1" in said("hold", "h-1", "--day", "2026-10-27", "--reason", "x", code=2)
    assert "已解除 h-1" in said("release", "h-1", "--reason", "done", lang="zh")
    assert "没有封存令 'h-1'" in said("release", "h-1", "--reason", "done", lang="zh", code=2)
    assert "cannot be called 'a/b'" in said("hold", "a/b", "--day", "2026-10-27", "--reason", "x", code=2)
    assert "is no day" in said("hold", "h-2", "--day", "yesterday", "--reason", "x", code=2)
    assert "2026-10-01 is before 2026-10-27" in said(
        "hold", "h-2", "--from", "2026-10-27", "--until", "2026-10-01", "--reason", "x", code=2
    )


def test_verify_ends_with_one_and_names_the_place_when_a_byte_has_changed(said: Said, home: Path) -> None:
    assert "All is as it was stored" in said("verify")
    (segment,) = (home / "segments" / "2026-10-25").glob("day-*")
    data = bytearray(segment.read_bytes())
    data[300] ^= 1
    segment.write_bytes(data)
    english = said("verify", "--day", "2026-10-25", code=1)
    assert f"! segments/2026-10-25/{segment.name}  2026-10-25" in english
    assert "Restore these files from the backup" in english
    assert "请从备份恢复" in said("verify", lang="zh", code=1)


def test_a_day_that_has_gone_is_listed_with_when_why_and_what_it_held(said: Said, home: Path) -> None:
    row = DayLedger(date(2026, 4, 1), "file:/x", 12, 10, {"cut": 2}, 900, "ab" * 32)
    part = Part("segments/2026-04-01/day-1-10.parquet", 10, 5000, "cd" * 32)
    state = StateStore(home / "state.db")
    with state.work() as tx:
        number = tx.deletions.begin(row.day, 1_795_492_800_000_000, record("keep_days = 184", [row], [part]))
        tx.deletions.done(number, 1_795_492_801_000_000, dropped=True)
    state.close()
    line = said("deletions").splitlines()[1]
    assert line.split(maxsplit=6) == ["2026-04-01", "2026-11-24", "12:00:01", "dropped", "10", "1", "keep_days = 184"]
    assert "已删除" in said("deletions", lang="zh")
    whole = said("--json", "deletions")
    assert "ab" * 32 in whole
    assert "cd" * 32 in whole
