"""``shouwang drills``: what cannot be played is said in our words, before anything is shown as a drill."""

from __future__ import annotations

from pathlib import Path

import pytest

from shouwang.cli.main import main
from tests.unit.drill.test_scenario import TEXT


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "Cannot read {file}: No such file or directory. Is the name right"),
        (b"\xff\xfe\x00x", "{file} is no UTF-8 text. docs/how-to/drill.md"),
        (b"a: [\nb: 1", "{file}:2:5 is no YAML. docs/how-to/drill.md"),
        (b"just words", "the file: this must be a table. docs/how-to/drill.md"),
        (TEXT.replace("format: access", "format: nosuch").encode(), "The scenario names the format nosuch. Known: "),
        (TEXT.replace("format: access", "format: dead").encode(), "The scenario names the format dead. Known: "),
    ],
)
def test_what_is_no_scenario_is_refused_in_one_sentence_and_plays_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str
) -> None:
    file = tmp_path / "it.yaml"
    if content is not None:
        file.write_bytes(content)
    home = tmp_path / "home"
    assert main(["drills", "run", str(file), "--home", str(home), "--lang", "en"]) == 2
    said = capsys.readouterr()
    assert says.format(file=file) in said.err
    assert said.err.startswith("shouwang: ")
    assert len(said.err.splitlines()) == 1
    assert not home.exists()


def test_without_a_home_there_is_no_list_of_drills(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drills", "list", "--home", str(tmp_path / "none"), "--lang", "en"]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert "There is no home" in said.err


@pytest.mark.parametrize(
    ("number", "says"), [("-4", "is no whole number from 0"), ("x", "is no whole number from 0"), ("65", "at most 64")]
)
def test_a_number_of_processes_that_cannot_be_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], number: str, says: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["scan", ".", f"--jobs={number}"])
    assert left.value.code == 2
    assert says in capsys.readouterr().err
