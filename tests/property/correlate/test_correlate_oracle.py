"""The correlation against an oracle that knows the whole stream at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from detection.correlate import Correlator
from detection.hits import Hit
from detection.ruleset import Correlation, Op
from shouwang.model import Match
from tests.unit.correlate.making import START, a_correlation, a_match

T_US = 10_000_000


@st.composite
def streams(draw: st.DrawFn) -> list[Match]:
    """Matches in order of arrival: event times jump back and forth, receipt times mostly do not, some come twice."""
    matches: list[Match] = []
    received = 0
    for number in range(draw(st.integers(0, 40))):
        received += draw(st.integers(0, 5_000_000))
        fields = {"source.ip": draw(st.sampled_from("ab"))}
        at = received - draw(st.sampled_from([0, 0, 0, 1, 1_000_000, 9_999_999, 30_000_000]))
        matches.append(a_match(number, at_us=at, received_us=received, fields=fields))
        if draw(st.integers(0, 9)) == 0:
            matches.append(draw(st.sampled_from(matches)))
    return matches


def counted(hits: Sequence[Hit]) -> dict[tuple[str, ...], list[bytes]]:
    members: dict[tuple[str, ...], list[bytes]] = defaultdict(list)
    for hit in hits:
        members[hit.group] += [member.event_id for member in hit.members]
    return {group: sorted(ids) for group, ids in members.items()}


def sliding_oracle(matches: Sequence[Match], enough: int) -> dict[tuple[str, ...], list[bytes]]:
    found: dict[tuple[str, ...], list[bytes]] = {}
    for name in "ab":
        events = list({m.event_id: m for m in matches if m.fields["source.ip"] == name}.values())
        within: set[bytes] = set()
        for opening in events:
            window = [m for m in events if opening.time_us <= m.time_us <= opening.time_us + T_US]
            if len(window) >= enough:
                within |= {m.event_id for m in window}
        if within:
            found[f"source.ip={name}",] = sorted(within)
    return found


def whole_oracle(matches: Sequence[Match], op: Op, bound: int) -> dict[tuple[str, ...], list[bytes]]:
    verdict = {"lt": int.__lt__, "lte": int.__le__, "eq": int.__eq__, "neq": int.__ne__}[op]
    found: dict[tuple[str, ...], list[bytes]] = {}
    for name in "ab":
        events = sorted({(m.time_us, m.event_id) for m in matches if m.fields["source.ip"] == name})
        within: list[bytes] = []
        while events:
            window = [event for event in events if event[0] <= events[0][0] + T_US]
            events = events[len(window) :]
            if verdict(len(window), bound):
                within += [event_id for _, event_id in window]
        if within:
            found[f"source.ip={name}",] = sorted(within)
    return found


def run(correlations: list[Correlation], matches: Sequence[Match], restarts: set[int]) -> list[Hit]:
    """Feed all; before each place in ``restarts`` everything but the kept parts is lost."""
    kept: dict[str, bytes] = {}
    correlator = Correlator(correlations)
    hits: list[Hit] = []
    for place, match in enumerate(matches):
        if place in restarts:
            kept |= correlator.changed()
            correlator = Correlator(correlations, kept)
        hits += correlator.feed(match)
    return hits + correlator.flush()


@given(streams(), st.integers(1, 6), st.sampled_from(["gte", "gt"]))
def test_sliding_counts_what_the_oracle_counts(matches: list[Match], count: int, op: Op) -> None:
    hits = run([a_correlation(count=count, op=op, timespan_s=10)], matches, set())
    assert counted(hits) == sliding_oracle(matches, count + (op == "gt"))


@given(streams(), st.integers(0, 6), st.sampled_from(["lt", "lte", "eq", "neq"]))
def test_whole_windows_are_those_of_the_oracle(matches: list[Match], count: int, op: Op) -> None:
    together = [
        a_match(int.from_bytes(m.event_id), at_us=m.time_us - START, received_us=0, fields=m.fields) for m in matches
    ]
    hits = run([a_correlation(count=count, op=op, timespan_s=10)], together, set())
    assert counted(hits) == whole_oracle(together, op, count)


@settings(max_examples=200)
@given(
    streams(), st.sets(st.integers(0, 50)), st.integers(1, 5), st.sampled_from(["gte", "gt", "lt", "lte", "eq", "neq"])
)
def test_restarts_anywhere_change_nothing(matches: list[Match], restarts: set[int], count: int, op: Op) -> None:
    correlations = [a_correlation(count=count, op=op, timespan_s=10), a_correlation(id="d", count=2, rules=("r", "x"))]
    assert run(correlations, matches, restarts) == run(correlations, matches, set())


@given(streams(), st.sets(st.integers(0, 50)))
def test_eviction_is_the_same_after_restarts(matches: list[Match], restarts: set[int]) -> None:
    correlations = [a_correlation(count=3, timespan_s=10)]
    kept: dict[str, bytes] = {}
    whole, broken = (Correlator(correlations, max_groups=1) for _ in range(2))
    for place, match in enumerate(matches):
        if place in restarts:
            kept |= broken.changed()
            broken = Correlator(correlations, kept, max_groups=1)
        assert whole.feed(match) == broken.feed(match)
    assert whole.states["c"].evicted == broken.states["c"].evicted
