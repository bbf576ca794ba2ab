"""A set of indicators over history: what is valid now counts, whenever it began to be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shouwang.api.table import perform
from shouwang.wiring import Services
from tests.unit.hunt.conftest import Act, bring_in, finished, found, ssh_lines

DAY_US = 86_400_000_000
HEAD = "value,valid_from,valid_until,confidence\n"


@pytest.fixture
def feed(services: Services, tmp_path: Path) -> None:
    """Met in the lines are .1 and .2; .1 began to be valid after they came, .2 has ended since."""
    path = tmp_path / "feed.csv"
    text = HEAD + "203.0.113.1,2025-11-25T02:00:00Z,,90\n203.0.113.2,2020-01-01T00:00:00Z,2025-11-24T23:00:00Z,90\n"
    path.write_text(text, encoding="utf-8")
    file = os.open(path, os.O_RDONLY)
    try:
        perform(services, "ana", "intel.add", {"name": "feed", "path": str(path)}, file, lang="en")
    finally:
        os.close(file)


@pytest.mark.usefixtures("feed")
def test_new_indicators_are_found_in_old_events_and_ended_ones_are_not(services: Services, act: Act) -> None:
    bring_in(services, ssh_lines(210))
    shown = finished(act, str(act("hunt.start", intel=["feed"], since="30d")["id"]))
    items = found(act, str(shown["id"]))
    said = [each["match"] for each in items]
    assert {match["threat.indicator.name"] for match in said if isinstance(match, dict)} == {"203.0.113.1"}
    assert len(items) == sum(n % 3 > 0 and n % 7 == 1 for n in range(210))
    assert shown["by_rule"] == [
        {"rule_id": "intel:feed", "title": "Indicator hit: feed", "level": items[0]["level"], "count": len(items)}
    ]
