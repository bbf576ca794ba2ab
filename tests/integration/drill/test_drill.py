"""A drill runs through the machinery of every day, and touches nothing of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shouwang.clock import ManualClock
from shouwang.drill import Outcome, run
from shouwang.errors import UsageError
from shouwang.home import Home
from shouwang.scenario import Scenario, read
from shouwang.words import Words

ROOT = Path(__file__).parents[3]
SCENARIO = ROOT / "playbooks" / "scenarios" / "ssh-guessing.yaml"
NOW_US = 1_795_482_000_000_000


@pytest.fixture(autouse=True)
def _runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))


def scenario(**changes: str) -> Scenario:
    text = SCENARIO.read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    return read(text, str(SCENARIO))


def played(tmp_path: Path, told: list[Words], chosen: Scenario | None = None) -> Outcome:
    return run(Home.at(tmp_path / "home"), chosen or scenario(), speed=None, clock=ManualClock(NOW_US), say=told.append)


def test_the_shipped_scenario_is_detected_in_time_and_graded_as_expected(tmp_path: Path) -> None:
    told: list[Words] = []
    outcome = played(tmp_path, told)
    assert outcome.passed, outcome.marks
    assert outcome.lines == 26
    assert any("D-A-" in line.en and "D-INC-" in line.en and line.zh != line.en for line in told)
    assert all(mark.alert.startswith("D-A-") and mark.incident.startswith("D-INC-") for mark in outcome.marks)
    brute_force = outcome.marks[0]
    assert brute_force.time_to_alert_s == 36.0


def test_a_drill_leaves_no_trace_in_the_home_it_belongs_to(tmp_path: Path) -> None:
    outcome = played(tmp_path, [])
    assert outcome.home.parent == tmp_path / "home" / "drills"
    assert not list((tmp_path / "home").glob("*.db"))
    assert json.loads((outcome.home / "score.json").read_text(encoding="utf-8"))["passed"] is True


def test_what_is_not_detected_or_comes_late_is_not_passed(tmp_path: Path) -> None:
    wrong = scenario(**{"within: 60s": "within: 10s"})
    outcome = played(tmp_path, [], wrong)
    assert not outcome.passed
    assert [mark.in_time for mark in outcome.marks] == [False, True, True]


def test_an_unknown_format_is_refused_before_a_home_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="telepathy"):
        played(tmp_path, [], scenario(**{"format: access": "format: telepathy"}))
    assert not (tmp_path / "home").exists()


def test_the_command_prints_the_score_and_says_by_its_exit_code_whether_it_passed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shouwang", "drills", "run", "--home", str(tmp_path / "home"), "--json"]
    good = subprocess.run([*command, str(SCENARIO)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (good.returncode, json.loads(good.stdout)["passed"]) == (0, True)
    assert "演练" in good.stderr
    absent = subprocess.run([*command, "nowhere.yaml"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert absent.returncode == 2
    assert "nowhere.yaml" in absent.stderr


def drills(home: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "shouwang", "drills", *words, "--home", str(home), "--lang", "en"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_past_drills_are_listed_latest_first_and_shown_with_their_score(tmp_path: Path) -> None:
    home = tmp_path / "home"
    good = played(tmp_path, [])
    late = scenario(**{"within: 60s": "within: 10s"})
    bad = run(Home.at(home), late, speed=None, clock=ManualClock(NOW_US + 60_000_000), say=lambda _: None)
    (home / "drills" / bad.drill / "score.json").rename(home / "drills" / good.drill / "other.json")
    code, said = drills(home, "list", "--json")
    listed = json.loads(said)["drills"]
    assert (code, [(one["drill"], one["passed"], one["met"]) for one in listed]) == (
        0,
        [(bad.drill, None, 0), (good.drill, True, 3)],
    )
    assert listed[1]["title"] == "Password guessing on a platform server during a web scan"
    assert "no score" in drills(home, "list")[1].splitlines()[1]
    assert "was cut off" in drills(home, "show", bad.drill)[1]
    code, said = drills(home, "show", good.drill, "--json")
    shown = json.loads(said)
    assert (code, shown["passed"], [mark["alert"] for mark in shown["marks"]]) == (
        0,
        True,
        [mark.alert for mark in good.marks],
    )
    assert "26 lines, 5 alerts, 2 incidents: passed" in drills(home, "show", good.drill)[1]


@pytest.mark.parametrize("name", ["none", "..", "../../home", ""])
def test_a_drill_that_was_not_played_here_is_refused(tmp_path: Path, name: str) -> None:
    played(tmp_path, [])
    code, said = drills(tmp_path / "home", "show", name)
    assert code == 2
    assert "There is no drill" in said


def test_a_home_without_drills_lists_none(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    code, said = drills(tmp_path / "home", "list", "--json")
    assert (code, json.loads(said)["drills"]) == (0, [])
