"""``rules coverage`` and ``rules scorecard``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from detection.authoring.attack import TACTICS, techniques
from detection.authoring.coverage import by_tactic, by_technique, layer
from detection.authoring.scoring import Score, ordered
from detection.rules import OWN_RULES, load
from shouwang.api.table import perform
from shouwang.cli.main import main
from shouwang.clock import ManualClock
from shouwang.home import Home
from shouwang.model import Value
from shouwang.wiring import Services
from tests.unit.state import conftest as homes

clock, home, services = homes.clock, homes.home, homes.services
Act = Callable[..., dict[str, Value]]


def maps(value: Value) -> list[dict[str, Value]]:
    assert isinstance(value, list)
    return [each for each in value if isinstance(each, dict)]


@pytest.fixture
def act(services: Services) -> Act:
    def run(asked: str, /, **args: Value) -> dict[str, Value]:
        result = perform(services, "ana", asked, args, lang="en")
        assert isinstance(result, dict)
        return result

    return run


def rules_with(tmp_path: Path, *tags: str) -> Path:
    for number, written in enumerate(tags):
        (tmp_path / f"{number}.yml").write_text(
            f"title: Rule {number}\nid: 00000000-0000-4000-8000-00000000000{number}\nlevel: low\ntags: [{written}]\n"
            f"logsource: {{product: linux, service: sshd}}\ndetection: {{a: {{user.name: x{number}}}, condition: a}}\n",
            encoding="utf-8",
        )
    return tmp_path


def test_a_layer_scores_techniques_by_number_of_rules_and_names_them(tmp_path: Path) -> None:
    folder = rules_with(tmp_path, "attack.t1110.001, attack.credential-access", "attack.t1110.001", "attack.t0814", "")
    found = by_technique(load([folder]).rules)
    titles = {number: [rule.title for rule in rules] for number, rules in found.items()}
    made = layer(titles, "enterprise", "Ours")
    assert made["versions"] == {"attack": "19", "navigator": "5.1.0", "layer": "4.5"}
    assert made["domain"] == "enterprise-attack"
    (technique,) = maps(made["techniques"])
    assert (technique["techniqueID"], technique["score"]) == ("T1110.001", 2)
    assert technique["comment"] == "Rule 0\nRule 1"
    assert [each["techniqueID"] for each in maps(layer(titles, "ics", "Ours")["techniques"])] == ["T0814"]


def test_a_number_that_went_counts_for_what_took_its_place(tmp_path: Path) -> None:
    folder = rules_with(tmp_path, "attack.t1562.001, attack.t1685", "attack.t9999")
    assert {number: len(rules) for number, rules in by_technique(load([folder]).rules).items()} == {"T1685": 1}


def test_each_tactic_has_its_techniques_and_none_is_counted_twice(tmp_path: Path) -> None:
    folder = rules_with(tmp_path, "attack.t1110.001", "attack.t1110")
    tactics = {each.name: each for each in by_tactic(by_technique(load([folder]).rules))}
    assert list(tactics) == list(TACTICS)
    assert (tactics["credential-access"].covered, tactics["credential-access"].rules) == (2, 2)
    assert sum(each.covered for each in tactics.values()) == 2
    assert all(each.total > 10 for each in tactics.values())


def test_the_table_of_techniques_holds_together() -> None:
    known = techniques()
    assert len(known) > 700
    for number, each in known.items():
        assert each.gone or each.tactics, number
        assert not each.successor or not known[each.successor].gone, number


def test_rules_that_no_event_reaches_are_told(services: Services, act: Act) -> None:
    def bring(raw: bytes, name: str) -> None:
        services.new_importer(lambda _records: None).run(io.BytesIO(raw), name, "auto", homes.NOON_US)

    bring(b"Nov 25 11:00:00 gate-01 sshd[42]: Failed password for root from 203.0.113.9 port 40001 ssh2\n", "auth.log")
    said = act("rules.coverage", since="9000d")
    assert {each["logsource"]: each["events"] for each in maps(said["seen"])}["product=linux service=sshd"] == 1
    blind = {str(each["title"]) for each in maps(said["blind_rules"])}
    assert "SSH login failed" not in blind
    assert len(blind) > 50
    assert said["reached_rules"] == len(services.ruleset.rules) - len(blind)
    event = {"Event": {"System": {"EventID": 1102, "Channel": "Security", "Provider": {"Name": "x"}, "Computer": "c"}}}
    bring(json.dumps(event).encode(), "x.json")
    then = {str(each["title"]) for each in maps(act("rules.coverage", since="9000d")["blind_rules"])}
    assert then < blind
    assert all("windows" in str(rule.logsource) for rule in services.ruleset.rules if rule.title in blind - then)


def test_the_command_writes_a_layer_of_files_without_a_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "layer.json"
    assert main(["rules", "coverage", "--rules", str(OWN_RULES), "--out", str(out), "--lang", "zh"]) == 0
    assert "凭据访问" in capsys.readouterr().out
    assert len(json.loads(out.read_text(encoding="utf-8"))["techniques"]) > 50


# ------------------------------------------------------------------------------------------------ scores


@pytest.mark.parametrize(
    ("true", "false", "authorised", "verdict"),
    [
        (4, 0, 0, "too few"),
        (5, 0, 0, "keep"),
        (3, 3, 0, "tune"),
        (3, 0, 3, "tune"),
        (0, 5, 0, "retire"),
        (1, 20, 0, "tune"),
        (0, 4, 1, "tune"),
    ],
)
def test_a_proposal_follows_the_stated_thresholds(true: int, false: int, authorised: int, verdict: str) -> None:
    score = Score("r", "R", "low", true=true, false_positive=false, authorised=authorised, duplicate=50, open=50)
    assert score.verdict == verdict


def test_what_asks_for_a_decision_comes_first() -> None:
    keep, retire = Score("a", "A", "low", fired=9, true=9), Score("b", "B", "low", fired=5, false_positive=5)
    assert ordered([keep, Score("c", "C", "low", fired=50), retire]) == [retire, keep, Score("c", "C", "low", fired=50)]


def test_scores_come_from_what_became_of_the_alerts(services: Services, act: Act, clock: ManualClock) -> None:
    lines = (
        b"Nov 25 11:%02d:00 gate-0%d sudo:  eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=sh\n"
        % (n, n)
        for n in range(6)
    )
    for line in lines:
        services.new_importer(lambda _records: None).run(io.BytesIO(line), "auth.log", "syslog", homes.NOON_US)
    services.alerting.step()
    incidents = [str(each["id"]) for each in maps(act("incidents.list")["incidents"])]
    assert incidents
    clock.advance(600)
    for id in incidents:
        act("incidents.claim", id=id)
        act("incidents.triage", id=id, disposition="false_positive", reason="a test")
    said = act("rules.scorecard", since="9000d")
    scores = {str(each["title"]): each for each in maps(said["rules"])}
    (score,) = [each for each in scores.values() if each["false_positive"]]
    assert score["fired"] == score["false_positive"] == score["judged"] == 6
    assert (score["verdict"], score["false_share"], score["median_claim_minutes"]) == ("retire", 1.0, 10.0)
    assert said["thresholds"] == {"least_judged": 5, "tune_from": 0.5, "retire_from": 0.9}
    assert act("rules.scorecard", since="9000d", until="8000d")["rules"] == []


def test_the_card_is_a_markdown_table_that_says_its_thresholds(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "scorecard", "--home", str(home.path), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("# Scorecard of rules")
    assert "| proposal | rule |" in said
    assert "Proposed from 5 judged alerts on" in said
    assert "People decide." in said
