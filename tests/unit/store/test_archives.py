"""Days go out as files and come in again, to the digest; what was altered, or made to harm, does not come in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from shouwang.cli.main import main

GOLDEN = Path(__file__).parents[2] / "golden" / "home-1"
DAY = "2026-10-25"
LINES = f"{DAY}.jsonl.zst"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "home")
    (tmp_path / "home").chmod(0o700)
    return tmp_path / "home"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A home of the same site without a log."""
    (tmp_path / "empty").mkdir(mode=0o700)
    shutil.copy(GOLDEN / "shouwang.toml", tmp_path / "empty")
    return tmp_path / "empty"


class Run:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.err = ""

    def __call__(self, home: Path, *words: str, code: int = 0) -> Any:
        found = main(["--home", str(home), "--lang", "en", "--json", "store", *words])
        said = self._capsys.readouterr()
        self.err = said.err
        assert found == code, said.err
        return json.loads(said.out) if said.out else None


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


@pytest.fixture
def archive(home: Path, run: Run, tmp_path: Path) -> Path:
    run(home, "export", str(tmp_path / "archive"))
    return tmp_path / "archive"


def sums(run: Run, home: Path) -> dict[tuple[str, str], tuple[object, ...]]:
    """What the ledger has, the digest by what the records are: days are closed when a daemon keeps house."""
    names = ("received", "stored", "bytes")
    return {(row["day"], row["source"]): (*(row[name] for name in names), row["dropped"]) for row in run(home, "days")}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_an_archive_in_another_home_gives_the_same_ledger_and_a_second_time_nothing(
    home: Path, empty: Path, run: Run, tmp_path: Path, form: str
) -> None:
    run(home, "seal")
    made = run(home, "export", str(tmp_path / "a"), "--format", form)
    brought = run(empty, "import", str(tmp_path / "a"), "--sha256", made["manifest_sha256"])
    assert [each["stored"] for each in brought["files"]] == [19, 16, 16]
    assert sums(run, empty) == sums(run, home)
    run(empty, "export", str(tmp_path / "b"), "--format", "jsonl")
    again = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert [each["sources"] for each in again["files"]] == [each["sources"] for each in made["files"]]
    for _ in range(2):
        brought = run(empty, "import", str(tmp_path / "a"))
        assert [(each["stored"], each["drops"]) for each in brought["files"]] == [(0, 0)] * 3
    assert sums(run, empty) == sums(run, home)
    assert run(empty, "verify")["ok"]


def test_only_the_days_asked_for_are_exported(home: Path, run: Run, tmp_path: Path) -> None:
    made = run(home, "export", str(tmp_path / "a"), "--from", "2026-10-26", "--until", "2026-10-26")
    assert [each["file"] for each in made["files"]] == ["2026-10-26.jsonl.zst"]
    run(home, "export", str(tmp_path / "b"), "--day", "2026-01-01", code=2)
    assert "nothing of 2026-01-01" in run.err
    run(home, "export", str(tmp_path / "a"), code=2)
    assert "There is an archive in" in run.err


def test_an_altered_file_is_refused_by_name_and_the_other_days_come_in(archive: Path, empty: Path, run: Run) -> None:
    data = bytearray((archive / LINES).read_bytes())
    data[len(data) // 2] ^= 1
    (archive / LINES).write_bytes(data)
    (archive / "2026-10-27.jsonl.zst").unlink()
    brought = run(empty, "import", str(archive), code=2)
    assert [each["file"] for each in brought["files"]] == ["2026-10-26.jsonl.zst"]
    assert f"{LINES} was not imported: its SHA-256 is" in run.err
    assert "2026-10-27.jsonl.zst: No such file" in run.err
    assert {row["day"] for row in run(empty, "days")} == {"2026-10-26"}


def test_a_manifest_that_is_not_the_one_given_is_refused(archive: Path, empty: Path, run: Run) -> None:
    run(empty, "import", str(archive), "--sha256", "0" * 64, code=2)
    assert "not the one given" in run.err


def test_a_link_in_an_archive_is_not_followed_and_a_name_out_of_it_is_refused(
    archive: Path, empty: Path, run: Run, tmp_path: Path
) -> None:
    (archive / LINES).rename(tmp_path / "elsewhere")
    (archive / LINES).symlink_to(tmp_path / "elsewhere")
    run(empty, "import", str(archive), code=2)
    assert f"Cannot read {archive / LINES}" in run.err
    text = (archive / "manifest.json").read_text()
    (archive / "manifest.json").write_text(text.replace(f'"{LINES}"', '"../elsewhere"'))
    run(empty, "import", str(archive), code=2)
    assert "is no manifest of Shouwang" in run.err


def test_an_archive_of_another_time_zone_is_refused(archive: Path, empty: Path, run: Run) -> None:
    path = archive / "manifest.json"
    path.write_text(path.read_text().replace("Asia/Shanghai", "Europe/Berlin"))
    run(empty, "import", str(archive), code=2)
    assert "days are those of Europe/Berlin" in run.err
