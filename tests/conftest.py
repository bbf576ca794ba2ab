"""What several areas' tests need."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.elastic.secured import elastic_secured, elastic_tls
from tests.elastic.server import elastic, elastic_node
from tests.peers import missed, require

__all__ = ["elastic", "elastic_node", "elastic_secured", "elastic_tls"]

pytest.register_assert_rewrite("tests.cases.readings")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of cases, rules and samples; absent on a machine that has only the repository."""
    folder = Path(os.environ.get("SHOUWANG_SHARED", Path(__file__).parents[2] / "shared"))
    require("samples", (folder / "cases").is_dir(), "the shared cases and samples are not here: set SHOUWANG_SHARED")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands under test, and the processes they start, keep nothing in the home of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on a server run in one process: a server takes half a gigabyte."""
    for item in items:
        if any(name.startswith("elastic_") for name in getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("elastic"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        require(*mark.args)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of a run."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is None or hasattr(config, "workerinput"):
        return
    found = missed(
        report.longrepr[2] for report in terminal.stats.get("skipped", []) if isinstance(report.longrepr, tuple)
    )
    if found:
        terminal.write_line(f"Not here, so not tried: {', '.join(found)}")


def pytest_configure(config: pytest.Config) -> None:
    """Run in the background of a shell, processes ignore the interrupt; those of the tests are to be interrupted."""
    config.addinivalue_line("markers", "needs(peer, here, why): see tests/peers.py")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
