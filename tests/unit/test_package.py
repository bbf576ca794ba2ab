"""Promises of the package as a whole."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("shouwang", "collectors", "detection", "incidents", "playbooks", "backup", "tui")
HEAVY = (
    "textual",
    "elasticsearch",
    "apscheduler",
    "sigma",
    "duckdb",
    "pyarrow",
    "requests",
    "pydantic",
    "luqum",
    "evtx",
)


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, shouwang.cli.main; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "shouwang.model", "shouwang.query", "shouwang.access", "shouwang.audit", "shouwang.assets", "detection.compile",
        "detection.correlate", "incidents.grouping", "incidents.grading", "incidents.lifecycle", "incidents.deadlines",
        "tui.present", "collectors.parsers.syslog", "collectors.parsers.access",
    ],
)  # fmt: skip
def test_pure_module_names_no_input_output_library_and_no_clock(module: str) -> None:
    place = ROOT / module.replace(".", "/")
    files = sorted(place.glob("*.py")) or [place.with_suffix(".py")]
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    imported = {
        word
        for line in source.splitlines()
        if line.lstrip().startswith(("import ", "from "))
        for word in [line.split()[1].split(".")[0]]
    }
    assert imported.isdisjoint({"os", "io", "socket", "subprocess", "sqlite3", "apsw", "threading", "asyncio", "time"})
    assert ".now(" not in source
    assert "time.time" not in source


def test_the_wheel_holds_every_package_and_the_data_files(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in tracked.stdout.splitlines():
        assert name in names, f"{name} is tracked and not in the wheel"
    assert not [name for name in names if name.startswith("tests/")]
