"""Our table of Windows logsources against the facts of Sigma's own pipelines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collectors.shapes.windows_logsources import windows_logsources
from shouwang.model import Logsource

SYSMON = ("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon")
KEY_EVENTS = {"registry_add": "CreateKey", "registry_delete": "DeleteKey"}


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict[str, dict[str, object]]:
    held: dict[str, dict[str, object]] = json.loads((shared / "sigma" / "windows_logsource_map.json").read_text())
    return held


def listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def test_every_channel_serves_its_service(facts: dict[str, dict[str, object]]) -> None:
    for service, channels in facts["service"].items():
        for channel in listed(channels):
            rule = Logsource("windows", None, service)
            provider = SYSMON[1] if service == "sysmon" else "Some-Provider"
            own = windows_logsources(str(channel), provider, "1", "")
            assert any(rule.covers(each) for each in own), channel


def test_every_sysmon_event_is_in_its_categories(facts: dict[str, dict[str, object]]) -> None:
    for category, codes in facts["sysmon_category_eventid"].items():
        for code in listed(codes):
            own = windows_logsources(*SYSMON, str(code), KEY_EVENTS.get(category, ""))
            assert Logsource("windows", category, "sysmon") in own, (category, code)


def test_a_deletion_rule_does_not_see_a_created_key() -> None:
    created = windows_logsources(*SYSMON, "12", "CreateKey")
    assert Logsource("windows", "registry_delete", "sysmon") not in created
    deleted = windows_logsources(*SYSMON, "12", "DeleteValue")
    assert Logsource("windows", "registry_add", "sysmon") not in deleted
