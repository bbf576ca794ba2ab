"""Every rule of our own is tried on its own raw lines: real parser, real engine, real correlator."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final, assert_never

import pytest

from collectors import shapes
from collectors.sources.metrics import measured
from detection.authoring import attack
from detection.correlate import Correlator
from detection.engine import Engine
from detection.hits import Hit
from detection.rules import OWN_RULES, load
from detection.ruleset import Correlation, Rule, RuleSet
from detection.sigma.tree import And, Atom, Keyword, Node, Not, Or
from shouwang.model import DEAD_DATASET, Event
from tests.unit.rulesets import catalogue, examples
from tests.unit.rulesets.examples import Line, Scene, stem

ENTITY_FIELDS: Final = (
    *("host.name", "user.name", "source.ip", "destination.ip"),
    *("url.domain", "process.name", "file.path"),
)
NO_ATTACK: Final = frozenset(("设备设施故障事件", "不可抗力事件"))
CATEGORIES: Final = tomllib.loads(Path(__file__).with_name("gbt20986.toml").read_text(encoding="utf-8"))
TAG: Final = re.compile(r"attack\.t\d{4}(?:\.\d{3})?|cve\.\d{4}-\d{4,7}")
DICTIONARY: Final = tomllib.loads((Path(shapes.__file__).parent / "fields.toml").read_text(encoding="utf-8"))
OWN: Final = load([OWN_RULES])
ENGINE: Final = Engine(OWN, ENTITY_FIELDS)


@cache
def silenced() -> frozenset[str]:
    """Rules for which only a correlation speaks."""
    return Correlator(OWN.correlations).silenced


def everything(ruleset: RuleSet) -> list[Rule | Correlation]:
    return [*ruleset.rules, *ruleset.correlations]


def fired(event: Event) -> set[str]:
    assert event.shape.dataset != DEAD_DATASET, event.doc
    return {stem(rule) for rule in ENGINE.fired(event)}


def hits(scene: Scene) -> list[Hit]:
    correlator = Correlator(OWN.correlations)
    found = [hit for match in ENGINE.match(scene.events()) for hit in correlator.feed(match)]
    return [*found, *correlator.flush()]


def lines(*, match: bool) -> list[object]:
    listed = examples.matching if match else examples.not_matching
    return [
        pytest.param(rule, line, id=f"{stem(rule)}-{number}")
        for rule in OWN.rules
        for number, line in enumerate(listed(rule), 1)
    ]


def scenes(*, fires: bool) -> list[object]:
    listed = examples.firing if fires else examples.quiet
    return [
        pytest.param(rule, scene, id=f"{stem(rule)}: {scene.name}")
        for rule in OWN.correlations
        for scene in listed(rule)
    ]


@pytest.mark.parametrize(("rule", "line"), lines(match=True))
def test_a_rule_fires_on_its_examples_and_no_other_speaks_unless_named(rule: Rule, line: Line) -> None:
    for event in line.events():
        names = fired(event)
        quiet = {stem(each) for each in OWN.rules if each.id in silenced()}
        assert stem(rule) in names
        assert names - {stem(rule)} - quiet == line.also


@pytest.mark.parametrize(("rule", "line"), lines(match=False))
def test_a_rule_is_quiet_on_near_misses(rule: Rule, line: Line) -> None:
    for event in line.events():
        assert stem(rule) not in fired(event)


@pytest.mark.parametrize(("correlation", "scene"), scenes(fires=True))
def test_a_correlation_fires_once_for_its_group_with_the_exact_count(correlation: Correlation, scene: Scene) -> None:
    found = hits(scene)
    own = [hit for hit in found if hit.rule_id == correlation.id]
    assert {hit.group for hit in own} == {tuple(f"{name}={value}" for name, value in scene.group.items())}
    assert sum(len(hit.members) for hit in own) == scene.count
    titles = {each.title for each in OWN.correlations if stem(each) in scene.also}
    assert {hit.title for hit in found} - {correlation.title} == titles


@pytest.mark.parametrize(("correlation", "scene"), scenes(fires=False))
def test_a_correlation_is_quiet_below_its_count_and_across_groups(correlation: Correlation, scene: Scene) -> None:
    assert [hit for hit in hits(scene) if hit.rule_id == correlation.id] == []


def test_no_file_of_ours_is_refused() -> None:
    assert OWN.refused == ()


def test_the_set_is_as_large_as_promised() -> None:
    assert len(OWN.rules) >= 120
    assert len(OWN.correlations) >= 20
    kinds = {"event_count", "value_count", "value_sum", "value_avg", "value_median", "value_percentile"}
    kinds |= {"temporal", "temporal_ordered"}
    assert {each.type for each in OWN.correlations} == kinds
    assert {each.path.parent.name for each in everything(OWN)} == set(catalogue.THEMES)


def test_ids_titles_and_file_names_are_unique() -> None:
    rules = everything(OWN)
    for key in (lambda r: r.id, lambda r: r.title, lambda r: r.title_zh, stem):
        assert len({key(each) for each in rules}) == len(rules)


@pytest.mark.parametrize("rule", everything(OWN), ids=stem)
def test_a_rule_says_what_a_person_needs_in_both_languages(rule: Rule | Correlation) -> None:
    text = rule.path.read_text(encoding="utf-8")
    assert re.search(r"[一-鿿]", rule.title_zh)
    assert re.fullmatch(r"[A-Z][ -~]+[^.]", rule.title)
    assert len(rule.description) > 60
    assert max(map(len, rule.description.splitlines())) <= 118
    assert rule.falsepositives
    assert re.search(r"^author: Shouwang\ndate: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert re.search(r"^level: (?:informational|low|medium|high|critical)$", text, re.MULTILINE)
    assert re.search(r"^id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", text, re.MULTILINE)


@pytest.mark.parametrize("rule", everything(OWN), ids=stem)
def test_tags_name_techniques_and_only_their_tactics_unless_a_machine_merely_fails(rule: Rule | Correlation) -> None:
    known = attack.techniques()
    numbers = [number for tag in rule.tags if (number := attack.technique_of(tag))]
    tactics = {tag.removeprefix("attack.") for tag in rule.tags if not TAG.fullmatch(tag)}
    assert not [number for number in numbers if known[number].gone]
    assert all(tactics.intersection(known[number].tactics) for number in numbers)
    assert tactics <= {tactic for number in numbers for tactic in known[number].tactics}
    said = rule.extra["gbt20986"]
    assert isinstance(said, dict)
    assert numbers or (said["category"] in NO_ATTACK and not rule.tags)


@pytest.mark.parametrize("rule", everything(OWN), ids=stem)
def test_the_national_category_is_one_of_the_standard(rule: Rule | Correlation) -> None:
    said = rule.extra.get("gbt20986")
    assert isinstance(said, dict)
    assert said.keys() == {"category", "subclass"}
    assert said["subclass"] in CATEGORIES[said["category"]]


def fields(node: Node) -> set[str]:
    match node:
        case Atom(field=field):
            return {field}
        case Keyword():
            return set()
        case Not(part=part):
            return fields(part)
        case And(parts=parts) | Or(parts=parts):
            return set().union(*map(fields, parts))
        case _ as never:
            assert_never(never)


def test_every_field_of_a_rule_is_one_that_parsers_or_the_host_give() -> None:
    """The dictionary's; what auditd and Windows call their own; what the metrics source measures."""
    used = set().union(*(fields(rule.condition) for rule in OWN.rules))
    known = {*DICTIONARY, "@timestamp", *(name for measurement in measured() for name in measurement)}
    assert {name for name in used if not name.startswith(("auditd.log.", "winlog.event_data."))} <= known


def test_rules_of_single_steps_speak_only_through_their_correlation() -> None:
    assert all(rule.severity.name in {"INFORMATIONAL", "LOW"} for rule in OWN.rules if rule.id in silenced())


def test_the_filter_shown_on_the_reference_page_silences_just_that_host(tmp_path: Path) -> None:
    shown = re.search(
        r"^```yaml\n(title: .*?)```", catalogue.FRAME.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert shown is not None
    (tmp_path / "ours.yml").write_text(shown[1], encoding="utf-8")
    filtered = load([OWN_RULES, tmp_path])
    assert (filtered.filters, filtered.refused) == (1, ())
    login = "Nov 24 08:15:30 db-01 sshd[7]: Accepted publickey for root from {} port 40001 ssh2: RSA SHA256:abc"
    theirs, ours = (examples.event_of("syslog", login.format(ip), n) for n, ip in enumerate(("10.20.0.8", "10.20.0.9")))
    engine = Engine(filtered, ENTITY_FIELDS)
    speaks = {event.id: {stem(rule) for rule in engine.fired(event)} for event in (theirs, ours)}
    quiet = {stem(rule) for rule in OWN.rules if rule.id in silenced()}
    assert [names - quiet for names in speaks.values()] == [{"ssh_root_key_login"}, set()]


def test_the_reference_page_is_in_step_with_the_rules() -> None:
    """Else: python -m tests.unit.rulesets.catalogue > docs/reference/rules.md."""
    assert catalogue.PAGE.read_text(encoding="utf-8") == catalogue.page(OWN)


def hosts_syslog() -> list[object]:
    """Examples as a host's syslog daemon writes them; network devices and gateways of devices keep no journal."""
    return [
        pytest.param(line, id=f"{stem(rule)}-{number}")
        for rule in OWN.rules
        for number, line in enumerate(examples.matching(rule), 1)
        if line.parser == "syslog" and rule.logsource.category != "network" and rule.logsource.product != "device"
    ]


@pytest.mark.parametrize("line", hosts_syslog())
def test_what_fires_on_a_syslog_line_fires_on_the_same_entry_of_the_journal(line: Line) -> None:
    written = next(line.events())
    entry = {
        "__REALTIME_TIMESTAMP": str(examples.START_US),
        "_HOSTNAME": written.get("host.name"),
        "SYSLOG_IDENTIFIER": written.get("process.name"),
        "MESSAGE": re.sub(r"^\[ *\d+\.\d+\] ", "", str(written.get("message"))),
    }
    assert fired(examples.event_of("journald", json.dumps(entry), 1, written.time_us)) == fired(written)
