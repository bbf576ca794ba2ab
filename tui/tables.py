"""The rows of the console's lists. Pure: values in, cells out."""

from __future__ import annotations

from datetime import datetime

from tui import commands, labels, wire
from tui.commands import Command
from tui.messages import Words
from tui.present import Column, Line, safe_text
from tui.window import Row

CELL_MAX = 400
"""Characters of a value that a list looks at: no pane is wider."""


def _wide(words: Words, zh: int, en: int) -> int:
    return zh if words.language == "zh" else en


def alert_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.severity"), _wide(words, 4, 6)),
        Column(words("table.id"), 9, rank=3),
        Column(words("table.time"), 5, rank=2),
        Column(words("table.title"), 20, flex=True),
        Column(words("table.count"), _wide(words, 4, 5), rank=1, right=True),
        Column(words("table.host"), 14, rank=5),
        Column(words("table.owner"), 8, rank=4),
    )


def alert_row(alert: wire.AlertRow, owner: str, now: datetime, words: Words) -> Row:
    closed = alert.state == "closed"
    level = labels.severity(alert.severity, words)
    return Row(
        alert.id,
        (
            ((level[0], "dim" if closed else level[1]),),
            _cell(alert.id, "dim"),
            ((labels.short_stamp(alert.last, now, words), "dim"),),
            _cell(marked(alert), "dim" if closed or alert.held_by else "text"),
            ((alert.counted, "dim"),),
            _cell(entity(alert, "host.name"), "dim"),
            _cell(owner or words("none"), "text" if owner else "dim"),
        ),
    )


def marked(alert: wire.AlertRow) -> str:
    """Its title; before it what holds it back, or the works that it fell in."""
    mark = alert.held_by or alert.maintenance
    return f"[{mark}] {alert.title}" if mark else alert.title


def entity(alert: wire.AlertRow, name: str) -> str:
    return " ".join(next((values for key, values in alert.entities if key == name), ()))


def incident_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.grade"), 12),
        Column(words("table.id"), 19, rank=2),
        Column(words("table.title"), 20, flex=True),
        Column(words("table.state"), _wide(words, 6, 9), rank=1),
        Column(words("table.owner"), 8, rank=3),
        Column(words("table.left"), _wide(words, 18, 18), rank=4, right=True),
    )


def incident_row(incident: wire.IncidentRow, now: datetime, words: Words) -> Row:
    closed = incident.state == "closed"
    left = (words("none"), "dim") if closed else labels.remaining(incident.clock.latest, now, words)
    grade = labels.grade(incident.grade, words)
    state = labels.state(incident.state, words)
    imported = words("incidents.imported_mark") + " " if incident.imported else ""
    works = "".join(f"[{name}] " for name in incident.maintenance)
    return Row(
        incident.id,
        (
            ((grade[0] + ("" if incident.confirmed else " ?"), "dim" if closed else grade[1]),),
            _cell(incident.id, "dim"),
            _cell(works + imported + incident.title, "dim" if closed else "text"),
            (state,),
            _cell(incident.owner or words("none"), "text" if incident.owner else "dim"),
            (left,),
        ),
    )


def event_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words("table.time"), 11),
        Column(words("table.host"), 12, rank=3),
        Column(words("table.dataset"), 15, rank=2),
        Column(words("table.message"), 36, flex=True),
    )


def event_row(event: wire.EventRow, now: datetime, words: Words) -> Row:
    tone = "failed" if event.text("event.outcome") == "failure" else "text"
    return Row(
        event.id,
        (
            ((labels.line_stamp(event.at, now, words), "dim"),),
            _cell(event.text("host.name"), "dim"),
            _cell(event.text("event.dataset"), "label"),
            _cell(summary(event), tone),
        ),
    )


_ENVELOPE = ("@timestamp", "event.", "host.", "shouwang.", "log.", "message")


def summary(event: wire.EventRow) -> str:
    """An event on one line: its message; of a record that is an object, its fields; else the record."""
    message, original = event.text("message"), event.text("event.original")
    if message or not original.startswith("{"):
        return message or original
    named = (name for name in event.fields if not name.startswith(_ENVELOPE))
    return "  ".join(f"{name}={event.text(name)}" for name in named) or original


def command_columns(words: Words, *, numbered: bool) -> tuple[Column, ...]:
    return (
        *((Column("", 2, right=True),) if numbered else ()),
        Column("", _wide(words, 18, 20)),
        Column(words("table.key"), 10),
        Column(words("table.meaning"), 20, flex=True, rank=0),
    )


def command_row(command: Command, words: Words, *, number: str | None) -> Row:
    return Row(
        command.name,
        (
            *(() if number is None else (((number, "accent"),),)),
            ((commands.title(command, words), "strong"),),
            ((commands.keys_label(command), "accent"),),
            ((words(f"explain.{command.name}"), "dim"),),
        ),
    )


def _cell(text: str, tone: str) -> Line:
    return ((safe_text(text, CELL_MAX), tone),)
