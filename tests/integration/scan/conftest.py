"""All shared rules, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from detection.rules import RuleSet, load


@pytest.fixture(scope="session")
def sigma(shared: Path) -> RuleSet:
    folder = shared / "sigma"
    return load([folder / name for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")])
