"""Other hosts that bring events into the cluster, as each last said of itself."""

from __future__ import annotations

from collections.abc import Iterator

from shouwang import __version__, attendance
from shouwang.api.context import Context, Json
from shouwang.attendance import Attendance
from shouwang.flows.ruleloading import version
from shouwang.model import Finding, Level
from shouwang.wiring import Services


def findings(services: Services) -> Iterator[Finding]:
    for each in services.collectors():
        yield from _of(services, each)


def overview(context: Context) -> list[Json]:
    services = context.services
    return [_said(context, each, list(_of(services, each))) for each in services.collectors()]


def _of(services: Services, collector: Attendance) -> Iterator[Finding]:
    now_us, rules = services.clock.now_us(), version(services.ruleset)
    yield from attendance.findings([collector], now_us, version=__version__, rules=rules)


def _said(context: Context, collector: Attendance, found: list[Finding]) -> Json:
    levels = {each.level for each in found}
    level = next((each for each in (Level.BROKEN, Level.DEGRADED) if each in levels), Level.OK)
    return {
        "id": collector.id,
        "host": collector.host,
        "level": level.value,
        "version": collector.version,
        "rules": {
            "version": collector.rules,
            "loaded": collector.rules_loaded,
            "refused": collector.rules_refused,
            "faults": dict(collector.faults),
        },
        "started": context.time(collector.started_us),
        "seen": context.time(collector.seen_us),
        "ended": collector.ended,
        "spool": {"batches": collector.waiting, "bytes": collector.waiting_bytes, "full": collector.full},
        "received": collector.received,
        "dropped": dict(collector.dropped),
    }
