"""A run without what it needs says so, and fails where that is asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import missed, require

HERE = Path(__file__).parents[2]
ASKING = (
    "import pytest\nfrom tests.peers import needs\n\n\n@needs('moon', False, 'is not here')\ndef test_x():\n    pass\n"
)


def test_a_missing_peer_skips_and_fails_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_REQUIRE", "sun,moon")
    require("moon", True, "")
    with pytest.raises(pytest.fail.Exception, match="peer moon: is not here"):
        require("moon", False, "is not here")
    monkeypatch.setenv("CI_REQUIRE", "sun")
    with pytest.raises(pytest.skip.Exception, match="peer moon: is not here"):
        require("moon", False, "is not here")
    assert missed(["Skipped: peer moon: is not here", "Skipped: peer moon: x", "Skipped: tired"]) == ["moon"]


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize(
    ("required", "code", "last"), [("", 0, "Not here, so not tried: moon"), ("moon", 1, "1 error")]
)
def test_the_last_line_of_a_run_names_what_was_not_here(
    tmp_path: Path, required: str, code: int, last: str, workers: str
) -> None:
    path = tmp_path / "test_it.py"
    path.write_text(ASKING, encoding="utf-8")
    env = {**os.environ, "CI_REQUIRE": required, "PYTHONPATH": str(HERE)}
    options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "-n", workers]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].count(last)


def peers(text: str) -> set[str]:
    if "from tests.peers import" not in text:
        return set()
    return set(re.findall(r"(?:needs|require)\(\s*\"([\w-]+)\"", text))


def test_every_peer_that_a_test_or_a_demo_asks_for_is_required_in_ci() -> None:
    ci = (HERE / ".ci/run").read_text(encoding="utf-8")
    (required,) = re.findall(r"CI_REQUIRE-([\w,-]+)", ci)
    asked = {
        name
        for path in (HERE / "tests").rglob("*.py")
        if path.name != Path(__file__).name
        for name in peers(path.read_text(encoding="utf-8"))
    }
    for path in (HERE / "scripts/demo").iterdir():
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        if path.name != "require.sh":
            asked |= set(re.findall(r"(?:^|\|\| |; )\s*(?:skip|need) ([\w-]+) ", text, re.MULTILINE))
        assert "SKIP " not in text or path.name == "require.sh", f"{path.name} skips by itself"
    assert {"rsyslog", "journald", "journal-remote", "samples", "root"} <= asked
    assert asked <= set(required.split(","))
