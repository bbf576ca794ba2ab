"""A home of its own, and its services, for a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.firstconfig import first_config
from shouwang.home import Home
from shouwang.wiring import Services, build

NOON_US = 1_764_043_200_000_000
"""2025-11-25T12:00:00+08:00"""

ROLES = """
[roles]
ana = "analyst"
aud = "auditor"
adm = "administrator"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Made, with roles, watching nothing."""
    monkeypatch.setenv("SHOUWANG_RUNTIME", str(tmp_path / "run"))
    made = Home.at(tmp_path / "home")
    made.make_folders()
    text = first_config(name="滨河社区", quiet=True).replace("\n[roles]\n", ROLES)
    made.config.write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON_US)


@pytest.fixture
def services(home: Home, clock: ManualClock) -> Iterator[Services]:
    with build(home, load(home.config), clock) as made:
        yield made
