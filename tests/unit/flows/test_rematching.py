"""A rule that is new and that a correlation reads meets the events of the last timespan."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.rehydrate import rehydrate
from detection.rules import load
from detection.ruleset import RuleSet
from shouwang.clock import ManualClock
from shouwang.eventstore.base import Batch
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows.rematching import Rematching
from shouwang.model import Match
from shouwang.statestore.store import StateStore
from tests.unit.alerting.making import ZONE
from tests.unit.rulesets.examples import START_US, event_of

RULES = """
title: Refused
name: refused
id: 11111111-1111-4111-8111-11111111111a
logsource: {product: linux, service: sshd}
detection: {s: {event.outcome: failure}, condition: s}
---
title: Alone
id: 11111111-1111-4111-8111-11111111111b
logsource: {product: linux, service: sshd}
detection: {s: {event.outcome: failure}, condition: s}
---
title: Many refused
id: 11111111-1111-4111-8111-11111111111c
correlation: {type: event_count, rules: refused, group-by: source.ip, timespan: 10m, condition: {gte: 5}}
"""
OTHERS = """
title: Other
name: other
id: 11111111-1111-4111-8111-11111111111d
logsource: {product: linux, service: sshd}
detection: {s: {event.outcome: other}, condition: s}
"""


class Place:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.events = EmbeddedStore(path / "events.db", zone=ZONE, rehydrate=rehydrate)
        self.state = StateStore(path / "state.db")
        self.clock = ManualClock(0)
        self.stop = threading.Event()

    def rules(self, text: str) -> RuleSet:
        file = self.path / "rules.yml"
        file.write_text(text, encoding="utf-8")
        found = load([file])
        assert found.refused == ()
        return found

    def flow(self, ruleset: RuleSet) -> Rematching:
        return Rematching(self.events, self.state, self.clock, ruleset, ("source.ip",))

    def matches(self) -> list[Match]:
        return list(self.events.tail("matches", None, 1000).items)

    def gaps(self) -> list[tuple[str, str, bool]]:
        return [(gap.name[-1], gap.reason.value, gap.filled_us > 0) for gap in self.state.gaps.list()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Two refused logins each five minutes, the last one now; no rule knows of them yet."""
    made = Place(tmp_path)
    line = "Nov 24 08:15:30 web-1 sshd[4711]: Failed password for root from 203.0.113.50 port 4 ssh2"
    numbers = [(minute, minute * 2 + n) for minute in range(0, 31, 5) for n in (0, 1)]
    events = [event_of("syslog", line, number, START_US + minute * 60_000_000) for minute, number in numbers]
    made.events.put(Batch(events), {})
    made.clock = ManualClock(events[-1].time_us)
    made.flow(made.rules(OTHERS)).once(made.stop)
    yield made
    made.events.close()
    made.state.close()


def test_a_new_rule_that_a_correlation_reads_meets_the_last_timespan_and_no_more(place: Place) -> None:
    assert place.flow(place.rules(RULES)).once(place.stop) == 6
    found = place.matches()
    assert {match.rule_id[-1] for match in found} == {"a"}
    assert [(place.clock.now_us() - match.time_us) // 60_000_000 for match in found] == [10, 10, 5, 5, 0, 0]
    assert found[0].fields == {"source.ip": "203.0.113.50"}
    assert place.gaps() == [("a", "added", True)]


def test_what_was_done_is_not_done_again(place: Place) -> None:
    place.flow(place.rules(RULES)).once(place.stop)
    assert place.flow(place.rules(RULES)).once(place.stop) == 0
    assert len(place.matches()) == 6


def test_stopped_in_the_middle_it_begins_anew_and_stores_nothing_twice(place: Place) -> None:
    place.stop.set()
    place.flow(place.rules(RULES)).once(place.stop)
    assert place.gaps() == [("a", "added", False)]
    place.stop.clear()
    place.flow(place.rules(RULES)).once(place.stop)
    place.events.put(Batch(events=(), matches=place.matches()), {})
    assert len(place.matches()) == 6
    assert place.gaps() == [("a", "added", True)]


def test_a_changed_rule_meets_them_too(place: Place) -> None:
    nothing = RULES.replace("{event.outcome: failure}", "{event.outcome: nothing}", 1)
    assert place.flow(place.rules(nothing)).once(place.stop) == 0
    flow = place.flow(place.rules(nothing))
    flow.take(place.rules(RULES))
    assert flow.once(place.stop) == 6
    assert place.gaps() == [("a", "changed", True), ("a", "added", True)]


def test_the_first_rules_of_a_home_look_at_nothing(tmp_path: Path) -> None:
    fresh = Place(tmp_path)
    assert fresh.flow(fresh.rules(RULES)).once(fresh.stop) == 0
    assert fresh.gaps() == []
