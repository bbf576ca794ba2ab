"""One incident whole: standing, legal clock, grade with its reasons, alerts, timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tui import labels, wire
from tui.details import clock_line, field_lines, heading, standing, wrapped
from tui.messages import Words
from tui.present import Line, cells, pad, safe_text


def incident_lines(detail: wire.IncidentDetail, now: datetime, words: Words, width: int) -> Iterator[Line]:
    yield from _head(detail.incident, words, width)
    yield ()
    yield from _clock(detail.incident, now, words, width)
    yield ()
    yield from grading_lines(detail.incident, words, width)
    yield ()
    yield from _alerts(detail.alerts, now, words)


def _head(incident: wire.IncidentRow, words: Words, width: int) -> Iterator[Line]:
    yield from wrapped(safe_text(incident.title), width, "strong")
    yield (
        labels.grade(incident.grade, words),
        ("  " + standing(incident, words), "dim"),
        ("   ", ""),
        labels.state(incident.state, words),
    )
    yield ()
    disposition = words.known("disposition", safe_text(incident.disposition)) if incident.disposition else ""
    if incident.disposition_reason:
        disposition += f"  {safe_text(incident.disposition_reason)}"
    assets = "  ".join(
        f"{safe_text(name)} ({words.known('importance', safe_text(importance))})"
        for _, name, importance in incident.assets
    )
    pairs = [
        (words("incidents.owner"), safe_text(incident.owner), "text"),
        (words("incidents.found"), labels.full_stamp(incident.found, words), "text"),
        (words("incidents.disposition"), disposition, "text"),
        (words("incidents.assets"), assets, "text"),
    ]
    if incident.closed is not None:
        pairs.append((words("incidents.closed"), labels.full_stamp(incident.closed, words), "text"))
    yield from field_lines(pairs, width, words)


def _clock(incident: wire.IncidentRow, now: datetime, words: Words, width: int) -> Iterator[Line]:
    yield heading(words("incidents.clock"))
    clock = incident.clock
    if clock.latest is None or incident.state == "closed":
        yield ((words("incidents.no_clock"), "dim"),)
        return
    yield from clock_line(incident, now, words)
    key = {None: "undecided", True: "must_report", False: "need_not_report"}[clock.decided]
    yield from wrapped(words(f"incidents.{key}"), width, "dim")
    if clock.basis:
        yield from wrapped(f"{words('incidents.basis')}: {safe_text(clock.basis)}", width, "dim")


def grading_lines(incident: wire.IncidentRow, words: Words, width: int) -> Iterator[Line]:
    """The proposal, the facts it rests on, and every criterion that was looked at."""
    yield heading(words("incidents.grading"))
    proposed = labels.grade(incident.proposed or incident.grade, words)
    yield ((words("incidents.proposed") + " ", "label"), proposed)
    facts: list[tuple[str, str]] = []
    for fact, family in (("importance", "importance"), ("loss", "loss"), ("social", "social")):
        value = incident.facts.get(fact) or "unknown"
        facts += [(words(f"incidents.{fact}") + " ", "label"), (words.known(family, safe_text(value)) + "   ", "text")]
    yield tuple(facts)
    yield from reason_lines(incident.reasons, words, width)


def reason_lines(reasons: Sequence[wire.ReasonRow], words: Words, width: int) -> Iterator[Line]:
    if not reasons:
        yield ((words("incidents.no_reasons"), "dim"),)
    unmet = words("incidents.unmet")
    room = max(cells(unmet), 3) + 2
    for reason in sorted(reasons, key=lambda item: not item.grade):
        given = safe_text(reason.grade) or unmet
        tone = labels.grade_tone(reason.grade) if reason.grade else "dim"
        source = f"{safe_text(reason.document)} {safe_text(reason.clause)}".strip()
        if not reason.sure:
            source += f" ({words('incidents.unsure')})"
        lines = list(wrapped(safe_text(reason.value), width - room, "text" if reason.grade else "dim"))
        yield ((pad(given, room), tone), *lines[0])
        yield from (((" " * room, ""), *line) for line in lines[1:])
        yield from wrapped(source, width, "dim", indent=room)


def _alerts(alerts: Sequence[wire.AlertRow], now: datetime, words: Words) -> Iterator[Line]:
    yield heading(words("incidents.alerts"), str(len(alerts)))
    id_width = max((cells(safe_text(alert.id, 20)) for alert in alerts), default=0)
    for alert in alerts:
        level = labels.severity(alert.severity, words)
        yield (
            (pad(level[0], 6), level[1]),
            (pad(safe_text(alert.id, 20), id_width) + "  ", "dim"),
            (labels.stamp(alert.last, now, words) + "  ", "dim"),
            (safe_text(alert.title), "text"),
            (f"  x{alert.count}" if alert.count > 1 else "", "dim"),
        )


def timeline_lines(timeline: Sequence[wire.TimelineRow], now: datetime, words: Words, width: int) -> Iterator[Line]:
    """Newest first."""
    if not timeline:
        yield ((words("incidents.no_timeline"), "dim"),)
    for entry in sorted(timeline, key=lambda item: item.at or now)[::-1]:
        act = entry.act.rsplit(".", 1)[-1]
        yield (
            (labels.stamp(entry.at, now, words, seconds=True) + "  ", "accent"),
            (words.known("acts", safe_text(act)) + "  ", "strong"),
            (safe_text(entry.actor), "label"),
        )
        said = "  ".join(_said(name, value, words) for name, value in entry.detail if name not in _SILENT)
        if said:
            yield from wrapped(said, width, "text", indent=2)


_SILENT = ("state", "title")
"""Said already by the act, or by the head of the page."""

_VOCABULARY = {
    "severity": "severity",
    "disposition": "disposition",
    "importance": "importance",
    "loss": "loss",
    "social": "social",
}


def _said(name: str, value: str, words: Words) -> str:
    """One stated fact of a timeline entry in words; what is not known stands as it came."""
    if name in ("grade", "confirmed", "proposed"):
        shown = labels.grade(value, words)[0]
    elif name == "overrides":
        return words("detail.overrides")
    else:
        family = _VOCABULARY.get(name)
        shown = words.known(family, safe_text(value)) if family else safe_text(value)
    return f"{words.known('detail', safe_text(name))} {shown}".strip()
