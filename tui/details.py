"""The detail panes: one alert, one incident, one event as lines for a width. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tui import labels, wire
from tui.messages import Words
from tui.present import DETAIL_LIMIT, Line, cells, line_width, pad, plain, safe_text, sides, wrap

RAW_LINES = 40
"""Lines that one raw record takes at most in a list of records."""


def heading(text: str, note: str = "") -> Line:
    return ((text, "title"), ("  " + note if note else "", "dim"))


def wrapped(text: str, width: int, tone: str, *, indent: int = 0) -> Iterator[Line]:
    for line in wrap(text, width - indent):
        yield ((" " * indent, ""), (line, tone))


def field_lines(pairs: Sequence[tuple[str, str, str]], width: int, words: Words) -> Iterator[Line]:
    """Label and value under one another, the values in one column."""
    room = max((cells(label) for label, _, _ in pairs), default=0) + 2
    for label, value, tone in pairs:
        lines = wrap(value or words("none"), max(8, width - room))
        yield ((pad(label, room), "label"), (lines[0], tone if value else "dim"))
        yield from (((" " * room, ""), (line, tone)) for line in lines[1:])


def alert_lines(
    detail: wire.AlertDetail, incident: wire.IncidentRow | None, now: datetime, words: Words, width: int
) -> Iterator[Line]:
    """Who, what, when, and the incident it belongs to; without the raw events."""
    alert = detail.alert
    level = labels.severity(alert.severity, words)
    yield from wrapped(safe_text(alert.title), width, "strong")
    yield (
        level,
        ("   ", ""),
        (safe_text(alert.id), "text"),
        ("   ", ""),
        (words.known("alert_state", safe_text(alert.state)), "dim"),
    )
    yield ()
    yield from field_lines(
        [
            (words("alerts.rule"), safe_text(alert.rule_id), "text"),
            (words("alerts.tags"), safe_text(" ".join(alert.tags)), "text"),
            (words("alerts.count"), labels.number(alert.count, at_least=alert.at_least), "text"),
            (words("alerts.first"), labels.full_stamp(alert.first, words), "text"),
            (words("alerts.last"), labels.full_stamp(alert.last, words), "text"),
            *_held(alert, words),
        ],
        width,
        words,
    )
    yield ()
    yield heading(words("alerts.incident"))
    if incident is not None:
        yield from incident_brief(incident, now, words, width)
    else:
        yield ((safe_text(alert.incident) or words("alerts.no_incident"), "text" if alert.incident else "dim"),)
    yield ()
    yield heading(words("alerts.entities"))
    yield from field_lines(
        [(safe_text(name), safe_text(" ".join(values)), "text") for name, values in alert.entities], width, words
    )


def _held(alert: wire.AlertRow, words: Words) -> Iterator[tuple[str, str, str]]:
    if alert.holder:
        kind = words.known("holder", alert.holder)
        yield words("alerts.held_by"), f"{kind} {safe_text(alert.held_by)}: {safe_text(alert.held_why)}", "high"
    if alert.maintenance:
        yield words("alerts.during"), safe_text(alert.maintenance), "high"


def incident_brief(incident: wire.IncidentRow, now: datetime, words: Words, width: int) -> Iterator[Line]:
    """An incident in three lines."""
    owner = safe_text(incident.owner) or words("none")
    yield ((safe_text(incident.id), "strong"), ("  ", ""), labels.state(incident.state, words), ("  ", ""), (owner, ""))
    yield from wrapped(safe_text(incident.title), width, "text")
    yield (labels.grade(incident.grade, words), ("  " + standing(incident, words), "dim"))
    if incident.clock.latest is not None and incident.state != "closed":
        yield from clock_lines(incident, now, words, width)


def standing(incident: wire.IncidentRow, words: Words) -> str:
    if not incident.confirmed:
        return words("incidents.unconfirmed")
    if incident.proposed and incident.proposed != incident.grade:
        return words("incidents.overridden", grade=labels.grade(incident.proposed, words)[0])
    return words("incidents.confirmed")


def clock_lines(incident: wire.IncidentRow, now: datetime, words: Words, width: int) -> Iterator[Line]:
    """Receiver, time, what is left: ``if reportable`` until a named person has decided."""
    clock = incident.clock
    mood = words("incidents.reportable" if clock.decided else "incidents.if_reportable")
    left = labels.remaining(clock.latest, now, words)
    at = labels.stamp(clock.latest, now, words)
    parts: list[Line] = [
        ((mood, "high"),),
        ((f"{words('incidents.latest')} ", "label"), (at, "strong")),
        ((f"{words('incidents.left')} ", "label"), left),
        ((safe_text(clock.report_to), "text"),),
    ]
    yield from flowing(parts, width)


def flowing(parts: Sequence[Line], width: int) -> Iterator[Line]:
    """The parts side by side, on the next line what has no room; one that is too wide for a line is wrapped."""
    line: Line = ()
    for part in parts:
        if line and line_width(line) + 2 + line_width(part) > width:
            yield line
            line = ()
        line = (*line, ("  ", ""), *part) if line else part
    if line_width(line) > width:
        yield from wrapped(plain(line), width, line[-1][1])
    elif line:
        yield line


def event_lines(event: wire.EventRow, words: Words, width: int) -> Iterator[Line]:
    """Every field, and the record as it came."""
    yield heading(words("logs.original"))
    original = event.text("event.original") or event.text("message")
    yield from wrapped(safe_text(original, DETAIL_LIMIT), width, "strong")
    yield ()
    yield heading(words("logs.fields"))
    shown = {**dict(sorted(event.fields.items()))}
    shown.pop("event.original", None)
    pairs = [(safe_text(name, 60), safe_text(event.text(name), DETAIL_LIMIT), "text") for name in shown]
    room = max((cells(label) for label, _, _ in pairs), default=0)
    if room > width // 2:
        for label, value, tone in pairs:
            yield ((label, "label"),)
            yield from wrapped(value, width, tone, indent=2)
        return
    yield from field_lines(pairs, width, words)


def raw_lines(events: Sequence[wire.EventRow], now: datetime, words: Words, width: int) -> Iterator[Line]:
    """The raw records of an alert, each under its time and host."""
    if not events:
        yield ((words("alerts.no_events"), "dim"),)
    for event in events:
        at = labels.stamp(event.at, now, words, seconds=True)
        yield sides(((at, "accent"), ("  " + safe_text(event.text("host.name")), "label")), (), width)
        text = event.text("event.original") or event.text("message")
        lines = wrap(safe_text(text, width * RAW_LINES), width - 2)
        yield from (((" " * 2, ""), (line, "text")) for line in lines[:RAW_LINES])
