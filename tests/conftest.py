"""What several areas' tests need."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.cases.readings")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of cases, rules and samples; absent on a machine that has only the repository."""
    folder = Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "cases").is_dir():
        assert "samples" not in os.environ.get("CI_REQUIRE", "").split(","), "the shared samples are required here"
        pytest.skip("the shared cases and samples are not here: set SHOUWANG_SHARED")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands under test, and the processes they start, keep nothing in the home of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_configure() -> None:
    """Run in the background of a shell, processes ignore the interrupt; those of the tests are to be interrupted."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
