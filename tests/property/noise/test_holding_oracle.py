"""Random hits, silences, works and kills against the obvious: each event is held by the first thing that fits it."""

from __future__ import annotations

import ipaddress
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.noise.holdrecords import body_of
from detection.noise.maintenance import Window
from detection.noise.matchers import read
from detection.noise.silence import Silence
from shouwang.errors import StoreError
from shouwang.model import Holder, Match, Severity
from shouwang.statestore.holds import Hold
from tests.unit.alerting.making import Home, a_home
from tests.unit.correlate.making import START, a_match

SECOND = 1_000_000
ADDRESSES = ("10.20.3.7", "10.20.4.8", "203.0.113.9", "::ffff:10.20.3.7")
NETWORKS = ("10.20.3.0/24", "10.20.0.0/16", "203.0.113.9")


@dataclass(frozen=True)
class Quiet:
    """A silence; or works on a network."""

    rule: str
    network: str
    begin: int
    end: int
    works: bool

    def fits(self, match: Match) -> bool:
        if not START + self.begin <= match.received_us < START + self.end:
            return False
        if self.rule and match.rule_id != self.rule:
            return False
        text = str(match.fields["source.ip"]).removeprefix("::ffff:")
        within = ipaddress.ip_address(text) in ipaddress.ip_network(self.network)
        return within and not (self.works and match.severity >= Severity.HIGH)


quiets = st.builds(
    lambda rule, network, begin, length, works: Quiet(
        "" if works else rule, network, begin * SECOND, (begin + length) * SECOND, works
    ),
    st.sampled_from(("", "a", "b")),
    st.sampled_from(NETWORKS),
    st.integers(0, 60),
    st.integers(1, 40),
    st.booleans(),
)
hits = st.tuples(
    st.integers(0, 5), st.sampled_from("ab"), st.sampled_from(ADDRESSES), st.sampled_from((Severity.LOW, Severity.HIGH))
)


def matches_of(drawn: Sequence[tuple[int, str, str, Severity]]) -> list[Match]:
    made, at = [], 0
    for number, (pause, rule, address, severity) in enumerate(drawn):
        at += pause * SECOND
        found = a_match(number, at_us=at, rule=rule, severity=severity, fields={"source.ip": address})
        made.append(replace(found, received_us=START + at))
    return made


def hold_of(number: int, quiet: Quiet) -> Hold:
    asked = {"source.ip": [quiet.network]} | ({"rule": [quiet.rule]} if quiet.rule else {})
    times = (START, START + quiet.begin, START + quiet.end)
    kind: Silence | Window
    if quiet.works:
        kind = Window(f"M-{number}", read(asked), "wang", "works", *times)
    else:
        kind = Silence(f"S-{number}", read(asked), "wang", "known", *times)
    holder = Holder.MAINTENANCE if quiet.works else Holder.SILENCE
    return Hold(kind.id, holder, kind.from_us, kind.over_us, body_of(kind))


def expected(matches: Sequence[Match], wanted: Sequence[Quiet]) -> Counter[tuple[str, str]]:
    """(rule, holder) -> events; silences before works, of each the one that began first."""
    numbered = sorted(enumerate(wanted), key=lambda each: (each[1].works, each[1].begin, each[0]))
    found: Counter[tuple[str, str]] = Counter()
    for match in matches:
        holder = next((f"{'M' if q.works else 'S'}-{n}" for n, q in numbered if q.fits(match)), "")
        found[match.rule_id, holder] += 1
    return found


def counted(home: Home) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for alert in home.state.alerts.list(limit=10_000)[1]:
        held = alert.suppression
        found[alert.rule_id, held.id if held else ""] += alert.count
        assert not (held and alert.incident_id)
        assert held or alert.severity < Severity.MEDIUM or alert.incident_id
    sums = {name: count for name, (_, count) in home.state.alerts.held_by().items()}
    by_holder: Counter[str] = Counter()
    for (_, holder), count in found.items():
        by_holder[holder] += count
    assert sums == {name: count for name, count in by_holder.items() if name}
    return found


def work(home: Home, kills: list[int]) -> None:
    """Step to the end; each kill cuts the next step off at that statement, and the process begins anew."""
    flow = home.flow()
    while True:
        left = kills.pop() if kills else 0
        if left:
            home.state._writer.connection.exec_trace = _cut(left)
        try:
            done = flow.step()
        except StoreError:
            home.reopen()
            flow = home.flow()
            continue
        home.state._writer.connection.exec_trace = None
        if not done.matches:
            return


def _cut(last: int) -> Callable[[apsw.Cursor, str, object], bool]:
    left = iter(range(last))

    def trace(cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        return sql == "ROLLBACK" or next(left, None) is not None

    return trace


@settings(max_examples=60, deadline=None)
@given(
    drawn=st.lists(hits, max_size=40),
    wanted=st.lists(quiets, max_size=4),
    page=st.integers(1, 12),
    kills=st.lists(st.integers(1, 25), max_size=8),
    ahead=st.booleans(),
)
def test_every_event_is_counted_once_under_what_holds_it(
    drawn: list[tuple[int, str, str, Severity]], wanted: list[Quiet], page: int, kills: list[int], ahead: bool
) -> None:
    """Whether silences are there ahead, or are set while the daemon works, is the same: receipt decides."""
    matches = matches_of(drawn)
    holds = [hold_of(number, quiet) for number, quiet in enumerate(wanted)]
    with tempfile.TemporaryDirectory() as folder:
        home = a_home(Path(folder), page=page)
        for match in [None, *matches]:
            due = [each for each in holds if ahead or match is None or each.from_us <= match.received_us]
            if match is not None:
                home.put([match])
            with home.state.work() as tx:
                for each in due:
                    tx.holds.put(each)
            holds = [each for each in holds if each not in due]
            if match is None or match.event_id[-1] % 5 == 0:
                work(home, kills)
        work(home, kills)
        assert counted(home) == expected(matches, wanted)
        home.state.close()
        home.events.close()
