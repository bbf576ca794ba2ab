"""Correlations and matches for tests, with as little as a test needs to say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from detection.ruleset import Correlation, Op
from shouwang.model import Match, Severity, Value

MINUTE = 60_000_000
START = 1_795_564_800_000_000


def a_correlation(
    *,
    id: str = "c",
    rules: tuple[str, ...] = ("r",),
    group_by: tuple[str, ...] = ("source.ip",),
    timespan_s: int = 300,
    op: Op = "gte",
    count: int = 5,
    generate: bool = False,
    aliases: Mapping[str, Mapping[str, str]] | None = None,
    severity: Severity = Severity.HIGH,
    also: tuple[tuple[Op, int], ...] = (),
) -> Correlation:
    return Correlation(
        id=id,
        title="Many failed logins",
        name=id,
        type="event_count",
        rules=rules,
        group_by=group_by,
        timespan_s=timespan_s,
        op=op,
        count=count,
        field=(),
        generate=generate,
        aliases=aliases or {},
        severity=severity,
        tags=("attack.t1110",),
        status="stable",
        also=also,
        path=Path("c.yml"),
    )


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
