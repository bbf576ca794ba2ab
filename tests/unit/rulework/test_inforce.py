"""Engines take the place of each other between batches; sets in versions, with one pointer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from detection.authoring.difference import difference
from detection.inforce import Edition, InForce
from detection.rules import OWN_RULES, load
from detection.ruleset import RuleSet
from shouwang.errors import UsageError
from shouwang.model import Event, Match
from shouwang.rulesets import KEPT, RuleSets


class Named:
    """An engine that knows its rule set."""

    def __init__(self, ruleset: RuleSet) -> None:
        if ruleset.filters < 0:
            raise ValueError("cannot be made")
        self.filters = ruleset.filters
        self.faults: Counter[str] = Counter({str(ruleset.filters): 1})

    def match(self, events: Sequence[Event]) -> list[Match]:
        return []


def nothing(_edition: Edition) -> None:
    pass


def numbered(number: int) -> RuleSet:
    return RuleSet(filters=number)


def test_who_matches_looks_at_the_start_of_a_batch_and_the_engine_is_there_already() -> None:
    made: list[int] = []

    def make(ruleset: RuleSet) -> Named:
        made.append(ruleset.filters)
        return Named(ruleset)

    inforce = InForce(numbered(1), make, 0)
    lives = [inforce.live(), inforce.live()]
    inforce.adopt(numbered(2), 5, nothing)
    assert made == [1, 1, 2, 2]
    assert [live.edition.number for live in lives] == [1, 1]
    for live in lives:
        live.match([])
    assert [live.edition.number for live in lives] == [2, 2]
    assert lives[0].faults == {"2": 1}
    assert made == [1, 1, 2, 2]
    assert inforce.live().edition.since_us == 5


def test_rules_for_which_no_engine_can_be_made_change_nothing() -> None:
    inforce = InForce(numbered(1), Named, 0)
    live = inforce.live()
    told: list[Edition] = []
    with pytest.raises(ValueError, match="cannot be made"):
        inforce.adopt(numbered(-1), 0, told.append)
    live.match([])
    assert (inforce.edition.number, live.edition.number, told) == (1, 1, [])


def test_who_judges_matches_is_told_before_anyone_matches_by_the_new_rules() -> None:
    inforce = InForce(numbered(1), Named, 0)
    seen: list[tuple[int, int]] = []
    inforce.adopt(numbered(2), 0, lambda edition: seen.append((edition.number, inforce.edition.number)))
    assert seen == [(2, 1)]


def test_the_same_rules_elsewhere_are_no_difference(tmp_path: Path) -> None:
    own = load([OWN_RULES / "ssh"])
    for file in (OWN_RULES / "ssh").iterdir():
        (tmp_path / file.name).write_text("# moved\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    assert not difference(own, load([tmp_path]))


def make(sets: RuleSets, version: str) -> None:
    made = sets.place("hq", version)
    made.mkdir()
    (made / "rule.yml").write_text(version, encoding="utf-8")
    sets.adopt("hq", version)


def read(sets: RuleSets) -> str:
    (path,) = sets.paths()
    return (path / "rule.yml").read_text(encoding="utf-8")


def test_a_new_version_takes_the_place_and_one_can_go_back(tmp_path: Path) -> None:
    sets = RuleSets(tmp_path / "sets")
    assert sets.paths() == []
    for version in ("v1", "v2", "v3", "v4"):
        make(sets, version)
        assert read(sets) == version
    sets.clear()
    assert sorted(path.name for path in (tmp_path / "sets" / "hq").glob("v*")) == ["v2", "v3", "v4"]
    assert KEPT == 3
    sets.rollback("hq")
    assert read(sets) == "v3"
    sets.rollback("hq")
    assert read(sets) == "v2"
    with pytest.raises(UsageError):
        sets.rollback("hq")
    assert read(sets) == "v2"


def test_what_was_never_adopted_or_is_damaged_is_not_used(tmp_path: Path) -> None:
    sets = RuleSets(tmp_path / "sets")
    make(sets, "v1")
    sets.place("hq", "v2").mkdir()
    assert read(sets) == "v1"
    sets.clear()
    assert sorted(path.name for path in (tmp_path / "sets" / "hq").glob("v*")) == ["v1"]
    with pytest.raises(UsageError):
        sets.adopt("hq", "v2")
    pointer = tmp_path / "sets" / "hq" / "current.json"
    pointer.write_text(json.dumps({"current": "../../etc", "before": []}), encoding="utf-8")
    assert sets.paths() == []
    for name in ("", "..", "a/b", "A"):
        with pytest.raises(UsageError):
            sets.place(name, "v1")


def test_versions_are_not_looked_through_with_the_folder_above(tmp_path: Path) -> None:
    rule = (OWN_RULES / "ssh" / "ssh_login_failed.yml").read_text(encoding="utf-8")
    sets = RuleSets(tmp_path / "sets")
    for version in ("v1", "v2"):
        made = sets.place("hq", version)
        made.mkdir()
        (made / "rule.yml").write_text(rule, encoding="utf-8")
        sets.adopt("hq", version)
    loaded = load([tmp_path, *sets.paths()])
    assert (len(loaded.rules), loaded.refused) == (1, ())
    assert loaded.rules[0].path.parent.name == "v2"
