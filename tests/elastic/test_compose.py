"""The settings of compose.yaml are settings that the server knows: an unknown one stops its start."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.elastic.secured import Secured


def test_the_server_knows_every_setting(elastic_tls: Secured) -> None:
    found = yaml.safe_load((Path(__file__).parents[2] / "compose.yaml").read_text(encoding="utf-8"))
    used = {name for name in found["services"]["es1"]["environment"] if name != "ELASTIC_PASSWORD"}
    known = elastic_tls.ask("/_cluster/settings?include_defaults=true&flat_settings=true")["defaults"]
    assert isinstance(known, dict)
    assert used - set(known) - set(elastic_tls.settings) == set()  # it started with those that it does not show
