"""``rules explain``: the tree says what the engine does, in the rule's words; a terminal obeys nothing of it."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC
from pathlib import Path

import pytest

from detection.engine import Engine
from detection.rules import OWN_RULES, load
from detection.ruleset import Correlation, Rule
from shouwang.cli.answer import Answer
from shouwang.cli.explanation import Drawing
from shouwang.cli.main import main
from shouwang.errors import UsageError
from shouwang.flows.ruleexplaining import events_of, find, told, told_correlation
from shouwang.model import Event, Value
from shouwang.words import NOTHING

FAILED = b"<86>Nov 24 08:15:30 gate-01 sshd[4242]: Failed password for root from 203.0.113.9 port 40001 ssh2\n"
ACCEPTED = FAILED.replace(b"Failed", b"Accepted")
RULE = """title: Ours
id: 6b1c1c4e-8d3a-4a4b-9c1e-0d6b8a4c9f01
name: ours
logsource: {product: linux, service: sshd}
detection:
  login:
    event.action|startswith: ssh_login
    user.name:
      - admin
      - root
  inside:
    source.ip|cidr: 10.0.0.0/8
  condition: login and not inside
"""


def events(raw: bytes) -> list[Event]:
    return list(events_of(io.BytesIO(raw), "syslog", UTC, 1_795_479_330_000_000, name="x.log"))


def rule_of(tmp_path: Path, text: str = RULE) -> Rule:
    (tmp_path / "ours.yml").write_text(text, encoding="utf-8")
    (rule,) = load([tmp_path]).rules
    return rule


def drawn(answer: dict[str, Value], lang: str = "en") -> list[str]:
    drawing = Drawing(lambda zh, en: zh if lang == "zh" else en, colour=False)
    return list(drawing.rule(Answer(answer)))


def test_each_part_is_told_in_the_rules_words_with_what_was_read_and_where(tmp_path: Path) -> None:
    lines = drawn(told(rule_of(tmp_path), events(FAILED), UTC))
    assert lines[2:] == [
        "✓ logsource: product=linux service=sshd",
        "✓ condition: login and not inside",
        "  ✓ login",
        "    ✓ event.action|startswith: ssh_login",
        "        event.action = ssh_login_failed",
        "    ✓ user.name",
        "        user.name = root",
        "      ✗ admin",
        "      ✓ root",
        "  ✓ not",
        "    ✗ inside",
        "      ✗ source.ip|cidr: 10.0.0.0/8",
        "          source.ip = 203.0.113.9",
        "the rule fires",
    ]


def test_why_not_names_the_part_that_fails(tmp_path: Path) -> None:
    inside = FAILED.replace(b"203.0.113.9", b"10.1.2.3")
    lines = drawn(told(rule_of(tmp_path), events(inside), UTC))
    assert "✗ condition: login and not inside" in lines
    assert "      ✓ source.ip|cidr: 10.0.0.0/8" in lines
    assert lines[-1] == "the rule does not fire"
    missing = drawn(told(rule_of(tmp_path, RULE.replace("source.ip", "url.path")), events(FAILED), UTC))
    assert "          url.path: not in this event" in missing


def test_an_event_of_another_log_source_is_told_with_those_it_has(tmp_path: Path) -> None:
    cron = b"Nov 24 08:15:30 gate-01 CRON[1]: (root) CMD (true)\n"
    answer = told(rule_of(tmp_path), events(cron), UTC)
    assert (answer["fits"], answer["fires"]) == (False, False)
    text = "\n".join(drawn(answer))
    assert "this event is of: product=linux service=cron" in text


def test_of_several_records_the_first_that_fires_is_told_unless_one_is_asked_for(tmp_path: Path) -> None:
    rule, seen = rule_of(tmp_path), events(ACCEPTED.replace(b"root", b"li") + FAILED)
    assert told(rule, seen, UTC)["record"] == 2
    assert told(rule, seen, UTC, record=1)["fires"] is False


def test_filters_are_told_apart_from_the_rule(tmp_path: Path) -> None:
    (tmp_path / "filter.yml").write_text(
        "title: Not ours\nlogsource: {product: linux, service: sshd}\n"
        "filter:\n  rules: [ours]\n  it: {source.ip: 203.0.113.9}\n  condition: not it\n",
        encoding="utf-8",
    )
    answer = told(rule_of(tmp_path), events(FAILED), UTC)
    assert answer["fires"] is False
    lines = drawn(answer)
    assert "  ✓ condition: login and not inside" in lines
    assert "  ✗ filter" in lines
    assert "      ✓ source.ip '203.0.113.9'" in lines


def test_a_rule_whose_file_was_changed_since_it_was_loaded_is_told_by_its_tests(tmp_path: Path) -> None:
    rule = rule_of(tmp_path)
    (tmp_path / "ours.yml").write_text(RULE.replace("root", "toor"), encoding="utf-8")
    answer = told(rule, events(FAILED), UTC)
    assert answer["fires"] is True
    assert "user.name 'root'" in json.dumps(answer)


def test_hostile_values_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    raw = FAILED.replace(b"for root", b"for ro\x1b[31mot\xe2\x80\xae")
    text = "\n".join(drawn(told(rule_of(tmp_path), events(raw), UTC)))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text


def test_of_many_values_the_ones_that_decide_are_shown(tmp_path: Path) -> None:
    many = "\n".join(f"      - user{number}" for number in range(300))
    rule = rule_of(tmp_path, RULE.replace("      - admin", many))
    lines = drawn(told(rule, events(FAILED), UTC))
    assert "      ✓ root" in lines
    assert "      ... and 300 more" in lines


@pytest.mark.parametrize("reference", ["ssh_login_failed", "SSH 登录失败", "1738ab54-2575-4620-ac4a-c10306836670"])
def test_a_rule_is_found_by_file_title_and_id(reference: str) -> None:
    assert find(load([OWN_RULES]), reference).title == "SSH login failed"


def test_a_rule_that_is_not_there_is_told_with_those_near_or_how_to_list_them() -> None:
    rules = load([OWN_RULES / "ssh"])
    with pytest.raises(UsageError) as near:
        find(rules, "ssh_brute_forse")
    with pytest.raises(UsageError) as far:
        find(rules, "qqqqqqqq")
    assert (near.value.hint or NOTHING).en.startswith("Near to it: ssh_brute_force")
    assert (far.value.hint or NOTHING).en == "`shouwang rules list` lists those loaded."


def test_the_tree_agrees_with_the_engine_on_every_regression_case(shared: Path) -> None:
    rules = load([shared / "sigma" / "rules" / "windows" / "registry"])
    engine, asked = Engine(rules, ()), 0
    for file in sorted((shared / "sigma" / "regression_data").rglob("registry*/*.evtx")):
        for event in events_of(file, "auto", UTC, 0):
            fired = {rule.id for rule in engine.fired(event)}
            for rule in rules.rules[::7]:
                assert told(rule, [event], UTC)["fires"] is (rule.id in fired)
                asked += 1
    assert asked > 100


def test_a_correlation_tells_where_each_group_stands() -> None:
    own = load([OWN_RULES])
    brute = find(own, "ssh_brute_force")
    assert isinstance(brute, Correlation)
    lines = b"".join(FAILED.replace(b"15:30", b"15:%02d" % second) for second in range(9))
    answer = told_correlation(brute, own, events(lines + FAILED.replace(b"203.0.113.9", b"203.0.113.10")), UTC)
    assert answer["fires"] is False
    groups = Answer(answer).parts("groups")
    said = [(each.texts("group"), each["reached"]) for each in groups]
    assert said == [(["source.ip=203.0.113.9"], "9"), (["source.ip=203.0.113.10"], "1")]
    fired = told_correlation(brute, own, events(lines + FAILED), UTC)
    assert (fired["fires"], fired["counted"]) == (True, [{"group": ["source.ip=203.0.113.9"], "count": 10}])


def test_the_command_tells_a_file_and_exits_by_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ours.yml").write_text(RULE, encoding="utf-8")
    (tmp_path / "x.log").write_bytes(FAILED)
    (tmp_path / "y.log").write_bytes(FAILED.replace(b"root", b"li"))
    command = ["rules", "explain", "--lang", "zh", str(tmp_path / "ours.yml")]
    assert main([*command, str(tmp_path / "x.log")]) == 0
    assert main([*command, str(tmp_path / "y.log")]) == 1
    said = capsys.readouterr().out
    assert re.findall(r"^(命中|不命中)$", said, re.MULTILINE) == ["命中", "不命中"]
    assert main(["rules", "explain", "nothing of that name", str(tmp_path / "x.log")]) == 2
