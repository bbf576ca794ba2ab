"""Homes as earlier releases wrote them (``tests.golden.making``) are opened by this one, and nothing is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.schema import SCHEMA
from shouwang.home import Home, Lock
from shouwang.wiring import build
from tests.contract.records import numbered
from tests.golden.making import expected

GOLDEN = sorted(Path(__file__).parent.glob("home-*"))
NOW_US = 1_793_160_000_000_000
"""The day after the last of a golden home."""


@pytest.fixture(params=GOLDEN, ids=lambda folder: str(folder.name))
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """In a folder of the golden one's name."""
    folder: Path = request.param
    shutil.copytree(folder, tmp_path / folder.name)
    (tmp_path / folder.name).chmod(0o700)
    return Home.at(tmp_path / folder.name)


def test_this_schemas_home_is_among_the_golden_ones() -> None:
    assert (Path(__file__).parent / f"home-{SCHEMA}").is_dir(), "python -m tests.golden.making"


def test_a_home_of_each_release_opens_and_nothing_of_it_is_missing(home: Home) -> None:
    told = json.loads((home.path / "expected.json").read_text(encoding="utf-8"))
    schema = int(home.path.name.removeprefix("home-"))
    config = load(home.config)
    for opening in range(2):
        with Lock(home, config.site.zone), build(home, config, ManualClock(NOW_US)) as services:
            found = json.loads(json.dumps(expected(services)))
            assert {name: found[name] for name in told} == told, f"opening {opening}"
            assert services.events.verify([], lambda _said: None).faults == []
    if schema < SCHEMA:
        assert home.events.with_name(f"events.db.schema-{schema}").exists()


def test_a_home_of_each_release_goes_on_receiving_and_closes_its_days(home: Home) -> None:
    config = load(home.config)
    with Lock(home, config.site.zone), build(home, config, ManualClock(NOW_US)) as services:
        before = services.events.days()
        services.events.put(Batch([numbered(1, received_us=NOW_US)], received_us=NOW_US), {"a": b"1"})
        services.events.maintain(NOW_US, 60.0)
        after = services.events.days()
        assert len(after) == len(before) + 1
        assert all(row.digest for row in after[:-1])
