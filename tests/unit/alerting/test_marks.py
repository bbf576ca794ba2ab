"""A count that may be too small, because a group had to be let go, says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shouwang.model import Match
from tests.unit.alerting.making import a_home
from tests.unit.alerting.test_gaps import BRUTE, HOUR, alerts, gaps, restarted, settle
from tests.unit.correlate.making import a_match


def from_each(numbers: range, address: str) -> list[Match]:
    """``{}`` in the address stands for the number."""
    fields = {"host.name": "gate-01", "user.name": "root"}
    return [a_match(n, at_us=n * 100_000, fields={"source.ip": address.format(n), **fields}) for n in numbers]


@pytest.mark.parametrize("page", [3, 1000])
def test_an_alert_whose_count_may_be_too_small_says_so_though_nothing_more_of_it_counts(
    tmp_path: Path, page: int
) -> None:
    home = a_home(tmp_path, [BRUTE], page=page)
    home.entries = 60
    home.put(from_each(range(12), "203.0.113.9"))
    for start in range(100, 200, 10):
        home.put(
            [
                *from_each(range(start, start + 9), "198.51.100.{}"),
                *from_each(range(start + 9, start + 10), "203.0.113.7"),
            ]
        )
    home.put(from_each(range(200, 203), "203.0.113.9"))
    settle(home.flow())
    assert {a.entities["source.ip"]: (a.count, a.at_least) for a in alerts(home)} == {
        ("203.0.113.9",): (12, True),
        ("203.0.113.7",): (10, False),
    }
    assert gaps(home) == [("c", "evicted", False)]


def test_what_a_group_counts_soon_after_some_were_let_go_is_marked_and_later_it_is_exact_again(tmp_path: Path) -> None:
    home = a_home(tmp_path, [BRUTE])
    home.entries = 20
    home.put([*from_each(range(40), "198.51.100.{}"), *from_each(range(40, 46), "203.0.113.8")])
    home.put(
        [
            replace(m, time_us=m.time_us + 3 * HOUR, received_us=m.received_us + 3 * HOUR)
            for m in from_each(range(50, 56), "203.0.113.8")
        ]
    )
    settle(restarted(home, BRUTE))
    assert [(a.count, a.at_least) for a in sorted(alerts(home), key=lambda a: a.first_us)] == [(6, True), (6, False)]
