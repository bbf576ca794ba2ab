"""``correlation:`` documents as Sigma 2.1 has them, and what is refused, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from detection.rules import load
from detection.ruleset import Correlation, RuleSet, Way

RULES = """
title: Failed login
name: failed
logsource: {product: linux}
detection: {s: {message|contains: failed}, condition: s}
level: low
---
title: Login
name: login
logsource: {product: linux}
detection: {s: {message|contains: accepted}, condition: s}
level: medium
---
title: Key added
name: key-added
id: 33333333-3333-4333-8333-333333333333
logsource: {product: linux}
detection: {s: {message|contains: key}, condition: s}
---
"""


def loaded(tmp_path: Path, *documents: str) -> RuleSet:
    path = tmp_path / "rules.yml"
    path.write_text(RULES + "\n---\n".join(documents), encoding="utf-8")
    return load([path])


def said(kind: str, more: str = "", *, name: str = "it", rules: str = "[failed, login, key-added]") -> str:
    return (
        f"title: Correlation {name}\nname: {name}\ncorrelation:\n  type: {kind}\n"
        + (f"  rules: {rules}\n" if rules else "")
        + f"  group-by: [user.name]\n  timespan: 10m\n{more}"
    )


def only(ruleset: RuleSet) -> Correlation:
    assert [str(each) for each in ruleset.refused] == []
    (found,) = ruleset.correlations
    return found


def why(ruleset: RuleSet) -> str:
    (refused,) = ruleset.refused
    return refused.reason.en


def names(ruleset: RuleSet, ids: tuple[str, ...]) -> list[str]:
    by_id = {each.id: each.name for each in ruleset.rules} | {each.id: each.name for each in ruleset.correlations}
    return [by_id[each] for each in ids]


@pytest.mark.parametrize(
    ("kind", "condition", "bounds"),
    [
        ("event_count", "{gte: 5}", (("gte", 5),)),
        ("event_count", "{gt: 100, lte: 200}", (("gt", 100), ("lte", 200))),
        ("event_count", "{neq: 3}", (("neq", 3),)),
        ("value_count", "{field: source.ip, gte: 5}", (("gte", 5),)),
        ("value_count", "{field: [source.ip, host.name], gte: 5}", (("gte", 5),)),
        ("value_sum", "{field: source.bytes, gt: 1.5}", (("gt", 1.5),)),
        ("value_avg", "{field: source.bytes, lt: 10}", (("lt", 10),)),
        ("value_median", "{field: source.bytes, eq: -3}", (("eq", -3),)),
        ("value_percentile", "{field: source.bytes, percentile: 95, gte: 10}", (("gte", 10),)),
        ("temporal", "{gte: 2}", (("gte", 2),)),
    ],
)
def test_every_type_is_read_with_its_condition(
    tmp_path: Path, kind: str, condition: str, bounds: tuple[tuple[str, float], ...]
) -> None:
    found = only(loaded(tmp_path, said(kind, f"  condition: {condition}\n")))
    assert (found.type, found.bounds()) == (kind, bounds)


@pytest.mark.parametrize("kind", ["temporal", "temporal_ordered"])
def test_a_temporal_correlation_without_condition_wants_all_its_rules(tmp_path: Path, kind: str) -> None:
    found = only(loaded(tmp_path, said(kind)))
    assert (found.bounds(), found.ways) == ((("gte", 3),), ())


def test_a_condition_in_words_comes_to_ways(tmp_path: Path) -> None:
    ruleset = loaded(tmp_path, said("temporal", "  condition: (failed or login) and not key-added\n"))
    ways = [(names(ruleset, way.rules), names(ruleset, way.without)) for way in only(ruleset).ways]
    assert ways == [(["failed"], ["key-added"]), (["login"], ["key-added"])]


def test_a_condition_in_words_may_name_the_rules_alone(tmp_path: Path) -> None:
    ruleset = loaded(tmp_path, said("temporal_ordered", "  condition: login and key-added\n", rules=""))
    assert names(ruleset, only(ruleset).rules) == ["login", "key-added"]
    assert only(ruleset).ways == (Way(only(ruleset).rules),)


def test_a_chain_is_read_in_any_order_and_what_is_read_stands_first(tmp_path: Path) -> None:
    outer = said("temporal_ordered", name="outer", rules="[inner, login]")
    inner = said("event_count", "  condition: {gte: 5}\n", name="inner", rules="failed")
    ruleset = loaded(tmp_path, outer, inner)
    assert [str(each) for each in ruleset.refused] == []
    assert [each.name for each in ruleset.correlations] == ["inner", "outer"]
    assert names(ruleset, ruleset.correlations[1].rules) == ["inner", "login"]


def test_correlations_that_read_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    one = said("event_count", "  condition: {gte: 5}\n", name="one", rules="two")
    two = said("event_count", "  condition: {gte: 5}\n", name="two", rules="one")
    ruleset = loaded(tmp_path, one, two, said("event_count", "  condition: {gte: 1}\n", name="sane", rules="failed"))
    assert [each.name for each in ruleset.correlations] == ["sane"]
    assert len(ruleset.refused) == 2
    assert any("in a circle" in each.reason.en for each in ruleset.refused)


def test_a_chain_on_a_refused_correlation_is_refused_and_says_so(tmp_path: Path) -> None:
    outer = said("temporal", name="outer", rules="[inner, login]")
    ruleset = loaded(tmp_path, outer, said("event_count", name="inner", rules="failed"))
    assert ruleset.correlations == ()
    assert sorted(each.reason.en for each in ruleset.refused) == [
        "condition must be a map such as gte: 5",
        "the correlation 'inner' was refused",
    ]


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("value_count", "  condition: {gte: 3}\n", "needs a field"),
        ("value_sum", "  condition: {gte: 3, field: [a, b]}\n", "takes one field"),
        ("value_percentile", "  condition: {gte: 3, field: a}\n", "percentile must be"),
        ("value_percentile", "  condition: {gte: 3, field: a, percentile: 101}\n", "percentile must be"),
        ("value_avg", "  condition: {gte: 3, field: a, percentile: 50}\n", "takes no percentile"),
        ("value_avg", "  condition: {gte: .inf, field: a}\n", "gte must be a number"),
        ("temporal", "  condition: {gte: 4}\n", "can never hold"),
        ("event_count", "  condition: failed and login\n", "must be a map"),
        ("temporal", "  condition: failed and login\n", "does not speak of the rule 'key-added'"),
        ("temporal", "  condition: failed and login and key-added and other\n", "nothing is defined as 'other'"),
        ("temporal", "  condition: not failed and not login and not key-added\n", "needs a rule that must occur"),
        ("temporal", "  condition: failed and not failed and login and key-added\n", "can never hold"),
        ("temporal", "  condition: failed AND login and key-added\n", "lower case"),
        ("temporal", "  condition: (failed and login\n", "bracket"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, kind: str, more: str, reason: str) -> None:
    ruleset = loaded(tmp_path, said(kind, more))
    assert ruleset.correlations == ()
    assert reason in why(ruleset)
