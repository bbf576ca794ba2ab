"""One incident whole: standing, legal clock, grade with its reasons, alerts, timeline. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from tui import labels, wire
from tui.details import clock_lines, field_lines, heading, standing, wrapped
from tui.messages import Words
from tui.present import Line, Span, cells, pad, safe_text


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
        (words("incidents.happened"), _happened(incident, words), "high" if incident.imported else "text"),
        (words("incidents.found"), labels.full_stamp(incident.found, words), "text"),
        (words("incidents.disposition"), disposition, "text"),
        (words("incidents.assets"), assets, "text"),
    ]
    if incident.closed is not None:
        pairs.append((words("incidents.closed"), labels.full_stamp(incident.closed, words), "text"))
    yield from field_lines(pairs, width, words)


def _happened(incident: wire.IncidentRow, words: Words) -> str:
    """From the first to the last of its events, and whether they were imported."""
    if incident.first is None:
        return ""
    spans = dict.fromkeys(labels.full_stamp(at, words) for at in (incident.first, incident.last))
    return " .. ".join(spans) + (f"  ({words('incidents.imported')})" if incident.imported else "")


def _clock(incident: wire.IncidentRow, now: datetime, words: Words, width: int) -> Iterator[Line]:
    yield heading(words("incidents.clock"))
    clock = incident.clock
    if clock.latest is None or incident.state == "closed":
        yield ((words("incidents.no_clock"), "dim"),)
        return
    yield from clock_lines(incident, now, words, width)
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


GRAVEST_FIRST = ("I", "II", "III", "IV")
NOT_ASKED = "not_asked"
REASON_INDENT = 5
"""Room for the longest grade."""


def reason_lines(reasons: Sequence[wire.ReasonRow], words: Words, width: int) -> Iterator[Line]:
    """What gives a grade, gravest first; what does not; last, on few lines, what nobody is asked about."""
    if not reasons:
        yield ((words("incidents.no_reasons"), "dim"),)
    place = {grade: number for number, grade in enumerate(GRAVEST_FIRST)}
    asked = [reason for reason in reasons if reason.fact != NOT_ASKED]
    for reason in sorted(asked, key=lambda item: place.get(item.grade, len(place))):
        yield from _reason(reason, words, width)
    yield from _not_asked([reason for reason in reasons if reason.fact == NOT_ASKED], words, width)


def _reason(reason: wire.ReasonRow, words: Words, width: int) -> Iterator[Line]:
    """The grade and what was found; under it the clause, whether it was read, and how the facts are known."""
    source = f"{safe_text(reason.document)} {safe_text(reason.clause)}".strip()
    if not reason.sure:
        source += f" ({words('incidents.unsure')})"
    fact = words("incidents.fact", known=words.known("fact", safe_text(reason.fact))) if reason.fact else ""
    given = labels.grade_tone(reason.grade) if reason.grade else "dim"
    found = safe_text(reason.value), "text" if reason.grade else "dim"
    yield from _beside((safe_text(reason.grade) or words("incidents.unmet"), given), found, width)
    together = f"{source}  {fact}".strip()
    for text in [together] if cells(together) <= width - REASON_INDENT else [source, fact]:
        yield from wrapped(text, width, "dim", indent=REASON_INDENT)


def _beside(mark: Span, text: Span, width: int) -> Iterator[Line]:
    """The text in a column of its own, the mark before its first line."""
    first, *rest = wrapped(text[0], width - REASON_INDENT, text[1])
    yield ((pad(mark[0], REASON_INDENT), mark[1]), *first)
    yield from (((" " * REASON_INDENT, ""), *line) for line in rest)


def _not_asked(reasons: Sequence[wire.ReasonRow], words: Words, width: int) -> Iterator[Line]:
    """``未询问, 由人判断: ... 1.4 特别重大 b) c); 1.4 重大 b)``, once for each document."""
    documents: dict[str, dict[str, list[str]]] = {}
    for reason in reasons:
        head, _, letter = safe_text(reason.clause).rpartition(" ")
        doubt = "" if reason.sure else f" ({words('incidents.unsure')})"
        documents.setdefault(safe_text(reason.document), {}).setdefault(head, []).append(letter + doubt)
    for document, clauses in documents.items():
        listed = "; ".join(" ".join((head, *letters)).strip() for head, letters in clauses.items())
        said = f"{words('incidents.not_asked')}: {document} {listed}"
        yield from _beside((words("incidents.unmet"), "dim"), (said, "dim"), width)


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
            (f"  x{alert.counted}" if alert.count > 1 else "", "dim"),
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
