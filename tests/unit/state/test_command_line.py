"""The command line starts at once, loads little, and says what it means by exit codes."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from shouwang.cli.main import LOST, VERBS, main, parser
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.home import Home
from shouwang.wiring import build
from tests.peers import IS_ROOT, require
from tests.unit.state.samples import ALERT, INCIDENT

ROOT = Path(__file__).parents[3]
HEAVY = (
    "textual",
    "elasticsearch",
    "apscheduler",
    "sigma",
    "duckdb",
    "pyarrow",
    "requests",
    "pydantic",
    "apsw",
    "luqum",
    "yaml",
    "psutil",
    "collectors",
    "detection",
    "incidents",
    "tui",
)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)


def test_the_whole_parser_loads_none_of_what_is_heavy() -> None:
    code = "import sys, shouwang.cli.main as m; m.parser(); print(' '.join(sys.modules))"
    loaded = {name.partition(".")[0] for name in python(code).stdout.split()}
    assert "shouwang" in loaded
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)


def test_no_command_is_forgotten() -> None:
    folder = ROOT / "shouwang" / "cli"
    commands = {path.stem for path in folder.glob("*.py") if "\ndef add_parser(" in path.read_text(encoding="utf-8")}
    assert commands == set(VERBS)


def test_help_comes_in_under_three_tenths_of_a_second() -> None:
    """Of processor time: what else this machine does is not its fault."""
    best = 10.0
    for _ in range(5):
        begun = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-m", "shouwang", "--help"], capture_output=True, check=True, cwd=ROOT)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime)
    assert "值班终端".encode() in done.stdout
    assert best < 0.3


@pytest.mark.parametrize(
    "words",
    ["--home /h alerts list --json", "alerts --home /h --json list", "alerts list --home /h --json"],
)
def test_common_options_stand_before_or_after_the_verb(words: str) -> None:
    args = parser().parse_args(words.split())
    assert (args.home, args.json) == ("/h", True)


def test_absent_options_are_none_and_false() -> None:
    args = parser().parse_args(["status"])
    assert (args.home, args.json, args.lang) == (None, False, None)


def test_the_status_in_chinese_has_chinese_names_for_roles_levels_and_states(
    home: Home, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.incidents.put(INCIDENT)
        tx.alerts.put(ALERT)
    said = {}
    for lang in ("zh", "en"):
        assert main(["status", "--home", str(home.path), "--lang", lang]) == 0
        said[lang] = capsys.readouterr().out
    pairs = (("(管理员)", "(administrator)"), ("[降级]", "[degraded]"), ("告警: 高 1", "alerts: high 1"))
    for zh, en in pairs:
        assert zh in said["zh"]
        assert en in said["en"]
        assert en not in said["zh"]


def test_doctor_names_each_refused_rule_in_either_language_and_ends_with_one(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.rules.mkdir(exist_ok=True)
    (home.rules / "bad.yml").write_text("title: x\nlogsource: {product: linux}\n")
    for lang, word, why in (
        ("zh", "[降级]", "不是规则：缺少 detection"),
        ("en", "[degraded]", "is no rule: detection is missing"),
    ):
        assert main(["doctor", "--home", str(home.path), "--lang", lang]) == 1
        said = capsys.readouterr().out
        assert word in said
        assert f"! {home.rules / 'bad.yml'}:1: {why}" in said
    assert main(["doctor", "--home", str(home.path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["healthy"] is False


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        (
            "alerts list --limit 0",
            "--limit: the least is 1. See `shouwang alerts list --help`.",
            "--limit: 不得小于 1。见 `shouwang alerts list --help`。",
        ),
        (
            "incidents list --offset -1",
            "--offset: the least is 0. See `shouwang incidents list --help`.",
            "--offset: 不得小于 0。见 `shouwang incidents list --help`。",
        ),
    ],
)
def test_an_argument_that_is_refused_is_named_as_the_commands_option(
    home: Home, capsys: pytest.CaptureFixture[str], words: str, en: str, zh: str
) -> None:
    for lang, text in (("en", en), ("zh", zh)):
        assert main([*words.split(), "--home", str(home.path), "--lang", lang]) == 2
        assert capsys.readouterr().err == f"shouwang: {text}\n"


def test_no_home_no_daemon_is_said_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path))
    assert main(["status", "--home", str(tmp_path / "none")]) == 4
    assert main(["stop", "--home", str(tmp_path / "none")]) == LOST
    said = capsys.readouterr()
    assert said.out == ""
    assert "no home" in said.err
    assert "shouwang up" in said.err


def test_another_users_home_is_not_opened_in_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    require("root", IS_ROOT, "to make a home of another user")
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path))
    os.chown(tmp_path, 65534, 65534)
    assert main(["status", "--home", str(tmp_path)]) == 77
    assert "nobody" in capsys.readouterr().err


def test_the_console_is_not_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path))
    assert main(["tui", "--home", str(tmp_path)]) == LOST


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    command = f"{sys.executable} -m shouwang incidents --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert "Traceback" not in done.stderr
