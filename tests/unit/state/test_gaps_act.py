"""What correlations have not evaluated is told by ``rules gaps`` and by the status."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwang.api.table import perform
from shouwang.clock import ManualClock
from shouwang.config import Detection
from shouwang.model import Value
from shouwang.statestore.gaps import GapReason, Hindrance
from shouwang.wiring import Services

CORRELATION = "fc028638-b3e7-497b-982b-6044b22e798c"


def asked(services: Services) -> dict[str, Value]:
    found = perform(services, "aud", "rules.gaps", {}, lang="en")
    assert isinstance(found, dict)
    return found


def listed(services: Services) -> list[dict[str, Value]]:
    found = asked(services)["gaps"]
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, dict)]


def said(services: Services) -> list[str]:
    status = perform(services, "aud", "status", {}, lang="en")
    assert isinstance(status, dict)
    findings = status["findings"]
    assert isinstance(findings, list)
    return [str(each["what"]) for each in findings if isinstance(each, dict)]


def test_without_gaps_all_is_green_and_every_correlation_is_listed(services: Services) -> None:
    found = asked(services)
    assert found["green"] is True
    assert found["gaps"] == []
    assert len(found["correlations"]) == len(services.ruleset.correlations)  # type: ignore[arg-type]


def test_a_gap_that_will_be_filled_is_told_until_it_is(services: Services, clock: ManualClock) -> None:
    now_us = clock.now_us()
    with services.state.work() as tx:
        tx.gaps.add(CORRELATION, GapReason.ADDED, now_us - 60_000_000, now_us)
    assert asked(services)["green"] is False
    assert any("still to evaluate 1 stretch again" in each for each in said(services))
    with services.state.work() as tx:
        tx.gaps.fill(CORRELATION, now_us)
    found = asked(services)
    assert found["green"] is True
    assert isinstance(found["gaps"], list)
    (gap,) = found["gaps"]
    assert isinstance(gap, dict)
    assert (gap["reason"], gap["title"]) == ("added", "SSH user names guessed from one address")
    assert gap["filled"] is not None


def test_what_came_too_late_is_one_gap_that_will_be_filled(services: Services, clock: ManualClock) -> None:
    now_us = clock.now_us()
    with services.state.work() as tx:
        tx.gaps.extend(CORRELATION, GapReason.LATE, (now_us, now_us), (now_us - 9_000_000, now_us), 3)
        tx.gaps.extend(CORRELATION, GapReason.LATE, (now_us + 1_000_000,) * 2, (now_us, now_us), 4)
    (gap,) = listed(services)
    assert (gap["count"], gap["fills"]) == (7, True)
    (held,) = services.state.gaps.open()
    assert (held.first_us, held.last_us) == (now_us - 9_000_000, now_us)
    assert any("still to evaluate 1 stretch again" in each for each in said(services))


@pytest.mark.parametrize(
    ("why", "told"),
    [(Hindrance.FAR, "too long ago"), (Hindrance.GONE, "not all stored"), (Hindrance.WINDOWS, "windows began")],
)
def test_what_can_never_be_filled_says_why_for_a_week_and_stays_in_the_ledger(
    services: Services, clock: ManualClock, why: Hindrance, told: str
) -> None:
    now_us = clock.now_us()
    with services.state.work() as tx:
        tx.gaps.extend(CORRELATION, GapReason.LATE, (now_us, now_us), (now_us, now_us), 3)
        tx.gaps.put_off(tx.gaps.open()[0], why, 0)
    assert any(told in each and "SSH user names guessed" in each for each in said(services))
    (gap,) = listed(services)
    assert told in str(gap["why"])
    assert gap["fills"] is False
    assert services.state.gaps.due([CORRELATION], now_us + 10**15) == []
    clock.advance(timedelta(days=8).total_seconds())
    assert not any(told in each for each in said(services))
    assert asked(services)["green"] is True
    assert services.state.gaps.open()[0].why is why


def test_a_rule_that_failed_is_told_with_what_to_do_wherever_rules_are_listed(
    services: Services, clock: ManualClock
) -> None:
    now_us, rule = clock.now_us(), services.ruleset.rules[0]
    with services.state.work() as tx:
        happened = (now_us - 5_000_000, now_us)
        tx.gaps.extend(rule.id, GapReason.FAULT, (now_us, now_us), happened, 2, why=Hindrance.FAULT)
    assert asked(services)["green"] is False
    (gap,) = listed(services)
    assert (gap["title"], gap["fills"]) == (rule.title, False)
    assert "rules reload" in str(gap["hint"])
    assert any(rule.title in each and "2 events" in each for each in said(services))
    found = perform(services, "aud", "rules.list", {}, lang="en")
    assert isinstance(found, dict)
    rules = found["rules"]
    assert isinstance(rules, list)
    assert [each["id"] for each in rules if isinstance(each, dict) and each["gaps"]] == [rule.id]


def test_a_gap_of_what_is_not_loaded_any_more_lacks_nothing(services: Services, clock: ManualClock) -> None:
    now_us = clock.now_us()
    with services.state.work() as tx:
        tx.gaps.extend("gone", GapReason.FAULT, (now_us, now_us), (now_us, now_us), 3)
    assert asked(services)["green"] is True
    assert not any("stretch" in each for each in said(services))


def test_a_gap_that_grew_while_it_was_made_up_for_stays_open(services: Services, clock: ManualClock) -> None:
    now_us = clock.now_us()
    with services.state.work() as tx:
        tx.gaps.extend(CORRELATION, GapReason.LATE, (now_us, now_us), (now_us, now_us), 3)
    (read,) = services.state.gaps.open()
    with services.state.work() as tx:
        tx.gaps.extend(CORRELATION, GapReason.LATE, (now_us, now_us), (now_us, now_us), 1)
        assert not tx.gaps.close(read, now_us)
    (grown,) = services.state.gaps.open()
    with services.state.work() as tx:
        assert tx.gaps.close(grown, now_us)
    assert services.state.gaps.open() == []


@pytest.mark.parametrize(
    ("text", "us"), [("0s", 0), ("90s", 90_000_000), ("1h", 3_600_000_000), ("7d", 604_800_000_000)]
)
def test_the_lateness_is_a_span(text: str, us: int) -> None:
    assert Detection(lateness=text).lateness_us == us


@pytest.mark.parametrize("text", ["soon", "8d", "-1h", "10"])
def test_another_lateness_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span"):
        Detection(lateness=text)
