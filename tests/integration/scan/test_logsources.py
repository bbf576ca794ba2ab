"""A rule for one log source fires on no event of another: by what the record itself says, not by our own tables."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import pytest

from collectors.files import Damage, records
from collectors.registry import PARSERS
from detection.engine import Engine
from detection.oracle import NaiveEngine
from detection.rules import RuleSet, load
from shouwang.model import Logsource
from tests.integration.scan.test_sigmahq import ORIGIN
from tests.unit.detection.sample import rule_text

SYSMON = "Microsoft-Windows-Sysmon/Operational"
SYSMON_ONLY = {"registry_add": {"CreateKey"}, "registry_delete": {"DeleteKey", "DeleteValue"}}
"""Sysmon says all three under one number; what became of the key tells them apart."""
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")
ALSO: Mapping[str, set[tuple[str, int]]] = {
    "process_creation": {("Security", 4688)},
    "file_delete": {(SYSMON, 26)},
    "registry_event": {("Security", 4657)},
    "registry_set": {("Security", 4657)},
    "ps_module": {(channel, 4103) for channel in POWERSHELL},
    "ps_script": {(channel, 4104) for channel in POWERSHELL},
    "ps_classic_start": {("Windows PowerShell", 400)},
    "ps_classic_provider_start": {("Windows PowerShell", 600)},
    "ps_classic_script": {("Windows PowerShell", 800)},
}


@pytest.fixture(scope="module")
def facts(shared: Path) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads((shared / "sigma" / "windows_logsource_map.json").read_text())
    return found


@pytest.fixture(scope="module")
def one_of_each(sigma: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    """For each log source that SigmaHQ writes for a rule that would fire on everything."""
    folder = tmp_path_factory.mktemp("rules")
    sources = dict.fromkeys(rule.logsource for rule in sigma.rules)
    for number, source in enumerate(sources):
        named = {"product": source.product, "category": source.category, "service": source.service}
        said = json.dumps({part: value for part, value in named.items() if value})
        text = rule_text("s: {no_such_field: null}\ncondition: s", title=f"n{number}", logsource=said)
        (folder / f"{number}.yml").write_text(text, encoding="utf-8")
    found = load([folder])
    assert (len(found.rules), len(found.refused)) == (len(sources), 0)
    return found


def windows(shared: Path) -> Iterator[tuple[bytes, str, int, str]]:
    """Raw record, and what it says of itself: channel, number, and what became of a registry key."""
    logs = sorted((shared / "samples").rglob("*.evtx")) + sorted((shared / "sigma/regression_data").rglob("*.evtx"))
    for file in (shared / "samples" / "windows-mordor-20k.jsonl.zst", *logs):
        for number, piece in enumerate(records(file, "auto", name=file.name)):
            if isinstance(piece, Damage) or (number % 4 and file.suffix == ".zst"):
                continue
            doc = orjson.loads(piece.raw)
            system = doc.get("Event", {}).get("System", doc)
            data = (doc["Event"].get("EventData") or {}) if "Event" in doc else doc
            code = system["EventID"]
            code = code["#text"] if isinstance(code, dict) else code
            channel = system["Channel"].replace("security", "Security")
            yield piece.raw, channel, int(code), str(data.get("EventType", ""))


def may_see(rule: Logsource, channel: str, code: int, key: str, facts: Mapping[str, Mapping[str, object]]) -> bool:
    if rule.product not in (None, "windows"):
        return False
    if rule.service is not None and channel not in _listed(facts["service"].get(rule.service)):
        return False
    if rule.category is None:
        return True
    codes = _listed(facts["sysmon_category_eventid"].get(rule.category))
    if channel == SYSMON and code in codes:
        unsaid = not any(key in keys for keys in SYSMON_ONLY.values())  # NXLog has a use of its own for the name
        return rule.category not in SYSMON_ONLY or unsaid or key in SYSMON_ONLY[rule.category]
    return (channel, code) in ALSO.get(rule.category, set())


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def test_a_rule_sees_the_windows_events_of_its_log_source_and_no_other(
    one_of_each: RuleSet, shared: Path, facts: dict[str, dict[str, object]]
) -> None:
    engine, naive, seen = Engine(one_of_each, ()), NaiveEngine(one_of_each), set()
    for raw, channel, code, key in windows(shared):
        event = PARSERS["json"](raw, ORIGIN)
        fired = {rule.logsource for rule in engine.fired(event)}
        meant = {rule.logsource for rule in one_of_each.rules if may_see(rule.logsource, channel, code, key, facts)}
        assert fired == meant, (channel, code, key, fired ^ meant)
        assert {rule.logsource for rule in naive.fired(event)} == fired
        seen |= fired
    assert len(seen) >= 26, "log sources that the samples have"


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("OpenSSH_2k.log", {Logsource("linux", None, name) for name in (None, "sshd", "auth", "syslog")}),
        ("Apache_2k.log", {Logsource("apache"), Logsource(None, None, "apache"), Logsource(None, "webserver")}),
    ],
)
def test_a_rule_sees_lines_of_its_own_programs_alone(
    one_of_each: RuleSet, shared: Path, file: str, own: set[Logsource]
) -> None:
    engine, fired = Engine(one_of_each, ()), set()
    for piece in records(shared / "samples" / file, "auto", name=file):
        if not isinstance(piece, Damage):
            fired |= {rule.logsource for rule in engine.fired(PARSERS[piece.parser](piece.raw, ORIGIN))}
    assert fired, "no rule at all sees it"
    assert fired <= own
