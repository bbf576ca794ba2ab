"""Alerts against the oracle, over real stores: late beyond the lateness, evicted, killed; then gaps have filled."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from detection.ruleset import Correlation, CorrelationType
from shouwang.model import Match
from tests.property.correlate.oracle import LASTING, Told, is_whole, tell
from tests.property.correlate.test_correlate_oracle import LATENESS_US, correlations, fired, streams
from tests.unit.alerting.making import Home, a_home
from tests.unit.alerting.refilled import filled
from tests.unit.alerting.test_alerting_flow import Killed, kill_at
from tests.unit.correlate.making import a_correlation

EFFORT = int(os.environ.get("SHOUWANG_PROPERTY_EFFORT", "1"))
some = settings(
    max_examples=12 * EFFORT,
    deadline=None,
    phases=(Phase.generate,),
    derandomize=EFFORT == 1,
    suppress_health_check=[HealthCheck.too_slow],
)
KINDS: list[CorrelationType] = ["event_count", "value_count", "value_sum", "temporal", "temporal_ordered"]


@st.composite
def disturbed(draw: st.DrawFn) -> list[Match]:
    """Some come long after the lateness."""
    matches = draw(streams())
    delays_us = {
        event_id: draw(st.sampled_from([0, 0, 0, 30_000_000, 400_000_000]))
        for event_id in sorted({each.event_id for each in matches})
    }
    late = [replace(each, received_us=each.received_us + delays_us[each.event_id]) for each in matches]
    return sorted(late, key=lambda each: each.received_us)


def told_by(home: Home) -> dict[str, dict[tuple[str, ...], tuple[int, frozenset[bytes], bool]]]:
    """Rule -> group -> events counted, their ids, and whether any may be missing."""
    found: dict[str, dict[tuple[str, ...], tuple[int, frozenset[bytes], bool]]] = defaultdict(dict)
    for alert in home.state.alerts.list(limit=1000)[1]:
        group = tuple(said.partition("=")[2] for said in alert.group)
        count, ids, marked = found[alert.rule_id].get(group, (0, frozenset(), False))
        found[alert.rule_id][group] = count + alert.count, ids | set(alert.event_ids), marked or alert.at_least
    return found


def should(told: Told) -> dict[tuple[str, ...], tuple[int, frozenset[bytes], bool]]:
    return {group: (len(ids), frozenset(ids), False) for group, ids in told.counted.items()}


def lived(home: Home, matches: Sequence[Match], kills: Sequence[int], pieces: int) -> None:
    """Matches come a few at a time, with fills and kills between; then all is quiet for hours."""
    flow = home.flow()
    for place in range(0, len(matches), pieces):
        part = matches[place : place + pieces]
        home.put(part)
        home.clock.advance(max(0.0, (part[-1].received_us - home.clock.now_us()) / 1_000_000))
        if place // pieces < len(kills):
            kill_at(home.state, kills[place // pieces])
        with contextlib.suppress(Killed):
            filled(home, flow, within_s=600, pause_s=0)
        if place // pieces < len(kills):
            home.reopen()
            flow = home.flow()
    filled(home, flow, within_s=3 * 3600)


@some
@given(
    correlations(KINDS).filter(lambda each: not is_whole(each) and each.type in LASTING),
    disturbed(),
    st.sampled_from([3, 6, 50_000]),
    st.lists(st.integers(0, 60), max_size=4),
    st.integers(5, 40),
)
def test_in_the_end_alerts_count_what_the_oracle_counts(
    correlation: Correlation, matches: list[Match], entries: int, kills: list[int], pieces: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = a_home(Path(folder), [replace(correlation, generate=False)])
        home.entries, home.lateness_us = entries, LATENESS_US
        lived(home, matches, kills, pieces)
        assert told_by(home)["c"] == should(tell(correlation, matches))
        assert home.state.gaps.open() == []
        home.state.close()
        home.events.close()


@some
@given(disturbed(), st.sampled_from([3, 6, 50_000]), st.lists(st.integers(0, 60), max_size=4), st.integers(5, 40))
def test_in_the_end_a_chain_counts_what_the_oracle_counts(
    matches: list[Match], entries: int, kills: list[int], pieces: int
) -> None:
    inner = a_correlation(id="inner", rules=("p",), timespan_s=10, count=3, generate=True)
    outer = a_correlation(kind="temporal_ordered", rules=("inner", "q"), timespan_s=10, count=2, generate=True)
    with tempfile.TemporaryDirectory() as folder:
        home = a_home(Path(folder), [inner, outer])
        home.entries, home.lateness_us = entries, LATENESS_US
        lived(home, matches, kills, pieces)
        told = tell(inner, matches)
        found = told_by(home)
        assert found["inner"] == should(told)
        assert found["c"] == should(tell(outer, [*matches, *fired(told, matches)]))
        assert home.state.gaps.open() == []
        home.state.close()
        home.events.close()
