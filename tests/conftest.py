"""What several areas' tests need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of cases, rules and samples; absent on a machine that has only the repository."""
    folder = Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "cases").is_dir():
        assert "samples" not in os.environ.get("CI_REQUIRE", "").split(","), "the shared samples are required here"
        pytest.skip("the shared cases and samples are not here: set SHOUWANG_SHARED")
    return folder
