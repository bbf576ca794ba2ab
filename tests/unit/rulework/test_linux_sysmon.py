"""What only Sysmon for Linux says reaches the rules that ask for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detection.rules import load
from shouwang.flows.rulechecking import check
from shouwang.flows.ruletesting import Outcome, Tally, run

RULE = """title: Test
id: 6b1c1c4e-8d3a-4a4b-9c1e-0d6b8a4c9f01
level: low
logsource: {product: linux, category: CATEGORY}
detection:
  a: {FIELD: VALUE}
  condition: a
tests:
  match: [{event: EVENT}]
"""


@pytest.mark.parametrize(
    ("category", "code", "field", "value"),
    [("process_creation", 1, "LogonId", "0"), ("network_connection", 3, "Initiated", "true")],
)
def test_a_field_of_sysmon_for_linux_is_found(tmp_path: Path, category: str, code: int, field: str, value: str) -> None:
    system = {
        "Provider": {"Name": "Linux-Sysmon"},
        "EventID": code,
        "Channel": "Linux-Sysmon/Operational",
        "Computer": "c",
    }
    event = {"Event": {"System": system, "EventData": {"Image": "/bin/sh", field: value}}}
    text = RULE.replace("CATEGORY", category).replace("FIELD", field).replace("VALUE", f"'{value}'")
    (tmp_path / "rule.yml").write_text(text.replace("EVENT", json.dumps(event)), encoding="utf-8")
    assert load([tmp_path]).refused == ()
    assert check([tmp_path]).problems == ()
    assert [(each.outcome, each.detail.en) for each in run([tmp_path], Tally())] == [(Outcome.PASSED, "")]
