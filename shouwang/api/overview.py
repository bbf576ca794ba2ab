"""How the home does: who asks, sources, findings, today's ledger, the host; and the end of it all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import psutil

from shouwang import __version__
from shouwang.api import collectors, gaps, noise, store
from shouwang.api.context import Context, Json, NoArgs
from shouwang.errors import ShouwangError
from shouwang.eventstore.base import DayLedger
from shouwang.model import Finding, IncidentState, Level, SourceStatus, Value
from shouwang.running import Running
from shouwang.wiring import Services
from shouwang.words import Words, many

_NO_DISKS = {"squashfs", "iso9660", "udf", "erofs"}
"""Always full."""


def ping(context: Context, args: NoArgs) -> Json:
    services = context.services
    site = services.config.site
    return {
        "version": __version__,
        "home": str(services.home.path),
        "pid": services.pid,
        "drill": services.drill,
        "site": {"name": site.name, "timezone": site.timezone, "language": site.language},
        "user": context.user,
        "role": context.role.value,
        "stopping": services.running is not None and services.running.stopping(),
    }


def status(context: Context, args: NoArgs) -> Json:
    services = context.services
    running = services.running
    with services.state.reading() as tables:
        open_alerts = tables.alerts.open_by_severity()
        incidents = tables.incidents.by_state()
    ledger, latest = services.events.days(), services.events.latest()
    today = _of_today(context, ledger)
    states = (IncidentState.OPEN, IncidentState.CLAIMED, IncidentState.TRIAGED)
    return {
        "now": context.time(context.now_us()),
        "started": context.time(running.started_us) if running else None,
        "sources": [
            _source(context, each, [row for row in today if row.source == each.id], latest.get(each.id, 0))
            for each in (running.sources() if running else ())
        ],
        "collectors": [*collectors.overview(context)],
        "findings": [finding(context, each) for each in findings(services)],
        "alerts": {"open": {severity.name.lower(): count for severity, count in open_alerts.items()}},
        "noise": noise.overview(context),
        "incidents": {state.value: incidents[state] for state in states},
        "today": _counts(today),
        "rate": {"events_per_s": round(running.events_per_s(), 2) if running else 0.0},
        "host": _host(running),
        "rules": _rules(context),
        "store": _store(context, ledger),
    }


def rules(context: Context, args: NoArgs) -> Json:
    """The rules that are loaded, and those that were refused, with the reason."""
    ruleset, said = context.services.ruleset, context.services.ruleset.titles()
    lacking = Counter(gap.name for gap in gaps.open_gaps(context.services))
    return {
        "rules": [
            {
                "id": each.id,
                "title": said[each.id].of(context.lang),
                "severity": each.severity.name.lower(),
                "kind": kind,
                "gaps": lacking[each.id],
            }
            for kind, found in (("rule", ruleset.rules), ("correlation", ruleset.correlations))
            for each in found
        ],
        "refused": [{"path": str(r.path), "line": r.line, "reason": context.say(r.reason)} for r in ruleset.refused],
    }


def stop(context: Context, args: NoArgs) -> Json:
    services = context.services
    if services.running is None:
        raise ShouwangError(
            Words("此数据目录没有守护进程在运行。", "No daemon runs for this home."),
            hint=Words("无需停止。", "There is nothing to stop."),
        )
    with services.state.acting_as(context.role.value).act(
        actor=context.user, act="stop", target="", at_us=context.now_us()
    ):
        pass
    services.running.stop()
    return {"stopping": True, "pid": services.pid}


def findings(services: Services) -> Iterable[Finding]:
    yield from services.findings
    yield from services.keeper.findings
    if services.running is not None:
        yield from services.running.findings()
    else:
        yield Finding(
            Level.DEGRADED,
            Words("守护进程未运行，目前没有值守。", "No daemon runs: nothing is watched."),
            Words("`shouwang up` 可启动。", "`shouwang up` starts one."),
        )
    yield from services.events.health()
    yield from collectors.findings(services)
    yield from services.retention.findings()
    yield from services.intelligence.findings()
    yield from gaps.findings(services)
    if services.ruleset.refused:
        count = len(services.ruleset.refused)
        yield Finding(
            Level.DEGRADED,
            Words(f"有 {count} 条规则未能加载。", f"{many(count, 'rule was', 'rules were')} refused."),
            Words("`shouwang rules list` 可查看是哪些及原因。", "`shouwang rules list` says which and why."),
        )


def finding(context: Context, finding: Finding) -> Json:
    return {"level": finding.level.value, "what": context.say(finding.what), "hint": context.say(finding.hint)}


def _source(context: Context, source: SourceStatus, today: Sequence[DayLedger], latest_us: int) -> Json:
    """What is in the store, so that a restarted daemon does not look like a silent source."""
    counted = _counts(today)
    return {
        "id": source.id,
        "level": source.level.value,
        "detail": context.say(source.detail),
        "last_event": context.optional_time(max(source.last_event_us, latest_us)),
        "received": counted["received"],
        "dropped": counted["dropped"],
    }


def _of_today(context: Context, ledger: Iterable[DayLedger]) -> list[DayLedger]:
    today = datetime.fromisoformat(context.time(context.now_us())).date()
    return [each for each in ledger if each.day == today]


def _counts(ledger: Iterable[DayLedger]) -> Json:
    received = stored = 0
    dropped: Counter[str] = Counter()
    for each in ledger:
        received += each.received
        stored += each.stored
        dropped.update(each.dropped)
    return {"received": received, "stored": stored, "dropped": dict(dropped)}


def _store(context: Context, ledger: Iterable[DayLedger]) -> Json:
    services = context.services
    facts = services.events.facts(context.now_us())
    with services.state.reading() as tables:
        holds = len(tables.legal_holds.all())
    return {
        **store.said(context, facts),
        "bytes": facts.bytes + _size_bytes(services.home.state),
        "oldest_day": min((each.day.isoformat() for each in ledger), default=None),
        "holds": holds,
    }


def _rules(context: Context) -> Json:
    edition = context.services.inforce.edition
    ruleset = edition.ruleset
    return {
        "edition": edition.number,
        "since": context.time(edition.since_us),
        "loaded": len(ruleset.rules),
        "correlations": len(ruleset.correlations),
        "refused": len(ruleset.refused),
    }


def _host(running: Running | None) -> Json:
    disks: list[Value] = []
    seen: set[str] = set()
    for each in psutil.disk_partitions(all=False):
        if each.device in seen or each.fstype in _NO_DISKS:
            continue
        seen.add(each.device)
        try:
            disks.append({"mount": each.mountpoint, "percent": psutil.disk_usage(each.mountpoint).percent})
        except OSError:
            continue
    return {
        "cpu_percent": running.cpu_percent() if running else psutil.cpu_percent(interval=0.1),
        "memory_percent": psutil.virtual_memory().percent,
        "disks": disks,
        "load1": round(psutil.getloadavg()[0], 2),
    }


def _size_bytes(*databases: Path) -> int:
    """With the write-ahead logs."""
    files = (path.with_name(path.name + suffix) for path in databases for suffix in ("", "-wal"))
    return sum(path.stat().st_size for path in files if path.exists())
