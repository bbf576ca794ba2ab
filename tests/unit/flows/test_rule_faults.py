"""A rule that fails on an event has a gap, and meets the event again once it was mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from detection.engine import Engine
from detection.ruleset import RuleSet
from shouwang.errors import StoreError
from shouwang.eventstore.base import Batch
from shouwang.model import Event, Match
from shouwang.ruleledger import Ledgered
from shouwang.statestore.gaps import Hindrance
from tests.unit.flows.test_rematching import Place
from tests.unit.rulesets.examples import START_US, event_of

RULE = """
title: Bomb
id: 11111111-1111-4111-8111-11111111111e
logsource: {{product: linux, service: sshd}}
detection: {{s: {{user.name|re: '{pattern}'}}, condition: s}}
---
title: Alone
id: 11111111-1111-4111-8111-11111111111b
logsource: {{product: linux, service: sshd}}
detection: {{s: {{event.outcome: failure}}, condition: s}}
"""
BOMB = RULE.format(pattern=r"(?=x)^x(?:(a|aa)+)+\1$")
MENDED = RULE.format(pattern="^xa")
WORSE = RULE.format(pattern=r"(?=x)^x(?:(a|aa)+)+\1$|^zz")
NAME = "11111111-1111-4111-8111-11111111111e"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.events.close()
    made.state.close()


def logins() -> list[Event]:
    users = ["root", "x" + "a" * 60 + "!", "li", "xaaa"]
    line = "Nov 24 08:15:30 web-1 sshd[4711]: Failed password for {} from 203.0.113.50 port 4 ssh2"
    return [event_of("syslog", line.format(user), n, START_US + n * 60_000_000) for n, user in enumerate(users)]


def engine(place: Place, rules: RuleSet) -> Ledgered:
    return Ledgered(Engine(rules, ("user.name",)), place.state)


def lived(place: Place) -> RuleSet:
    """Rules as intake has them, until now."""
    rules = place.rules(BOMB)
    place.flow(rules).once(place.stop)
    events = logins()
    place.events.put(Batch(events, engine(place, rules).match(events)), {})
    place.clock.advance((events[-1].time_us + 60_000_000) / 1_000_000)
    return rules


def found(place: Place) -> list[int]:
    """Which of the logins the rule has found."""
    events = [event.id for event in logins()]
    return sorted(events.index(match.event_id) for match in place.matches() if match.rule_id == NAME)


def test_a_rule_that_failed_on_an_event_has_a_gap_that_says_so(place: Place) -> None:
    lived(place)
    (gap,) = place.state.gaps.open()
    assert (gap.name, gap.reason.value, gap.count, gap.why) == (NAME, "fault", 1, Hindrance.FAULT)
    assert gap.first_us <= logins()[1].time_us <= gap.last_us
    assert not gap.fills
    assert found(place) == [3]


def test_a_mended_rule_meets_what_it_failed_on_and_its_gap_is_filled(place: Place) -> None:
    lived(place)
    assert place.flow(place.rules(MENDED)).once(place.stop) == 2
    assert place.state.gaps.open() == []
    assert found(place) == [1, 3]


def test_a_rule_that_fails_again_keeps_its_gap_and_is_tried_once_a_version(place: Place) -> None:
    rules = lived(place)
    flow = place.flow(rules)
    flow.once(place.stop)
    (gap,) = place.state.gaps.open()
    assert (gap.tries, gap.why) == (1, Hindrance.FAULT)
    flow.once(place.stop)
    flow.take(place.rules(WORSE))
    flow.once(place.stop)
    (gap,) = place.state.gaps.open()
    assert gap.tries == 2
    flow.take(place.rules(MENDED))
    flow.once(place.stop)
    assert place.state.gaps.open() == []


def test_stopped_in_the_middle_it_is_tried_again(place: Place) -> None:
    lived(place)
    place.stop.set()
    place.flow(place.rules(MENDED)).once(place.stop)
    assert len(place.state.gaps.open()) == 1
    place.stop.clear()
    place.flow(place.rules(MENDED)).once(place.stop)
    assert place.state.gaps.open() == []


def test_what_it_failed_on_a_week_ago_is_left_to_hunts(place: Place) -> None:
    lived(place)
    place.clock.advance(8 * 86_400)
    place.flow(place.rules(MENDED)).once(place.stop)
    (gap,) = place.state.gaps.open()
    assert gap.why is Hindrance.FAR


class Counting:
    """An engine in whose place another comes, as after a reload."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()

    def match(self, events: Sequence[Event]) -> list[Match]:
        self.faults = Counter({"r": 2})
        return []


def test_faults_by_rules_that_just_came_into_force_are_all_counted(place: Place) -> None:
    counting = Counting()
    counting.faults["r"] = 7
    Ledgered(counting, place.state).match(logins())
    assert [(gap.name, gap.count) for gap in place.state.gaps.open()] == [("r", 2)]


def test_faults_while_the_state_is_away_are_written_with_the_next_events(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = engine(place, place.rules(BOMB))
    with monkeypatch.context() as away:

        def refuses() -> None:
            raise StoreError("the disk is full")

        away.setattr(place.state, "work", refuses)
        assert len(live.match(logins())) == 5
    assert place.state.gaps.open() == []
    live.match(logins()[:1])
    assert [gap.count for gap in place.state.gaps.open()] == [1]
