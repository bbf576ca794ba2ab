"""The page for people who write rules holds what the commands do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shouwang.cli.main import main
from shouwang.flows.rulechecking import check
from shouwang.flows.ruletesting import Outcome, Tally, run

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/rules.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_rule_on_the_page_is_good_and_passes_its_tests(tmp_path: Path) -> None:
    (tmp_path / "night.yml").write_text(BLOCKS[0] + BLOCKS[1], encoding="utf-8")
    assert check([tmp_path], own=True).problems == ()
    results = list(run([tmp_path], Tally()))
    assert [each.outcome for each in results] == [Outcome.PASSED, Outcome.PASSED]


def test_the_explanation_on_the_page_is_what_the_command_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "night.yml").write_text(BLOCKS[0], encoding="utf-8")
    line = "Nov 24 22:15:30 gate-01 sshd[42]: Accepted publickey for li from 203.0.113.9 port 40001 ssh2\n"
    (tmp_path / "auth.log").write_text(line, encoding="utf-8")
    shown = next(each for each in re.findall(r"^```\n(✓.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    command = ["rules", "explain", str(tmp_path / "night.yml"), str(tmp_path / "auth.log"), "--lang", "en"]
    assert main(command) == 1
    assert capsys.readouterr().out.endswith(shown)


def test_the_page_names_every_kind_of_problem() -> None:
    sources = "".join(
        (ROOT / path).read_text(encoding="utf-8")
        for path in (
            "detection/authoring/lint.py",
            "detection/authoring/lint_fields.py",
            "shouwang/flows/rulechecking.py",
        )
    )
    codes = set(re.findall(r'Weight\.\w+, "([a-z-]+)"', sources)) | {"never", "always", "negative", "refused"}
    assert len(codes) > 8
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_the_page_names_every_key_of_a_test() -> None:
    from detection.authoring.ruletests import _SAMPLE, _SCENE  # noqa: PLC0415  # the page is held to them

    assert {key for key in _SAMPLE | _SCENE if f"`{key}`" not in PAGE and f"{key}:" not in PAGE} == set()
