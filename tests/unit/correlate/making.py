"""Correlations and matches for tests, with as little as a test needs to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from detection.correlate import Correlator, Limits
from detection.correlation.rows import Held, Row
from detection.ruleset import Bound, Correlation, CorrelationType, Op, Way
from shouwang.model import Match, Severity, Value

MINUTE = 60_000_000
START = 1_795_564_800_000_000


def a_correlation(
    *,
    id: str = "c",
    rules: tuple[str, ...] = ("r",),
    group_by: tuple[str, ...] = ("source.ip",),
    timespan_s: int = 300,
    kind: CorrelationType = "event_count",
    op: Op = "gte",
    count: Bound = 5,
    field: tuple[str, ...] = (),
    percentile: Bound = 0,
    ways: tuple[Way, ...] = (),
    generate: bool = False,
    aliases: Mapping[str, Mapping[str, str]] | None = None,
    severity: Severity = Severity.HIGH,
    also: tuple[tuple[Op, Bound], ...] = (),
) -> Correlation:
    return Correlation(
        id=id,
        title="Many failed logins",
        name=id,
        type=kind,
        rules=rules,
        group_by=group_by,
        timespan_s=timespan_s,
        op=op,
        count=count,
        field=field,
        percentile=percentile,
        ways=ways,
        generate=generate,
        aliases=aliases or {},
        severity=severity,
        tags=("attack.t1110",),
        status="stable",
        also=also,
        path=Path("c.yml"),
    )


class Keeping:
    """What a state database would hold of correlations; each ``restarted`` is a new process that knows only that."""

    def __init__(self, correlations: Sequence[Correlation], limits: Limits | None = None) -> None:
        self._correlations = correlations
        self._limits = limits
        self.counters: dict[str, bytes] = {}
        self.rows: dict[str, dict[int, bytes]] = {}
        self.clock_us = 0

    def restarted(self) -> Correlator:
        return Correlator(self._correlations, self.held, clock_us=self.clock_us, limits=self._limits)

    def held(self, name: str) -> Held | None:
        if name not in self.counters:
            return None
        return Held(self.counters[name], [Row(*each) for each in self.rows.get(name, {}).items()])

    def keep(self, correlator: Correlator) -> None:
        self.clock_us = correlator.clock_us
        for name, changes in correlator.changes().items():
            rows = self.rows.setdefault(name, {})
            if changes.afresh:
                rows.clear()
            for number in changes.gone:
                del rows[number]
            rows.update(changes.written)
            self.counters[name] = changes.counters or self.counters[name]


def a_match(
    number: int,
    *,
    at_us: int = 0,
    received_us: int | None = None,
    rule: str = "r",
    fields: Mapping[str, Value] | None = None,
    severity: Severity = Severity.LOW,
) -> Match:
    """``at_us`` counts from ``START``; received at the same time unless said."""
    return Match(
        rule_id=rule,
        title="Failed login",
        severity=severity,
        event_id=number.to_bytes(16, "big"),
        time_us=START + at_us,
        received_us=START + (at_us if received_us is None else received_us),
        source="file:auth.log",
        fields={"source.ip": "192.0.2.7"} if fields is None else fields,
    )
