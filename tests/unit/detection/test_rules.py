"""Rule files: what is read, what is mapped, what is refused and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from detection.naive import holds
from detection.rules import RuleSet, load
from detection.sigma.tree import Atom
from shouwang.model import Logsource, Severity, Value
from tests.unit.detection.sample import event, load_text, rule_text

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"
SIMPLE = "s: {f: a}\ncondition: s"


def reasons(ruleset: RuleSet) -> list[tuple[int, str]]:
    return [(refusal.line, refusal.reason.en) for refusal in ruleset.refused]


def test_a_rule_keeps_what_it_says_of_itself(tmp_path: Path) -> None:
    text = rule_text(SIMPLE, title="Name", id=ONE.upper(), level="critical") + (
        "name: short\nstatus: test\ndescription: What it is\ntags: [attack.t1110]\nfalsepositives: [Never]\n"
        "title_zh: 名称\ngbt20986: 网络攻击事件\n"
    )
    [rule] = load_text(tmp_path, text).rules
    assert (rule.id, rule.title, rule.name, rule.severity) == (ONE, "Name", "short", Severity.CRITICAL)
    assert (rule.tags, rule.falsepositives, rule.status) == (("attack.t1110",), ("Never",), "test")
    assert (rule.title_zh, rule.extra["gbt20986"]) == ("名称", "网络攻击事件")
    assert (rule.logsource, rule.line) == (Logsource("linux"), 1)


def test_folders_are_read_whole_and_a_file_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one.yaml").write_text(rule_text(SIMPLE), encoding="utf-8")
    (tmp_path / "a" / "two.yml").write_text(rule_text(SIMPLE), encoding="utf-8-sig")
    (tmp_path / "a" / "readme.md").write_text("no rule", encoding="utf-8")
    assert len(load([tmp_path, tmp_path / "a" / "two.yml"]).rules) == 2


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("title: x\nlogsource: {product: linux}\n", 1, "detection is missing"),
        (rule_text("s: {f|contians: a}\ncondition: s"), 5, "unknown modifier 'contians'"),
        (rule_text("s: {f: a}\nx:\n  - {g: 1}\n  - {g|lt: many}\ncondition: s"), 8, "lt takes a number"),
        (rule_text("s: {f: a}\ncondition: s | count() > 5"), 6, "write a correlation"),
        (rule_text("s: {f: a}\ntimeframe: 5m\ncondition: s"), 6, "timeframe belongs"),
        (rule_text("s: {f: a}"), 4, "condition is missing"),
        (rule_text("condition: s"), 4, "nothing to search for"),
        (rule_text("s: []\ncondition: s"), 5, "the list is empty"),
        (rule_text("s: {f: []}\ncondition: s"), 5, "the list of values is empty"),
        (rule_text("s: {f|expand: '%x%'}\ncondition: s"), 5, "placeholder %x%"),
        (rule_text(SIMPLE, level="severe"), 7, "not a valid Sigma rule level"),
        (rule_text(SIMPLE, id="7"), 2, "UUID"),
        (rule_text(SIMPLE, logsource="{}"), 3, "can't be empty"),
        (rule_text(SIMPLE) + "taxonomy: ocsf\n", 8, "taxonomy 'ocsf'"),
        (rule_text("s: {f: a, f: b}\ncondition: s"), 5, "'f' stands twice"),
        (rule_text("s: {f: a\ncondition: s"), 6, "is not YAML"),
        ("- a\n- b\n", 1, "is no rule"),
        ("a: \x07\n", 1, "is not YAML"),
        ("\n\ntitle: x\naction: global\ndetection: {}\n", 4, "action documents"),
    ],
)
def test_what_cannot_be_used_is_refused_with_line_and_reason(tmp_path: Path, text: str, line: int, reason: str) -> None:
    ruleset = load_text(tmp_path, text)
    assert ruleset.rules == ()
    [(found, why)] = reasons(ruleset)
    assert reason in why
    assert found == line


def test_one_bad_document_takes_no_other_with_it(tmp_path: Path) -> None:
    ruleset = load_text(tmp_path, rule_text(SIMPLE), rule_text("s: {f: a}\ncondition: t"), rule_text(SIMPLE))
    assert len(ruleset.rules) == 2
    assert reasons(ruleset) == [(14, "condition: nothing is defined as 't'")]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in load([tmp_path / "nowhere"]).refused[0].reason.en
    (tmp_path / "latin.yml").write_bytes(b"title: x\nauthor: M\xfcller\n")
    assert reasons(load([tmp_path / "latin.yml"])) == [(2, "is not UTF-8")]


def test_a_document_that_aliases_blow_up_is_refused(tmp_path: Path) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))
    ruleset = load_text(tmp_path, f"a0: &a0 [x]\n{levels}\n")
    assert "too large" in ruleset.refused[0].reason.en


def test_an_id_belongs_to_the_first_rule_that_has_it(tmp_path: Path) -> None:
    ruleset = load_text(tmp_path, rule_text(SIMPLE, id=ONE), rule_text(SIMPLE, id=ONE))
    assert len(ruleset.rules) == 1
    assert "is already that of" in ruleset.refused[0].reason.en


def test_fields_are_named_as_events_have_them(tmp_path: Path) -> None:
    def name(logsource: str, field: str) -> str:
        [rule] = load_text(tmp_path, rule_text(f"s: {{{field}: x}}\ncondition: s", logsource=logsource)).rules
        assert isinstance(rule.condition, Atom)
        return rule.condition.field

    windows = "{product: windows, category: process_creation}"
    assert name(windows, "Image") == "process.executable"
    assert name(windows, "OriginalFileName") == "winlog.event_data.OriginalFileName"
    assert name(windows, "process.pid") == "process.pid"
    assert name("{product: windows, service: security}", "EventID") == "event.code"
    assert name("{product: windows, service: security}", "Channel") == "winlog.channel"
    assert name("{product: linux, service: sshd}", "source.ip") == "source.ip"
    assert name("{category: webserver}", "cs-method") == "http.request.method"
    assert name("{category: firewall}", "dst_port") == "destination.port"


def test_channel_beside_event_104_means_the_cleared_log(tmp_path: Path) -> None:
    source = "{product: windows, service: system}"
    [rule] = load_text(
        tmp_path, rule_text("s: {EventID: 104, Channel: [System, Setup]}\ncondition: s", logsource=source)
    ).rules
    about: dict[str, Value] = {"event.code": 104, "winlog.channel": "System", "winlog.user_data.Channel": "Setup"}
    assert holds(rule.condition, event(about))
    assert not holds(rule.condition, event(about | {"winlog.user_data.Channel": "Other"}))


def test_a_field_of_two_names_is_null_only_where_both_are(tmp_path: Path) -> None:
    source = "{product: windows, category: process_creation}"
    [rule] = load_text(tmp_path, rule_text("s: {IntegrityLevel: null}\ncondition: s", logsource=source)).rules
    assert holds(rule.condition, event({}))
    assert not holds(rule.condition, event({"winlog.event_data.IntegrityLevel": "High"}))


def test_placeholders_take_the_values_given(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text(rule_text("s: {f|expand: '%servers%'}\ncondition: s"), encoding="utf-8")
    [rule] = load([file], placeholders={"servers": ["srv*", "db"]}).rules
    assert holds(rule.condition, event({"f": "SRV-1"}))
    assert not holds(rule.condition, event({"f": "web"}))


# ------------------------------------------------------------------------------------------- correlations


def correlation(**changes: str) -> str:
    keys = {
        "type": "event_count",
        "rules": f"[{ONE}]",
        "group-by": "[source.ip]",
        "timespan": "5m",
        "condition": "{gte: 10}",
    } | changes
    body = "".join(f"  {key}: {value}\n" for key, value in keys.items() if value)
    return f"title: Many\nid: {TWO}\ncorrelation:\n{body}level: high\ntitle_zh: 多次\n"


def test_a_correlation_is_read_and_its_rules_found_by_id_or_name(tmp_path: Path) -> None:
    named = rule_text(SIMPLE, title="B") + "name: second\n"
    text = correlation(rules=f"[{ONE}, second]", condition="{gt: 4}", generate="true")
    ruleset = load_text(tmp_path, text, rule_text(SIMPLE, id=ONE), named)
    assert ruleset.refused == ()
    [found] = ruleset.correlations
    assert found.rules == tuple(rule.id for rule in ruleset.rules)
    assert (found.type, found.op, found.count, found.timespan_s) == ("event_count", "gt", 4, 300)
    assert (found.group_by, found.generate, found.severity) == (("source.ip",), True, Severity.HIGH)
    assert (found.title_zh, found.line) == ("多次", 1)


def test_a_condition_with_two_bounds_is_a_range(tmp_path: Path) -> None:
    [found] = load_text(tmp_path, correlation(condition="{gte: 3, lt: 9}"), rule_text(SIMPLE, id=ONE)).correlations
    assert found.bounds() == (("gte", 3), ("lt", 9))


def test_group_by_is_named_as_matches_are_and_rules_that_differ_get_an_alias(tmp_path: Path) -> None:
    linux = rule_text(SIMPLE, id=ONE, logsource="{product: linux, category: process_creation}")
    windows = rule_text(SIMPLE, id=TWO, logsource="{product: windows, category: process_creation}")
    text = correlation(rules=f"[{ONE}, {TWO}]", **{"group-by": "[Image, User]"}).replace(f"id: {TWO}\n", "")
    [found] = load_text(tmp_path, text, linux, windows).correlations
    assert found.group_by == ("process.executable", "User")
    assert found.key_of("User", ONE) == "user.name"
    assert found.key_of("User", TWO) == "winlog.event_data.User"
    assert found.key_of("process.executable", ONE) == "process.executable"


def test_aliases_of_the_file_are_resolved_to_ids_and_fields(tmp_path: Path) -> None:
    other = rule_text(SIMPLE) + "name: other\n"
    text = correlation(
        rules=f"[{ONE}, other]", aliases=f"{{ip: {{{ONE}: source.ip, other: destination.ip}}}}", **{"group-by": "ip"}
    )
    ruleset = load_text(tmp_path, text, rule_text(SIMPLE, id=ONE), other)
    [found] = ruleset.correlations
    assert found.group_by == ("ip",)
    assert found.aliases == {"ip": {ONE: "source.ip", ruleset.rules[1].id: "destination.ip"}}


@pytest.mark.parametrize(
    ("changes", "line", "reason"),
    [
        ({"condition": "{gte: 3, lte: -9}"}, 8, "lte must be a whole number"),
        ({"type": "often"}, 4, "no correlation type"),
        ({"rules": "[nobody]"}, 5, "'nobody' is not loaded"),
        ({"rules": "[]"}, 5, "names no rule"),
        ({"timespan": "5 minutes"}, 7, "invalid"),
        ({"timespan": ""}, 3, "timespan is missing"),
        ({"condition": "{gte: many}"}, 8, "whole number"),
        ({"condition": "{gte: 3, field: a}"}, 8, "takes no field"),
        ({"condition": "{over: 3}"}, 8, "'over' is not known"),
        ({"generate": "maybe"}, 9, "generate must be"),
        ({"aliases": "{ip: {}}"}, 9, "says nothing of the rule"),
        ({"window": "5m"}, 9, "'window' is not known"),
    ],
)
def test_a_correlation_that_cannot_run_is_refused(
    tmp_path: Path, changes: dict[str, str], line: int, reason: str
) -> None:
    ruleset = load_text(tmp_path, correlation(**changes), rule_text(SIMPLE, id=ONE))
    assert ruleset.correlations == ()
    [(found, why)] = reasons(ruleset)
    assert reason in why
    assert found == line


# ------------------------------------------------------------------------------------------------ filters

FILTER = """
title: Administrators
logsource: {product: linux}
filter:
  rules: [%s]
  known: {user.name|startswith: adm_}
  condition: not known
"""


def test_a_filter_narrows_the_rules_it_names(tmp_path: Path) -> None:
    ruleset = load_text(tmp_path, FILTER % ONE, rule_text(SIMPLE, id=ONE), rule_text(SIMPLE, id=TWO))
    assert (ruleset.refused, ruleset.filters) == ((), 1)
    filtered, other = ruleset.rules
    admin = event({"f": "a", "user.name": "adm_x"})
    assert not holds(filtered.condition, admin)
    assert holds(filtered.condition, event({"f": "a", "user.name": "x"}))
    assert holds(other.condition, admin)


def test_a_filter_for_any_rule_keeps_to_its_logsource(tmp_path: Path) -> None:
    text = FILTER.replace("[%s]", "any")
    web = rule_text(SIMPLE, logsource="{category: webserver}")
    ruleset = load_text(tmp_path, text, rule_text(SIMPLE), web)
    admin = event({"f": "a", "user.name": "adm_x"})
    assert [holds(rule.condition, admin) for rule in ruleset.rules] == [False, True]


def test_a_filter_that_applies_to_nothing_is_refused(tmp_path: Path) -> None:
    ruleset = load_text(tmp_path, FILTER % ONE, rule_text(SIMPLE, id=TWO))
    assert [reason for _, reason in reasons(ruleset)] == [
        f"filter: the rule '{ONE}' is not loaded",
        "the filter applies to no rule that is loaded",
    ]
