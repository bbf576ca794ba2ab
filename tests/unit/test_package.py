"""Promises of the package as a whole."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

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
    "collectors",
    "detection",
    "incidents",
)


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    code = "import sys, shouwang.cli.main; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint(HEAVY)


def test_the_daemon_loads_neither_arrow_nor_duckdb() -> None:
    """They take 100 MB and more: workers and query processes have them, for as long as they work."""
    code = "import sys, shouwang.daemon, shouwang.watch; print(' '.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()).isdisjoint({"duckdb", "pyarrow", "numpy"})


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
