"""Pipelines of the site's own, in pySigma's form: each transformation does here what it does in a conversion."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from detection.naive import holds
from detection.rules import RuleSet, load
from detection.ruleset import Rule
from shouwang.model import Logsource, Value
from tests.unit.detection.sample import event, rule_text

ID = "11111111-1111-4111-8111-111111111111"


def piped(
    folder: Path,
    steps: list[dict[str, object]],
    *texts: str,
    variables: dict[str, object] | None = None,
    placeholders: dict[str, list[str]] | None = None,
) -> RuleSet:
    pipeline = folder / "pipeline.yml"
    pipeline.write_text(
        yaml.safe_dump({"name": "ours", "priority": 20, "vars": variables or {}, "transformations": steps}), "utf-8"
    )
    rules = folder / "rules.yml"
    rules.write_text("---\n".join(texts), "utf-8")
    return load([rules], pipelines=[pipeline], placeholders=placeholders)


def one(folder: Path, step: dict[str, object], detection: str, **given: object) -> Rule:
    source = str(given.pop("logsource", "{product: linux}"))
    ruleset = piped(folder, [step], rule_text(detection, logsource=source), **given)  # type: ignore[arg-type]  # as piped
    assert ruleset.refused == ()
    return ruleset.rules[0]


def fires(rule: Rule, **doc: Value) -> bool:
    return holds(rule.condition, event({name.replace("__", "."): value for name, value in doc.items()}))


def test_every_rule_reads_the_same_behind_a_pipeline_that_does_nothing(shared: Path, tmp_path: Path) -> None:
    folders = [shared / "sigma" / name for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")]
    pipeline = tmp_path / "nothing.yml"
    pipeline.write_text("name: nothing\ntransformations: []\n", "utf-8")
    piped_rules, plain = load(folders, pipelines=[pipeline]), load(folders)
    assert piped_rules.rules == plain.rules
    assert [refusal.reason.en for refusal in piped_rules.refused] == [refusal.reason.en for refusal in plain.refused]


def test_field_name_mapping(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"f": "my.field"}}
    rule = one(tmp_path, step, "s: {f|contains: b}\ncondition: s")
    assert fires(rule, my__field="abc")
    assert not fires(rule, f="abc")


def test_a_field_mapped_to_two_may_be_read_from_either(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"f": ["x.a", "x.b"]}}
    rule = one(tmp_path, step, "s: {f|contains|all: [b, c], g: 1}\ncondition: s")
    assert fires(rule, x__a="bc", g=1)
    assert fires(rule, x__b="bc", g=1)
    assert not fires(rule, x__a="b", x__b="c", g=1)
    assert not fires(rule, x__a="bc")


def test_our_own_mapping_comes_after_the_sites(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"Abbild": "Image"}}
    source = "{product: windows, category: process_creation}"
    rule = one(tmp_path, step, "s: {Abbild|endswith: x.exe, g|fieldref: Abbild}\ncondition: s", logsource=source)
    doc: dict[str, Value] = {"process__executable": "C:\\x.exe", "winlog__event_data__g": "C:\\x.exe"}
    assert fires(rule, **doc)


def test_a_field_reference_is_renamed_too(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"g": "h"}}
    rule = one(tmp_path, step, "s: {f|fieldref|endswith: g}\nt: {f|fieldref|neq|contains: g}\ncondition: s or t")
    assert fires(rule, f="abc", h="BC", g="zzz")


def test_field_name_prefix_and_suffix(tmp_path: Path) -> None:
    assert fires(one(tmp_path, {"type": "field_name_prefix", "prefix": "p."}, "s: {f: a}\ncondition: s"), p__f="a")
    assert fires(one(tmp_path, {"type": "field_name_suffix", "suffix": ".k"}, "s: {f: a}\ncondition: s"), f__k="a")


def test_value_placeholders_take_the_pipelines_values_and_the_sites(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "value_placeholders"}
    detection = "s: {f|expand: '%admins%', g|contains|expand: 'x%hosts%'}\ncondition: s"
    rule = one(tmp_path, step, detection, variables={"admins": ["root", "adm*"]}, placeholders={"hosts": ["1", "2"]})
    assert fires(rule, f="ADMIN", g="--x2--")
    assert not fires(rule, f="user", g="x2")
    assert not fires(rule, f="root", g="x3")


def test_a_placeholder_that_no_pipeline_takes_has_the_sites_values(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "value_placeholders", "include": ["other"]}
    rule = one(tmp_path, step, r"s: {f|expand: '\%a%x%'}" + "\ncondition: s", placeholders={"x": ["1*"]})
    assert fires(rule, f="%a15")
    assert not fires(rule, f="a15")


def test_wildcard_placeholders(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "wildcard_placeholders"}
    assert fires(one(tmp_path, step, "s: {f|expand: 'a%x%b'}\ncondition: s"), f="a--b")


def test_drop_detection_item(tmp_path: Path) -> None:
    step: dict[str, object] = {
        "type": "drop_detection_item",
        "field_name_conditions": [{"type": "include_fields", "fields": ["g"]}],
    }
    rule = one(tmp_path, step, "s: {f: a, g: b}\nt: {g: c}\ncondition: s and not t")
    assert fires(rule, f="a")
    assert fires(rule, f="a", g="c")
    ruleset = piped(tmp_path, [step], rule_text("s: {g: b}\ncondition: s"))
    assert [refusal.reason.en for refusal in ruleset.refused] == ["the pipelines leave nothing to search for"]


@pytest.mark.parametrize("negated", [False, True])
def test_add_condition(tmp_path: Path, negated: bool) -> None:
    conditions = {"h": ["x*", "y"], "service": "$product"}
    step: dict[str, object] = {"type": "add_condition", "conditions": conditions, "negated": negated, "template": True}
    rule = one(tmp_path, step, "s: {f: a}\nt: {f: b}\ncondition: s or t")
    assert fires(rule, f="b", h="x1", service="linux") is not negated
    assert fires(rule, f="b", h="z", service="linux") is negated
    assert not fires(rule, f="c", h="z", service="linux")


def test_change_logsource(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "change_logsource", "product": "windows", "category": "process_creation"}
    rule = one(tmp_path, step, "s: {Image: a}\ncondition: s")
    assert rule.logsource == Logsource("windows", "process_creation")
    assert fires(rule, process__executable="a")


def test_replace_string_sees_the_wildcards_that_a_modifier_stands_for(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "replace_string", "regex": r"^\*\\", "replacement": r"C:\\"}
    rule = one(tmp_path, step, "s: {f|endswith: '\\cmd.exe'}\ncondition: s")
    assert fires(rule, f="C:\\cmd.exe")
    assert not fires(rule, f="D:\\cmd.exe")


def test_map_string_and_set_value_and_case(tmp_path: Path) -> None:
    mapped: dict[str, object] = {"type": "map_string", "mapping": {"a": ["x", "y"]}}
    rule = one(tmp_path, mapped, "s: {f: [a, b]}\ncondition: s")
    assert [fires(rule, f=value) for value in "xyba"] == [True, True, True, False]
    assert fires(one(tmp_path, {"type": "set_value", "value": 5}, "s: {f: a}\ncondition: s"), f="5")
    upper: dict[str, object] = {"type": "case", "method": "upper"}
    rule = one(tmp_path, upper, "s: {f|cased|startswith: ab}\ncondition: s")
    assert fires(rule, f="ABC")
    assert not fires(rule, f="abc")


def test_regex_and_convert_type(tmp_path: Path) -> None:
    rule = one(tmp_path, {"type": "regex", "method": "plain"}, "s: {f: 'a*b.c'}\ncondition: s")
    assert fires(rule, f="axxb.c")
    assert not fires(rule, f="axxbzc")
    rule = one(tmp_path, {"type": "convert_type", "target_type": "str"}, "s: {f: 5}\ncondition: s")
    assert fires(rule, f=5)
    assert not fires(rule, f="05")


def test_hashes_fields(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "hashes_fields", "valid_hash_algos": ["MD5", "SHA1"], "field_prefix": "hash."}
    rule = one(tmp_path, step, f"s: {{Hashes|contains: ['MD5={'a' * 32}', 'SHA1={'b' * 40}']}}\ncondition: s")
    assert fires(rule, hash__SHA1="b" * 40)
    assert not fires(rule, hash__MD5="b" * 32)


def test_conditions_state_and_nesting_decide_where_a_step_applies(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [
        {
            "type": "set_state",
            "key": "seen",
            "val": "yes",
            "rule_conditions": [{"type": "logsource", "product": "linux"}],
        },
        {
            "type": "nest",
            "items": [{"type": "field_name_mapping", "mapping": {"f": "x"}}],
            "rule_conditions": [{"type": "processing_state", "key": "seen", "val": "yes"}],
        },
    ]
    detection = "s: {f: a}\ncondition: s"
    linux, web = piped(
        tmp_path, steps, rule_text(detection), rule_text(detection, logsource="{category: webserver}")
    ).rules
    assert fires(linux, x="a")
    assert not fires(web, x="a")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"type": "rule_failure", "message": "not for us"}, "a pipeline refuses it: not for us"),
        ({"type": "detection_item_failure", "message": "no f"}, "a pipeline refuses it: no f"),
        ({"type": "strict_field_mapping_failure"}, "a pipeline refuses it: "),
        ({"type": "value_placeholders"}, "pipeline's vars (pySigma: Placeholder replacement variable 'x'"),
    ],
)
def test_what_a_pipeline_refuses_is_refused(tmp_path: Path, step: dict[str, object], reason: str) -> None:
    ruleset = piped(tmp_path, [step], rule_text("s: {f|expand: '%x%'}\ncondition: s"))
    assert ruleset.rules == ()
    [refusal] = ruleset.refused
    assert reason in refusal.reason.en
    assert (refusal.path.name, refusal.line) == ("rules.yml", 4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "transformations: [{type: query_expression_placeholders, expression: x}]",
            "the transformation query_expression_placeholders cannot be applied",
        ),
        ("transformations: [{type: command_placeholders, command: id}]", "command_placeholders cannot be applied"),
        ("transformations: [{type: nest, items: [{type: http_placeholders}]}]", "http_placeholders cannot be applied"),
        ("transformations: [{type: magic}]", "magic"),
        ("transformations: [{type: field_name_mapping, mappings: {}}]", "mappings"),
        ("transformations: {a: b}", "must be a list"),
        ("nonsense: 1", "nonsense"),
        ("- a", "a map with transformations"),
        ("a: [", "is not YAML"),
        ("transformations: [1]", "must be a list of maps"),
        ("transformations:\n  - {type: set_state, key: a, val: b, rule_conditions: [{type: magic}]}", "magic"),
    ],
)
def test_a_pipeline_that_cannot_be_applied_is_refused_by_name_and_the_rules_still_load(
    tmp_path: Path, text: str, reason: str
) -> None:
    pipeline = tmp_path / "p.yml"
    pipeline.write_text(text, "utf-8")
    rules = tmp_path / "r.yml"
    rules.write_text(rule_text("s: {f: a}\ncondition: s"), "utf-8")
    ruleset = load([rules], pipelines=[pipeline])
    assert len(ruleset.rules) == 1
    [refusal] = ruleset.refused
    assert refusal.path == pipeline
    assert reason in refusal.reason.en


def test_what_is_wrong_is_told_with_its_line_in_the_pipeline_and_behind_one_in_the_rule(tmp_path: Path) -> None:
    pipeline, other = tmp_path / "p.yml", tmp_path / "o.yml"
    pipeline.write_text(
        "name: p\ntransformations:\n  - type: nest\n    items:\n      - type: set_state\n        key: a\n"
        "        val: b\n      - id: x\n        type: http_placeholders\n",
        "utf-8",
    )
    other.write_text("name: o\n", "utf-8")
    rules = tmp_path / "r.yml"
    rules.write_text(rule_text("s: {f: a}\ncondition: t"), "utf-8")
    refused = load([rules], pipelines=[pipeline, other]).refused
    wrong = next(n for n, line in enumerate(rules.read_text("utf-8").splitlines(), 1) if "condition" in line)
    assert [(each.path.name, each.line) for each in refused] == [("p.yml", 9), ("r.yml", wrong)]


def test_a_pipeline_that_aliases_blow_up_is_refused(tmp_path: Path) -> None:
    pipeline = tmp_path / "p.yml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    pipeline.write_text("\n".join([*lines, "transformations: *a8"]), "utf-8")
    [refusal] = load([], pipelines=[pipeline]).refused
    assert "too large" in refusal.reason.en


def test_what_is_about_a_querys_text_is_passed_over(tmp_path: Path) -> None:
    pipeline = tmp_path / "p.yml"
    pipeline.write_text(
        "transformations: [{type: field_name_mapping, mapping: {f: x}}]\n"
        "postprocessing: [{type: template, template: '{{ query }}'}]\nfinalizers: [{type: concat}]\n"
        "allowed_backends: [splunk]\n",
        "utf-8",
    )
    rules = tmp_path / "r.yml"
    rules.write_text(rule_text("s: {f: a}\ncondition: s"), "utf-8")
    ruleset = load([rules], pipelines=[pipeline])
    assert ruleset.refused == ()
    assert fires(ruleset.rules[0], x="a")


def test_what_pysigma_refuses_goes_through_a_pipeline_unharmed(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"f": "x"}}
    detection = "s:\n  f|utf16le|base64offset|contains: 中文\n  g|hour|gte: 22\n  h|fieldref|contains: f\ncondition: s"
    ruleset = piped(tmp_path, [step], rule_text(detection))
    assert ruleset.refused == ()
    plain = load([tmp_path / "rules.yml"])
    assert str(ruleset.rules[0].condition) == str(plain.rules[0].condition).replace("field='f'", "field='x'")


def test_filters_and_correlations_follow_the_sites_names(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"f": "x.f", "u": "x.u"}}
    filtering = (
        f"title: F\nlogsource: {{product: linux}}\nfilter:\n  rules: [{ID}]\n  k: {{u: adm}}\n  condition: not k\n"
    )
    counting = (
        f"title: C\ncorrelation:\n  type: event_count\n  rules: [{ID}]\n  group-by: [u]\n  timespan: 5m\n"
        "  condition: {gte: 2}\nlevel: low\n"
    )
    ruleset = piped(tmp_path, [step], rule_text("s: {f: a}\ncondition: s", id=ID), filtering, counting)
    assert ruleset.refused == ()
    assert fires(ruleset.rules[0], x__f="a", x__u="ops")
    assert not fires(ruleset.rules[0], x__f="a", x__u="adm")
    assert ruleset.correlations[0].group_by == ("x.u",)


def test_pipelines_apply_in_order_of_their_priority(tmp_path: Path) -> None:
    for name, priority, old, new in [("a", 20, "g", "h"), ("b", 10, "f", "g")]:
        (tmp_path / f"{name}.yml").write_text(
            f"priority: {priority}\ntransformations: [{{type: field_name_mapping, mapping: {{{old}: {new}}}}}]\n",
            "utf-8",
        )
    rules = tmp_path / "r.yml"
    rules.write_text(rule_text("s: {f: a}\ncondition: s"), "utf-8")
    assert fires(load([rules], pipelines=[tmp_path / "a.yml", tmp_path / "b.yml"]).rules[0], h="a")


def test_another_pipeline_reads_the_rules_anew_where_they_are_cached(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_mapping", "mapping": {"f": "x"}}
    plain = piped(tmp_path, [step], rule_text("s: {f: a}\ncondition: s", id=ID))
    for _ in range(2):
        assert load([tmp_path / "rules.yml"], pipelines=[tmp_path / "pipeline.yml"], cache=tmp_path / "c") == plain
        assert load([tmp_path / "rules.yml"], cache=tmp_path / "c") != plain


@pytest.mark.parametrize(
    "step",
    [
        {"type": "set_custom_attribute", "attribute": "a", "value": "b"},
        {"type": "add_field", "field": "a"},
        {"type": "remove_field", "field": "a"},
        {"type": "set_field", "fields": ["a"]},
        {"type": "set_state", "key": "a", "val": "b"},
    ],
)
def test_what_only_a_query_would_show_changes_nothing(tmp_path: Path, step: dict[str, object]) -> None:
    rule = one(tmp_path, step, "s: {f: a}\ncondition: s")
    assert fires(rule, f="a")
    assert not fires(rule, f="b")


def test_extract_fields_and_field_name_prefix_mapping(tmp_path: Path) -> None:
    step: dict[str, object] = {
        "type": "extract_fields",
        "regex": "(?P<kind>[A-Za-z]+):(?P<number>.+)",
        "field_prefix": "r",
    }
    rule = one(tmp_path, step, "s: {f: 'Dword:7'}\ncondition: s")
    assert fires(rule, r__kind="dword", r__number=7)
    assert not fires(rule, r__kind="dword", r__number=8)
    step = {"type": "field_name_prefix_mapping", "mapping": {"win.": "w."}}
    assert fires(one(tmp_path, step, "s: {win.a: x}\ncondition: s"), w__a="x")


def test_a_function_cannot_be_written_in_a_file(tmp_path: Path) -> None:
    step: dict[str, object] = {"type": "field_name_transform", "transform_func": "str.upper", "mapping": {}}
    ruleset = piped(tmp_path, [step], rule_text("s: {f: a}\ncondition: s"))
    assert any("field_name_transform" in refusal.reason.en for refusal in ruleset.refused)
    assert len(ruleset.rules) == 1
