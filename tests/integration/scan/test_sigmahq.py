"""SigmaHQ's rules and regression cases, through the path that a live event takes."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
import yaml

from collectors.files import Damage, records
from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.shapes.windows_logsources import pairs
from detection.engine import Engine
from detection.naive import holds
from detection.oracle import meant_for
from detection.rules import RuleSet, load
from shouwang.model import Event, Shape, Value

ORIGIN = Origin("file:test", 0, 0, ZoneInfo("Asia/Shanghai"), live=False)
NO_VALUES_HERE = {
    "win_security_adcs_certighost_cdc_chase_request.yml",
    "win_security_adcs_certighost_cert_issued_via_chase.yml",
}
"""They need %known_cdcs%, a list of the site's own."""


@pytest.fixture(scope="module")
def engine(sigma: RuleSet) -> Engine:
    return Engine(sigma, ())


def cases(shared: Path, suffix: str) -> Iterator[tuple[str, Path]]:
    for info in sorted((shared / "sigma" / "regression_data").rglob("info.yml")):
        rule_id = yaml.safe_load(info.read_text(encoding="utf-8"))["rule_metadata"][0]["id"]
        for file in info.parent.glob(f"*.{suffix}"):
            yield rule_id, file


def events(path: Path) -> Iterator[Event]:
    for piece in records(path):
        assert not isinstance(piece, Damage), piece
        yield PARSERS[piece.parser](piece.raw, ORIGIN)


def fired(engine: Engine, seen: Iterator[Event]) -> set[str]:
    return {rule.id for event in seen for rule in engine.fired(event)}


@pytest.mark.parametrize(("suffix", "number"), [("evtx", 100), ("json", 100), ("raw", 1)])
def test_every_regression_case_fires_its_rule(engine: Engine, shared: Path, suffix: str, number: int) -> None:
    found = list(cases(shared, suffix))
    assert len(found) == number
    assert [file.name for rule_id, file in found if rule_id not in fired(engine, events(file))] == []
    assert not engine.faults


def flat(event: Mapping[str, Value]) -> dict[str, Value]:
    system, data = _parts(event)
    return {
        **data,
        "EventTime": "2026-11-24 08:15:30",
        "Hostname": system["Computer"],
        "Channel": system["Channel"],
        "EventID": system["EventID"],
        "SourceName": system["Provider"],
    }


def winlogbeat(event: Mapping[str, Value]) -> dict[str, Value]:
    system, data = _parts(event)
    named: dict[str, Value] = {
        "channel": system["Channel"],
        "provider_name": system["Provider"],
        "event_id": str(system["EventID"]),
        "computer_name": system["Computer"],
        "event_data": data,
    }
    return {"@timestamp": "2026-11-24T00:15:30.123Z", "winlog": named, "event": {"code": str(system["EventID"])}}


def winlogbeat6(event: Mapping[str, Value]) -> dict[str, Value]:
    system, data = _parts(event)
    return {
        "@timestamp": "2026-11-24T00:15:30.123Z",
        "log_name": system["Channel"],
        "source_name": system["Provider"],
        "event_id": system["EventID"],
        "computer_name": system["Computer"],
        "event_data": data,
    }


def _parts(event: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    whole = event["Event"]
    assert isinstance(whole, dict)
    system = whole["System"]
    data = whole.get("EventData")
    assert isinstance(system, dict)
    provider = system["Provider"]
    assert isinstance(provider, dict)
    attributes = provider["#attributes"]
    assert isinstance(attributes, dict)
    found = {key: value for key, value in data.items() if key != "#attributes"} if isinstance(data, dict) else {}
    code = system["EventID"]
    return {
        **system,
        "EventID": code["#text"] if isinstance(code, dict) else code,
        "Provider": attributes["Name"],
    }, found


@pytest.mark.parametrize("dialect", [flat, winlogbeat, winlogbeat6])
def test_every_regression_case_fires_its_rule_in_the_dialects_of_shippers(
    engine: Engine, shared: Path, dialect: object
) -> None:
    assert callable(dialect)
    missed = []
    for rule_id, file in cases(shared, "json"):
        whole = [orjson.loads(piece.raw) for piece in records(file) if not isinstance(piece, Damage)]
        if not any(isinstance(each["Event"].get("EventData"), dict) for each in whole):
            continue
        seen = (PARSERS["json"](orjson.dumps(dialect(each)), ORIGIN) for each in whole)
        if rule_id not in fired(engine, seen):
            missed.append(file.name)
    assert missed == []


def test_the_document_and_its_ecs_view_give_the_same_matches(engine: Engine, shared: Path) -> None:
    for _, file in cases(shared, "evtx"):
        for event in events(file):
            view = Event(
                time_us=event.time_us,
                received_us=event.received_us,
                source=event.source,
                shape=Shape(
                    dataset=event.shape.dataset,
                    parser=event.shape.parser,
                    logsources=event.shape.logsources,
                    paths={},
                    prefixes=(("", ()),),
                ),
                doc=event.fields(),
                raw=event.raw,
            )
            assert engine.fired(view) == engine.fired(event)


def test_the_engine_agrees_with_the_plain_reading_of_every_rule(engine: Engine, sigma: RuleSet, shared: Path) -> None:
    for _, file in list(cases(shared, "evtx"))[::4]:
        for event in events(file):
            plain = [rule for rule in sigma.rules if meant_for(rule, event.shape) and holds(rule.condition, event)]
            assert engine.fired(event) == plain


def test_nearly_every_rule_is_loaded_and_the_rest_for_a_reason(sigma: RuleSet) -> None:
    loaded = Counter(next(part for part in rule.path.parts if part.startswith("rules")) for rule in sigma.rules)
    assert loaded == {"rules": 3141, "rules-emerging-threats": 471, "rules-threat-hunting": 140}
    assert Counter(refusal.reason.en for refusal in sigma.refused) == {"placeholder %known_cdcs% has no values here": 2}
    assert {refusal.path.name for refusal in sigma.refused} == NO_VALUES_HERE


def test_every_windows_rule_is_of_a_logsource_that_some_event_has(sigma: RuleSet) -> None:
    """But for two categories of the Kernel-File trace, which no event log carries."""
    given = list(pairs())
    windows = [rule for rule in sigma.rules if rule.logsource.product == "windows"]
    blind = [rule for rule in windows if not any(rule.logsource.covers(source) for source in given)]
    assert Counter(rule.logsource.category for rule in blind) == {"file_access": 13, "file_rename": 2}
    for category in ("ps_script", "ps_module", "ps_classic_start", "ps_classic_provider_start"):
        assert any(source.category == category for source in given)


def test_placeholders_given_by_the_site_let_the_rest_load(shared: Path) -> None:
    folder = shared / "sigma" / "rules-emerging-threats" / "2026"
    assert load([folder], placeholders={"known_cdcs": ["dc-1"]}).refused == ()


READY = """
import sys
from pathlib import Path
import shouwang.cli.offline_scan
from detection.rules import load
print(len(load([Path(sys.argv[1])], cache=Path(sys.argv[2])).rules), "sigma" in sys.modules, "yaml" in sys.modules)
"""
"""What scan does before it reads its first line."""


def test_rules_that_did_not_change_are_neither_parsed_nor_is_a_parser_loaded(shared: Path, tmp_path: Path) -> None:
    def ready() -> list[str]:
        command = [sys.executable, "-c", READY, str(shared / "sigma" / "rules" / "windows"), str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    assert ready() == ["2407", "True", "True"]
    assert ready() == ["2407", "False", "False"]


def test_no_rule_fires_on_an_event_of_another_logsource(engine: Engine, shared: Path) -> None:
    for file in sorted((shared / "samples" / "evtx").glob("*.evtx"))[:6]:
        for piece in records(file):
            if isinstance(piece, Damage):
                continue
            event = PARSERS[piece.parser](piece.raw, ORIGIN)
            assert all(meant_for(rule, event.shape) for rule in engine.fired(event))
    web = PARSERS["access"](
        b'203.0.113.5 - - [24/Nov/2026:08:15:30 +0800] "GET /?cmd=whoami+/all HTTP/1.1" 200 5 "-" "x"', ORIGIN
    )
    assert {rule.logsource.category for rule in engine.fired(web)} <= {"webserver"}
