"""The overview: what needs a person now, and how the system does. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui import health, labels, wire
from tui.messages import Words
from tui.present import Column, Line, Span, cells, clip_middle, pad, plain, safe_text, sides
from tui.session import Snapshot
from tui.window import Row

NEEDS_MAX = 5
ROOMY = 46
"""From this width on a source's count stands beside its name."""
SINCE = 8
OLD = timedelta(days=1)
"""A live record is never dated further back."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that wants a person. ``screen`` and ``item`` say where Enter leads."""

    kind: str
    text: Line
    wait: Line
    screen: str
    item: str


def needs(snapshot: Snapshot, now: datetime, words: Words) -> list[Need]:
    """Ranked: the reporting clock that ends first, unclaimed critical and high alerts, sources that fail, what a
    silence held that has ended, findings.

    One clock and two alerts stand above the rest, so that a flood of either hides no silent source; what is left of
    them fills the free lines.
    """
    clocks, alerts = list(_clocks(snapshot, now, words)), list(_alerts(snapshot, now, words))
    ranked = [
        *clocks[:1],
        *alerts[:2],
        *_sources(snapshot, now, words),
        *list(_ended(snapshot, now, words))[:1],
        *_findings(snapshot, words),
        *alerts[2:],
        *clocks[1:],
    ]
    return ranked[:NEEDS_MAX]


def _clocks(snapshot: Snapshot, now: datetime, words: Words) -> Iterator[Need]:
    timed = [item for item in snapshot.incidents if item.clock.latest and item.clock.decided is not False]
    for incident in sorted(timed, key=lambda item: item.clock.latest or now):
        key = "need.clock_text_decided" if incident.clock.decided else "need.clock_text"
        at = labels.stamp(incident.clock.latest, now, words)
        text = words(key, id=safe_text(incident.id), at=at, to=safe_text(incident.clock.report_to))
        left = labels.remaining(incident.clock.latest, now, words)
        yield Need("clock", ((text.rstrip(), "text"),), (left,), "incidents", incident.id)


def _alerts(snapshot: Snapshot, now: datetime, words: Words) -> Iterator[Need]:
    owned = {incident.id for incident in snapshot.incidents if incident.state != "open"}
    waiting = [item for item in snapshot.alerts if item.severity in ("critical", "high") and item.incident not in owned]
    seen: set[str] = set()
    for alert in sorted(
        waiting, key=lambda item: (item.severity != "critical", _is_old(item), _waits_from(item) or now)
    ):
        if alert.incident and alert.incident in seen:
            continue
        seen.add(alert.incident)
        text = words("need.alert_text", id=safe_text(alert.id), title=safe_text(alert.title, 200))
        level = labels.severity(alert.severity, words)
        begun = _waits_from(alert)
        since = labels.about((now - begun).total_seconds(), words) if begun else ""
        yield Need("alert", ((level[0] + "  ", level[1]), (text, "text")), ((since, "dim"),), "alerts", alert.id)


def _is_old(alert: wire.AlertRow) -> bool:
    """Of records that came in long after what they tell of: imported, so that what happens now goes first."""
    return bool(alert.received and alert.last and alert.received - alert.last > OLD)


def _waits_from(alert: wire.AlertRow) -> datetime | None:
    """Since when it wants a person: nobody could know of imported records before they came."""
    return alert.received if _is_old(alert) else alert.first


def _sources(snapshot: Snapshot, now: datetime, words: Words) -> Iterator[Need]:
    bad = [source for source in snapshot.status.sources if source.level != "ok"]
    for source in sorted(bad, key=lambda item: item.level != "broken"):
        text = words("need.source_text", id=safe_text(source.id), detail=safe_text(source.detail, 200))
        level = labels.level(source.level, words)
        since = labels.about((now - source.last_event).total_seconds(), words) if source.last_event else ""
        yield Need("source", ((level[0] + "  ", level[1]), (text, "text")), ((since, "dim"),), "logs", "")


def _findings(snapshot: Snapshot, words: Words) -> Iterator[Need]:
    for finding in snapshot.status.findings:
        level = labels.level(finding.level, words)
        text = f"{safe_text(finding.what, 300)}  {safe_text(finding.hint, 300)}".strip()
        yield Need("finding", ((level[0] + "  ", level[1]), (text, "text")), (), "", "")


def _ended(snapshot: Snapshot, now: datetime, words: Words) -> Iterator[Need]:
    """What was held back until lately, so that somebody looks at it."""
    for hold in snapshot.status.ended:
        text = words("need.held_text", id=safe_text(hold.id), n=hold.alerts, events=hold.events)
        since = labels.about((now - hold.until).total_seconds(), words) if hold.until else ""
        yield Need("held", ((f"{text}  {safe_text(hold.what, 200)}", "text"),), ((since, "dim"),), "", "")


def need_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.kind"), 6),
        Column(words("table.what"), 20, flex=True),
        Column(words("table.since"), 14, right=True),
    )


def need_row(need: Need, words: Words) -> Row:
    tone = "critical" if need.kind in ("clock", "alert") else "high"
    """The id says where the row leads, or what it says: the cursor stays on the same need when the ranking moves."""
    return Row(
        f"{need.screen}:{need.item or plain(need.text)}", (((words(f"need.{need.kind}"), tone),), need.text, need.wait)
    )


# ------------------------------------------------------------------------------------------ the system


def system_lines(snapshot: Snapshot, now: datetime, words: Words, width: int, *, ascii_only: bool) -> Iterator[Line]:
    """Everything about the system in one column: day, ledger, sources, host."""
    yield from day_lines(snapshot.hourly, now, words, width, ascii_only=ascii_only)
    yield ()
    yield from ledger_lines(snapshot.status, words)
    yield ()
    yield from source_lines(snapshot.status.sources, now, words, width)
    yield ()
    if snapshot.status.holds:
        yield from hold_lines(snapshot.status.holds, now, words, width)
        yield ()
    yield from host_lines(snapshot.status, words, width, ascii_only=ascii_only)


def _heading(text: str, note: Line = ()) -> Line:
    return (text + "  ", "title"), *note


def hours(hourly: Sequence[tuple[int, int]], now: datetime) -> tuple[int, ...]:
    """Events of the 24 hours up to now, oldest first, with zero where nothing was counted."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    counts = {start // 3_600_000_000: count for start, count in hourly}
    marks = [int((this_hour - timedelta(hours=back)).timestamp()) // 3600 for back in range(23, -1, -1)]
    return tuple(counts.get(mark, 0) for mark in marks)


def day_lines(
    hourly: Sequence[tuple[int, int]], now: datetime, words: Words, width: int, *, ascii_only: bool
) -> Iterator[Line]:
    values = hours(hourly, now)
    yield _heading(words("overview.day"), ((words("overview.events_per_hour"), "dim"),))
    if not any(values):
        yield ((words("overview.no_events"), "dim"),)
        return
    each = max(1, min(3, width // 24))
    spark = labels.spark(values, ascii_only=ascii_only)
    yield (("".join(mark * each for mark in spark), "accent"),)
    first = now - timedelta(hours=23)
    marks = ((first + timedelta(hours=at)).strftime("%H") for at in range(0, 24, 6))
    yield (("".join(pad(mark, 6 * each) for mark in marks), "dim"),)
    yield (
        *labels.field(words("overview.peak"), labels.number(max(values))),
        ("   ", ""),
        *labels.field(words("overview.low"), labels.number(min(values))),
        ("   ", ""),
        *labels.field(words("overview.total"), labels.number(sum(values))),
    )


def ledger_lines(status: health.Status, words: Words) -> Iterator[Line]:
    yield _heading(words("overview.ledger"), _verdict(status, words))
    yield (
        *labels.field(words("overview.received"), labels.number(status.received)),
        ("   ", ""),
        *labels.field(words("overview.stored"), labels.number(status.stored)),
    )
    yield _dropped(status, words)
    for reason, count in sorted(status.dropped.items(), key=lambda item: -item[1])[:3]:
        yield (("  ", ""), (safe_text(reason, 60) + "  ", "dim"), (labels.number(count), "dim"))


def _dropped(status: health.Status, words: Words) -> Line:
    dropped = sum(status.dropped.values())
    return labels.field(words("overview.dropped"), labels.number(dropped), "high" if dropped else "text")


def _verdict(status: health.Status, words: Words) -> Line:
    """Whether received is stored and dropped."""
    even = status.received == status.stored + sum(status.dropped.values())
    return ((words("overview.balance_ok"), "good") if even else (words("overview.balance_bad"), "critical"),)


def source_lines(sources: Sequence[health.SourceRow], now: datetime, words: Words, width: int) -> Iterator[Line]:
    """Those that fail first."""
    good = sum(source.level == "ok" for source in sources)
    yield _heading(words("overview.sources"), ((f"{good}/{len(sources)}", "good" if good == len(sources) else "high"),))
    if not sources:
        yield ((words("overview.no_sources"), "dim"),)
    room = max((cells(labels.level(source.level, words)[0]) for source in sources), default=0) + 2
    order = {"broken": 0, "degraded": 1}
    for source in sorted(sources, key=lambda item: (order.get(item.level, 2), item.id)):
        level = labels.level(source.level, words)
        since = (
            words("overview.ago", t=labels.about((now - source.last_event).total_seconds(), words))
            if source.last_event
            else words("overview.never")
        )
        count = f"{labels.number(source.received)}  " if width >= ROOMY else ""
        right: Line = ((count, "dim"), (pad(since, SINCE, right=True), "dim"))
        name = clip_middle(safe_text(source.id, 200), max(8, width - room - cells(count) - SINCE - 1))
        yield sides(((pad(level[0], room), level[1]), (name, "text")), right, width)


def hold_lines(holds: Sequence[health.HoldRow], now: datetime, words: Words, width: int) -> Iterator[Line]:
    """What holds alerts back now, for how long, how many."""
    alerts = sum(hold.alerts for hold in holds)
    yield _heading(words("overview.held"), ((words("overview.held_count", n=labels.number(alerts)), "high"),))
    for hold in holds:
        left = labels.span_of((hold.until - now).total_seconds(), words) if hold.until else ""
        right: Line = ((words("overview.held_left", n=labels.number(hold.alerts), left=left), "dim"),)
        text = f"{safe_text(hold.id)}  {safe_text(hold.what, 200)}"
        yield sides(((clip_middle(text, max(8, width - cells(right[0][0]) - 1)), "text"),), right, width)


def host_lines(status: health.Status, words: Words, width: int, *, ascii_only: bool) -> Iterator[Line]:
    load = labels.field(words("overview.load"), f"{status.load:.2f}", "dim")
    rate = labels.field(words("overview.rate"), f"{status.rate:.1f} {words('overview.per_second')}", "dim")
    yield _heading(words("overview.host"), (*load, ("   ", ""), *rate))
    gauges = [(words("overview.cpu"), status.cpu), (words("overview.memory"), status.memory)]
    gauges += [(f"{words('overview.disk')} {safe_text(mount, 40)}", percent) for mount, percent in status.disks[:4]]
    room = min(18, max(cells(name) for name, _ in gauges) + 2)
    for name, percent in gauges:
        gauge = labels.bar(percent, max(4, min(24, width - room - 6)), ascii_only=ascii_only)
        yield ((pad(pad(name, room - 1), room), "label"), *gauge, (f" {percent:3.0f}%", "text"))
    rules = words("overview.rules_value", n=status.rules, c=status.correlations)
    refused = words("overview.refused", n=status.refused)
    yield (
        *labels.field(words("overview.rules"), rules, "dim"),
        ("   ", ""),
        (refused if status.refused else "", "high"),
    )
    yield tuple(_store(status, words))


def _store(status: health.Status, words: Words) -> Iterator[Span]:
    yield from labels.field(words("overview.store"), labels.size(status.store_bytes), "dim")
    if status.oldest_day:
        yield ("   " + words("overview.oldest", day=safe_text(status.oldest_day)), "dim")
    if status.full_on:
        yield ("   " + words("overview.full_on", day=safe_text(status.full_on)), "high")
    if status.sealed_until:
        yield ("   " + words("overview.sealed", time=f"{status.sealed_until:%m-%d %H:%M}"), "dim")
    if status.legal_holds:
        yield ("   " + words("overview.legal_holds", n=status.legal_holds), "text")


def brief_lines(snapshot: Snapshot, now: datetime, words: Words, *, ascii_only: bool) -> Iterator[Line]:
    """The system in the five lines of a narrow screen; what fails stands in ``needs``."""
    status, gap = snapshot.status, ("   ", "")
    values = hours(snapshot.hourly, now)
    spark = (labels.spark(values, ascii_only=ascii_only), "accent")
    yield _heading(
        words("overview.day"), (spark, gap, *labels.field(words("overview.peak"), labels.number(max(values))))
    )
    received = labels.field(words("overview.received"), labels.number(status.received))
    stored = labels.field(words("overview.stored"), labels.number(status.stored))
    ledger = (*_verdict(status, words), gap, *received, gap, *stored, gap, *_dropped(status, words))
    yield _heading(words("overview.ledger"), ledger)
    bad = [source for source in status.sources if source.level != "ok"]
    names = "  ".join(safe_text(source.id, 60) for source in bad)
    count = f"{len(status.sources) - len(bad)}/{len(status.sources)}"
    yield _heading(words("overview.sources"), ((count, "high" if bad else "good"), gap, (names, "high")))
    gauges = [(words("overview.cpu"), status.cpu), (words("overview.memory"), status.memory)]
    gauges += [(f"{words('overview.disk')} {safe_text(mount, 24)}", percent) for mount, percent in status.disks[:2]]
    shown = [span for name, percent in gauges for span in (*labels.field(name, f"{percent:.0f}%"), gap)]
    yield _heading(words("overview.host"), tuple(shown))
    rules = words("overview.rules_value", n=status.rules, c=status.correlations)
    store = labels.field(words("overview.store"), labels.size(status.store_bytes), "dim")
    held = words("overview.held_brief", n=len(status.holds)) if status.holds else ""
    yield (*labels.field(words("overview.rules"), rules, "dim"), gap, *store, gap, (held, "high"))
