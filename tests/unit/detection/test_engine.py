"""The engine: routing, match fields, faults."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex

from detection.engine import Engine
from detection.regexes import IMPATIENT_S, LIMIT_S, PATIENCE, searcher
from detection.sigma.predicates import Regex
from shouwang.model import DEAD_DATASET, Logsource, Severity, Value
from tests.unit.detection.sample import event, load_text, rule_text, shaped

ANY = "s: {f: '*'}\ncondition: s"


def test_a_rule_is_asked_only_of_events_of_its_logsource(tmp_path: Path) -> None:
    rules = load_text(
        tmp_path,
        rule_text(ANY, title="windows any", logsource="{product: windows}"),
        rule_text(ANY, title="windows system", logsource="{product: windows, service: system}"),
        rule_text(ANY, title="web", logsource="{category: webserver}"),
        rule_text(ANY, title="nginx web", logsource="{product: nginx, category: webserver}"),
    )
    engine = Engine(rules, ())

    def fired(*sources: Logsource) -> list[str]:
        doc = {"f": "x", "winlog.event_data.f": "x"}
        return [match.title for match in engine.match([event(doc, shape=shaped(*sources))])]

    assert fired(Logsource("windows", None, "system")) == ["windows any", "windows system"]
    assert fired(Logsource("windows", None, "security")) == ["windows any"]
    assert fired(Logsource("nginx", "webserver"), Logsource("linux")) == ["web", "nginx web"]
    assert fired(Logsource("apache", "webserver")) == ["web"]
    assert fired() == []
    dead = event({"f": 1}, shape=shaped(Logsource("windows"), dataset=DEAD_DATASET))
    assert engine.match([dead]) == []


def test_a_match_carries_the_entities_and_what_correlations_count(tmp_path: Path) -> None:
    rule = rule_text(ANY, title="Seen", id="11111111-1111-4111-8111-111111111111", level="high")
    count = """
title: Many
id: 22222222-2222-4222-8222-222222222222
correlation:
  type: event_count
  rules: 11111111-1111-4111-8111-111111111111
  group-by: [source.ip, url.path]
  timespan: 5m
  condition: {gte: 3}
"""
    engine = Engine(load_text(tmp_path, rule, count), ("host.name", "source.ip"))
    doc: dict[str, Value] = {"f": 1, "host.name": ["a", "b"], "url.path": None}
    [match] = engine.match([event(doc, shape=shaped(Logsource("linux")))])
    assert match.fields == {"host.name": ["a", "b"], "url.path": None}
    assert (match.title, match.severity) == ("Seen", Severity.HIGH)


def test_a_rule_that_raises_stops_neither_the_stream_nor_the_other_rules(
    tmp_path: Path,
) -> None:
    rules = load_text(
        tmp_path,
        rule_text(r"s: {f|re: '(?=x)^x(?:(a|aa)+)+\1$'}" + "\ncondition: s", title="bomb"),
        rule_text(ANY, title="other"),
    )
    engine = Engine(rules, ())
    bad = event({"f": "x" + "a" * 60 + "!"}, shape=shaped(Logsource("linux")))
    good = event({"f": "xaaa"}, shape=shaped(Logsource("linux")))
    assert [match.title for match in engine.match([bad, good])] == ["other", "bomb", "other"]
    assert engine.faults == {rules.rules[0].id: 1}


def test_hostile_lines_cannot_buy_more_than_a_little_time_each(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    class Noting:
        """The library's pattern, and the limits that it is given."""

        def __init__(self, pattern: str, flags: int) -> None:
            self._real = compiled(pattern, flags)

        def search(self, text: str, *, timeout: float) -> object:
            limits.append(timeout)
            return self._real.search(text, timeout=timeout)

    compiled = regex.compile
    with monkeypatch.context() as patch:
        patch.setattr(regex, "compile", Noting)
        search = searcher(Regex(r"(?=a)^(?:(a|aa)+)+\1$(?#bought)"))
    for _ in range(PATIENCE + 50):
        with pytest.raises(TimeoutError):
            search("a" * 60 + "!")
    assert limits == [LIMIT_S] * PATIENCE + [IMPATIENT_S] * 50


def test_a_regular_expression_that_re2_reads_is_linear() -> None:
    assert not searcher(Regex(r"^(\w+\s?)*$"))("aaaa " * 20_000 + "!")


def test_half_of_a_surrogate_pair_can_be_searched() -> None:
    assert searcher(Regex("abc"))("\ud800abc")
