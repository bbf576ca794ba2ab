"""``rules check``: what it finds, where, and what it leaves in peace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detection.rules import OWN_RULES
from shouwang.cli.main import main
from shouwang.flows.rulechecking import Checked, check

HEAD = "title: Test\nid: 6b1c1c4e-8d3a-4a4b-9c1e-0d6b8a4c9f01\nlevel: low\n"


def checked(tmp_path: Path, text: str, *, own: bool = False) -> Checked:
    (tmp_path / "rule.yml").write_text(text, encoding="utf-8")
    return check([tmp_path], own=own)


def found(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    return [(each.line, each.code) for each in checked(tmp_path, text).problems]


def rule(body: str, source: str = "{product: linux, service: sshd}") -> str:
    return f"{HEAD}logsource: {source}\ndetection:\n{body}"


GOOD = rule("  a: {event.action: ssh_login}\n  condition: a\n")


def test_a_good_rule_has_no_problems(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD) == []


def test_a_refused_document_is_named_with_line_reason_and_advice(tmp_path: Path) -> None:
    text = rule("  a:\n    event.action|foo: x\n  condition: a\n")
    (problem,) = checked(tmp_path, text).problems
    assert (problem.line, problem.code, problem.weight.name) == (7, "refused", "ERROR")
    assert "unknown modifier 'foo'" in problem.what.en
    assert problem.do.zh
    assert problem.do.en


def test_a_field_that_no_such_event_has_is_named_with_what_may_be_meant(tmp_path: Path) -> None:
    windows = "{product: windows, category: process_creation}"
    text = rule("  a:\n    Image: x\n    Imgae|endswith: y\n  condition: a\n", windows)
    (problem,) = checked(tmp_path, text).problems
    assert (problem.line, problem.code) == (8, "unknown-field")
    assert problem.do.en == "did you mean: Image?"
    text = rule("  a:\n    - source.ip: x\n    - source.ipp: y\n  condition: a\n")
    assert found(tmp_path, text) == [(8, "unknown-field")]


def test_fields_of_open_families_are_anybodys(tmp_path: Path) -> None:
    security = "{product: windows, service: security}"
    assert found(tmp_path, rule("  a: {WhateverData: 1}\n  condition: a\n", security)) == []
    assert found(tmp_path, rule("  a: {key: x}\n  condition: a\n", "{product: linux, service: auditd}")) == []


def test_the_other_side_of_a_fieldref_is_a_field_too(tmp_path: Path) -> None:
    assert found(tmp_path, rule("  a: {user.name|fieldref: user.nam}\n  condition: a\n")) == [(6, "unknown-field")]


def test_a_log_source_that_nothing_gives_is_named(tmp_path: Path) -> None:
    (problem,) = checked(tmp_path, rule("  a: {x: 1}\n  condition: a\n", "{product: linux, service: shd}")).problems
    assert (problem.line, problem.code) == (4, "unread-logsource")
    assert "service=sshd" in problem.do.en


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("  a: {user.name: x}\n  b: {user.name|startswith: x}\n  condition: a and not b\n", "never"),
        ("  a: {user.name: x}\n  b: {user.name: y}\n  condition: a and b\n", "never"),
        ("  a: {user.name: x}\n  condition: a or not a\n", "always"),
        ("  a: {user.name: x}\n  condition: not a\n", "negative"),
    ],
)
def test_a_condition_without_sense_is_named_at_its_line(tmp_path: Path, body: str, code: str) -> None:
    line = rule(body).splitlines().index(body.splitlines()[-1]) + 1
    assert found(tmp_path, rule(body)) == [(line, code)]


def test_a_selection_that_is_not_used_is_named(tmp_path: Path) -> None:
    body = "  a1: {user.name: x}\n  _b: {user.name: y}\n  condition: 1 of them\n"
    assert found(tmp_path, rule(body)) == [(7, "unused-selection")]
    assert found(tmp_path, rule(body.replace("1 of them", "1 of a* or _b"))) == []


@pytest.mark.parametrize(
    ("tag", "do"),
    [
        ("attack.t1562.001", "write attack.t1685"),
        ("attack.t9999", "look it up: https://attack.mitre.org/techniques/"),
        ("attack.defense-evasion", "write attack.stealth / attack.defense-impairment"),
        ("attack.initial_access", "write attack.initial-access"),
        ("attack.t0814", ""),
        ("attack.g0049", ""),
        ("attack.t1110.001", ""),
        ("cve.2021-44228", ""),
    ],
)
def test_tags_that_attack_does_not_know_are_named_with_what_took_their_place(tmp_path: Path, tag: str, do: str) -> None:
    problems = checked(tmp_path, GOOD + f"tags: [{tag}]\n").problems
    assert [each.do.en for each in problems] == ([do] if do else [])


def test_missing_ids_and_levels_and_twins_are_named(tmp_path: Path) -> None:
    assert found(tmp_path, GOOD.replace("id: 6", "#").replace("level: low", "#")) == [(1, "no-id"), (1, "no-level")]
    twin = GOOD.replace("title: Test", "title: Other").replace("9f01", "9f02")
    assert found(tmp_path, f"{GOOD}---\n{twin}") == [(9, "twin")]
    assert [code for _, code in found(tmp_path, f"{GOOD}---\n{GOOD}")] == ["refused"]


def test_own_rules_must_have_more(tmp_path: Path) -> None:
    codes = {each.code for each in checked(tmp_path, GOOD, own=True).problems}
    assert codes == {"no-title-zh", "no-description", "no-falsepositives", "no-tests"}
    assert check([OWN_RULES], own=True).problems == ()


def test_tests_beside_rules_are_not_taken_for_rules(tmp_path: Path) -> None:
    (tmp_path / "rule.test.yml").write_text("match: []\n", encoding="utf-8")
    (tmp_path / "regression_data").mkdir()
    (tmp_path / "regression_data" / "info.yml").write_text("id: x\n", encoding="utf-8")
    assert found(tmp_path, GOOD) == []


def test_fields_of_filters_are_looked_at(tmp_path: Path) -> None:
    body = "filter:\n  rules: any\n  ours: {source.ipp: 10.0.0.1}\n  condition: not ours\n"
    text = f"{GOOD}---\ntitle: Ours\nlogsource: {{product: linux, service: sshd}}\n{body}"
    assert found(tmp_path, text) == [(13, "unknown-field")]


def test_the_exit_code_says_whether_something_is_in_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rule.yml"
    file.write_text(GOOD.replace("id: 6", "#"), encoding="utf-8")
    assert main(["rules", "check", str(file)]) == 0
    assert main(["rules", "check", "--strict", str(file)]) == 1
    assert main(["rules", "check", "--strict", "--ignore", "no-id", str(file)]) == 0
    assert main(["rules", "check", str(tmp_path / "nowhere")]) == 2
    file.write_text("title: [", encoding="utf-8")
    capsys.readouterr()
    assert main(["rules", "check", "--json", "--lang", "en", str(file)]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(each["line"], each["code"], each["weight"]) for each in said["problems"]] == [(2, "refused", "error")]


def test_pipelines_and_placeholders_of_ones_own_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline, file = tmp_path / "fields.pipeline", tmp_path / "rule.yml"
    pipeline.write_text("transformations: [{type: field_name_mapping, mapping: {Wer: user.name}}]\n", encoding="utf-8")
    file.write_text(rule("  a: {Wer|expand: '%admins%', Was: x}\n  condition: a\n"), encoding="utf-8")
    command = ["rules", "check", "--lang", "en", str(file)]
    assert main(command) == 1
    assert "placeholder %admins% has no values" in capsys.readouterr().out
    assert main([*command, "--pipeline", str(pipeline), "--placeholder", "admins=root"]) == 0
    said = capsys.readouterr().out
    assert "has the field Was" in said
    assert "has the field Wer" not in said
    assert main([*command, "--placeholder", "admins"]) == 2


def test_sigmahqs_rules_are_found_good_but_for_fields_that_sysmon_has_not(shared: Path) -> None:
    rules = shared / "sigma" / "rules" / "windows"
    told = check([rules / "process_access", rules / "create_remote_thread", rules / "registry"])
    assert len(told.ruleset.rules) > 200
    fields = {each.what.en.split(" has the field ")[1].split()[0] for each in told.problems}
    assert fields == {"SourceCommandLine", "SourceParentImage", "TargetParentProcessId"}
