"""A count that may be too small says so wherever it is shown."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shouwang.cli.main import main
from shouwang.clock import ManualClock
from shouwang.config import load
from shouwang.home import Home
from shouwang.wiring import build
from tests.unit.state.samples import ALERT


@pytest.mark.parametrize("at_least", [True, False])
def test_the_commands_mark_it(
    home: Home, clock: ManualClock, capsys: pytest.CaptureFixture[str], *, at_least: bool
) -> None:
    with build(home, load(home.config), clock) as services, services.state.work() as tx:
        tx.alerts.put(replace(ALERT, id="A-1", count=141, at_least=at_least))
    for words in (["alerts", "list"], ["alerts", "show", "A-1"]):
        assert main([*words, "--home", str(home.path), "--lang", "en"]) == 0
        assert (">=141" in capsys.readouterr().out) is at_least
    assert main(["alerts", "show", "A-1", "--json", "--home", str(home.path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["count"], said["at_least"]) == (141, at_least)
