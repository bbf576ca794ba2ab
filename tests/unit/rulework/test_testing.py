"""``rules test``: a rule's own events, expectations, SigmaHQ's cases, and what a CI system reads of it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from detection.rules import OWN_RULES
from shouwang.cli.main import main
from shouwang.flows.ruletesting import Outcome, Result, Tally, run
from shouwang.junit import Case, junit_xml

LINE = "Nov 24 08:15:30 gate-01 sshd[42]: {} password for root from 203.0.113.9 port 40001 ssh2"
FAILED, ACCEPTED = LINE.format("Failed"), LINE.format("Accepted")
RULE = """title: Ours
id: 6b1c1c4e-8d3a-4a4b-9c1e-0d6b8a4c9f01
name: ours
level: low
logsource: {product: linux, service: sshd}
detection:
  a: {event.action: ssh_login_failed}
  condition: a
"""
BRUTE = """title: Brute
id: 6b1c1c4e-8d3a-4a4b-9c1e-0d6b8a4c9f02
level: high
correlation:
  type: event_count
  rules: [ours]
  group-by: [source.ip]
  timespan: 1m
  condition: {gte: 3}
"""


def tried(tmp_path: Path, expect: Path | None = None) -> tuple[list[Result], Tally]:
    tested = Tally()
    return list(run([tmp_path], tested, expect=[expect] if expect else [])), tested


def write(tmp_path: Path, text: str, tests: str = "", name: str = "ours.yml") -> None:
    (tmp_path / name).write_text(text + tests, encoding="utf-8")


def said(results: list[Result]) -> list[tuple[str, int, str]]:
    return [(each.name, each.line, each.outcome.value) for each in results]


def test_each_record_that_must_and_must_not_match_is_one_test_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, RULE, f"tests:\n  match:\n    - raw: '{FAILED}'\n  no_match:\n    - raw: '{ACCEPTED}'\n")
    results, tested = tried(tmp_path)
    assert said(results) == [("match: 1", 11, "passed"), ("no_match: 1", 13, "passed")]
    assert (tested.rules, tested.untested) == (1, [])


def test_what_fails_says_why(tmp_path: Path) -> None:
    cron = FAILED.replace("sshd", "CRON")
    other = "Nov 24 08:15:30 gate-01 sshd[42]: Server listening"
    tests = f"tests:\n  match:\n    - raw: '{ACCEPTED}'\n    - raw: '{cron}'\n    - raw: '{other}'\n      name: quiet\n"
    write(tmp_path, RULE, tests + f"  no_match:\n    - raw: '{FAILED}'\n")
    results, _ = tried(tmp_path)
    assert [each.outcome for each in results] == [Outcome.FAILED] * 4
    details = [each.detail.en for each in results]
    assert details[0] == "should fire and does not: event.action: ssh_login_failed: event.action = ssh_login"
    assert "not of the log source" in details[1]
    assert "no event.action in the event" in details[2]
    assert details[3].startswith("should not fire and does: ")
    assert all(each.detail.zh for each in results)


def test_tests_may_stand_beside_the_rule_as_json_records_or_files(tmp_path: Path) -> None:
    write(tmp_path, RULE.replace("{product: linux, service: sshd}", "{product: windows, service: security}"))
    rule = (
        (tmp_path / "ours.yml").read_text(encoding="utf-8").replace("event.action: ssh_login_failed", "EventID: 4625")
    )
    (tmp_path / "ours.yml").write_text(rule, encoding="utf-8")
    event = {"Event": {"System": {"EventID": 4625, "Channel": "Security", "Computer": "c"}, "EventData": {}}}
    (tmp_path / "two.json").write_text(json.dumps(event).replace("4625", "1") + "\n" + json.dumps(event))
    record = f"  - name: a record\n    event: {json.dumps(event)}\n"
    tests = f"match:\n{record}  - file: two.json\nno_match:\n  - file: two.json\n"
    (tmp_path / "ours.test.yml").write_text(tests, encoding="utf-8")
    results, _ = tried(tmp_path)
    assert [(each.name, each.outcome.value, each.path.name) for each in results] == [
        ("match: a record", "passed", "ours.test.yml"),
        ("match: 2", "passed", "ours.test.yml"),
        ("no_match: 1", "failed", "ours.test.yml"),
    ]


@pytest.mark.parametrize(
    ("tests", "line", "reason"),
    [
        ("tests: [x]\n", 9, "tests must be a map"),
        ("tests:\n  match:\n    - rwa: x\n", 11, "'rwa' is not known here"),
        ("tests:\n  match:\n    - {raw: x, file: y}\n", 11, "one of raw, event and file"),
        ("tests:\n  match:\n    - {raw: x, parser: nope}\n", 11, "there is no parser 'nope'"),
        ("tests:\n  match:\n    - {file: nope.log}\n", 11, "cannot be read"),
        ("tests:\n  match:\n    - {file: /etc/passwd}\n", 11, "a path from the rule's folder"),
        ("tests:\n  match:\n    - {raw: x, at: '25:00'}\n", 11, "a time of day"),
        ("tests:\n  match:\n    - {raw: x, repeat: 100000}\n", 11, "from 1 to 1000"),
        ("tests:\n  fires: []\n", 10, "'fires' is not known here"),
    ],
)
def test_a_test_that_cannot_be_run_is_an_error_with_its_line(
    tmp_path: Path, tests: str, line: int, reason: str
) -> None:
    write(tmp_path, RULE, tests)
    (result,), _ = tried(tmp_path)
    assert (result.outcome, result.line) == (Outcome.ERROR, line)
    assert reason in result.detail.en


def scene(every_s: int, more: str = "") -> str:
    return f"    - events: [{{raw: '{FAILED}', repeat: 4, every_s: {every_s}}}]\n{more}"


def test_a_correlation_is_tried_on_a_sequence_with_exact_counts(tmp_path: Path) -> None:
    write(tmp_path, RULE)
    fires = "tests:\n  fires:\n" + scene(5, "      count: 4\n      group: {source.ip: 203.0.113.9}\n")
    write(tmp_path, BRUTE, fires + "  quiet:\n" + scene(50), "brute.yml")
    results, tested = tried(tmp_path)
    assert [each.outcome.value for each in results] == ["passed", "passed"]
    assert [rule.title for rule in tested.untested] == ["Ours"]
    write(tmp_path, BRUTE, fires.replace("count: 4", "count: 3") + "  quiet:\n" + scene(5), "brute.yml")
    results, _ = tried(tmp_path)
    assert [each.detail.en for each in results] == [
        "3 events should count, 4 do",
        "should not fire and does: source.ip=203.0.113.9 (4)",
    ]
    other = fires.replace("{source.ip: 203.0.113.9}", "{source.ip: 10.0.0.1}")
    write(tmp_path, BRUTE, other, "brute.yml")
    assert "should be source.ip=10.0.0.1 and is source.ip=203.0.113.9" in tried(tmp_path)[0][0].detail.en


def test_a_folder_of_expectations_says_which_rules_fire_on_files(tmp_path: Path) -> None:
    rules, expect = tmp_path / "rules", tmp_path / "expect"
    rules.mkdir()
    expect.mkdir()
    write(rules, RULE)
    write(rules, BRUTE, name="brute.yml")
    lines = [FAILED.replace("15:30", f"15:{second}") for second in range(30, 34)]
    (expect / "attack.log").write_text("\n".join([*lines, ACCEPTED]), encoding="utf-8")
    written = "events: attack.log\nfires: {ours: 4, Brute: 4}\nonly: true\n---\nevents: [attack.log]\nquiet: [ours]\n"
    (expect / "day.expect.yml").write_text(written, encoding="utf-8")
    tested = Tally()
    results = list(run([rules], tested, expect=[expect]))
    assert said(results) == [
        ("fires: Ours", 2, "passed"),
        ("fires: Brute", 2, "passed"),
        ("only", 3, "passed"),
        ("quiet: Ours", 6, "failed"),
    ]
    (expect / "day.expect.yml").write_text("events: attack.log\nfires: [brote]\n", encoding="utf-8")
    (result,) = run([rules], tested, expect=[expect])
    assert (result.outcome, result.detail.en) == (Outcome.ERROR, "fires: the rule 'brote' is not loaded")


def test_rules_of_the_folder_one_stands_in_are_tested_like_those_of_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, RULE, f"tests:\n  match:\n    - raw: '{FAILED}'\n")
    monkeypatch.chdir(tmp_path)
    tested = Tally()
    assert said(list(run([Path()], tested))) == [("match: 1", 11, "passed")]
    assert tested.rules == 1


def test_a_rule_that_is_refused_is_an_error_since_its_tests_cannot_be_run(tmp_path: Path) -> None:
    rules, beside = tmp_path / "rules", tmp_path / "beside"
    rules.mkdir()
    beside.mkdir()
    write(rules, RULE, f"tests:\n  match:\n    - raw: '{FAILED}'\n")
    broken = RULE.replace("9f01", "9f05").replace("condition: a", "condition: b")
    write(rules, broken, name="broken.yml")
    write(beside, broken, name="broken.yml")
    pipeline = tmp_path / "pipe.yml"
    pipeline.write_text("name: p\ntransformations:\n  - {id: a, type: nothing}\n", encoding="utf-8")
    results = list(run([rules], Tally(), beside=[beside], pipelines=[pipeline]))
    assert [(each.path.name, each.name, each.outcome.value) for each in results] == [
        ("pipe.yml", "load", "error"),
        ("broken.yml", "load", "error"),
        ("ours.yml", "match: 1", "passed"),
    ]
    assert results[1].line == 8


def test_every_regression_case_of_sigmahq_passes(shared: Path) -> None:
    tested = Tally()
    results = list(run([shared / "sigma"], tested, placeholders={"known_cdcs": ["x"]}))
    assert [each for each in results if each.outcome is not Outcome.PASSED] == []
    assert len({each.path for each in results}) == 101


def test_all_our_own_rules_pass_and_none_is_without_a_test() -> None:
    tested = Tally()
    results = list(run([OWN_RULES], tested))
    assert [each for each in results if each.outcome is not Outcome.PASSED] == []
    assert tested.untested == []
    assert len(results) > 1000


def test_junit_xml_counts_names_and_escapes() -> None:
    cases = [
        Case("a.yml", "good"),
        Case("a.yml", 'bad <"&\x1b', 0.5, "a.yml", 3, "no\nway ]]> \x00"),
        Case("b.yml", "odd", failure="x", is_error=True),
    ]
    root = ElementTree.fromstring(junit_xml(cases, name="all"))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    assert [(suite.get("name"), len(suite)) for suite in root] == [("a.yml", 2), ("b.yml", 1)]
    bad = root[0][1]
    assert (bad.get("name"), bad.get("file"), bad.get("line"), bad.get("time")) == (
        'bad <"&\\x1b',
        "a.yml",
        "3",
        "0.500",
    )
    assert bad[0].tag == "failure"
    assert bad[0].get("message") == "no\nway ]]> \\x00"
    assert root[1][0][0].tag == "error"


def test_the_command_fails_when_a_test_does_and_writes_for_ci(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, RULE, f"tests:\n  match:\n    - raw: '{ACCEPTED}'\n")
    report = tmp_path / "report.xml"
    assert main(["rules", "test", str(tmp_path), "--junit", str(report), "--lang", "zh"]) == 1
    assert "应命中而未命中" in capsys.readouterr().out
    assert ElementTree.parse(report).getroot().get("failures") == "1"
    write(tmp_path, RULE, f"tests:\n  match:\n    - raw: '{FAILED}'\n")
    write(tmp_path, BRUTE, name="brute.yml")
    assert main(["rules", "test", str(tmp_path)]) == 0
    assert main(["rules", "test", str(tmp_path), "--require"]) == 1
    capsys.readouterr()
    assert main(["rules", "test", str(tmp_path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["outcome"] for each in answer["results"]] == ["passed"]
    assert [each["title"] for each in answer["untested"]] == ["Brute"]
    write(tmp_path, BRUTE.replace("[ours]", "[nobody]"), name="brute.yml")
    assert main(["rules", "test", str(tmp_path), "--lang", "en"]) == 1
    assert "ERROR" in capsys.readouterr().out
    (tmp_path / "ours.yml").write_text("title: [", encoding="utf-8")
    (tmp_path / "brute.yml").unlink()
    assert main(["rules", "test", str(tmp_path)]) == 3
