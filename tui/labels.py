"""Levels, states, times and sizes as the console writes them. Pure: every function takes the words and the time."""

from __future__ import annotations

from datetime import datetime

from tui.messages import Words
from tui.present import Line, Span, safe_text

SEVERITIES = ("critical", "high", "medium", "low", "informational")
_GRADE_TONES = {"I": "critical", "II": "critical", "III": "high", "IV": "low"}
_STATE_TONES = {"open": "accent", "claimed": "text", "triaged": "good", "closed": "dim"}
_LEVEL_TONES = {"ok": "good", "degraded": "high", "broken": "critical"}


def severity(name: str, words: Words) -> Span:
    """Letter and word, for example ``H 高``."""
    return words.known("severity", safe_text(name)), name if name in SEVERITIES else "text"


def grade(name: str, words: Words) -> Span:
    """Roman number and word, for example ``III 较大``; written with letters, never with one wide numeral."""
    shown = safe_text(name)
    return f"{shown} {words.known('grade', shown)}" if shown in _GRADE_TONES else shown, grade_tone(name)


def grade_tone(name: str) -> str:
    return _GRADE_TONES.get(name, "text")


def state(name: str, words: Words) -> Span:
    return words.known("state", safe_text(name)), _STATE_TONES.get(name, "text")


def level(name: str, words: Words) -> Span:
    return words.known("level", safe_text(name)), _LEVEL_TONES.get(name, "text")


def stamp(at: datetime | None, now: datetime, words: Words, *, seconds: bool = False) -> str:
    """The time of day, with month and day unless it is today's, in the zone it came in."""
    if at is None:
        return words("none")
    clock = at.strftime("%H:%M:%S" if seconds else "%H:%M")
    return clock if at.date() == now.astimezone(at.tzinfo).date() else f"{at:%m-%d} {clock}"


def short_stamp(at: datetime | None, now: datetime, words: Words) -> str:
    """Five cells: the time of day for today's, month and day for what is older."""
    if at is None:
        return words("none")
    return f"{at:%H:%M}" if at.date() == now.astimezone(at.tzinfo).date() else f"{at:%m-%d}"


def line_stamp(at: datetime | None, now: datetime, words: Words) -> str:
    """At most eleven cells: to the second for today's, to the minute for what is older."""
    if at is None:
        return words("none")
    return f"{at:%H:%M:%S}" if at.date() == now.astimezone(at.tzinfo).date() else f"{at:%m-%d %H:%M}"


def full_stamp(at: datetime | None, words: Words) -> str:
    return words("none") if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def span_of(seconds: float, words: Words) -> str:
    """A length of time as a clock: ``02:50:20``, ``3天 01:00:00``; its sign is the caller's."""
    total = int(abs(seconds))
    days, rest = divmod(total, 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return words("time.days", d=days, t=clock) if days else clock


def about(seconds: float, words: Words) -> str:
    """A length of time in one unit: ``5分``."""
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return words(f"time.unit_{unit}", n=int(seconds // size))
    return words("time.unit_s", n=max(0, int(seconds)))


def remaining(latest: datetime | None, now: datetime, words: Words) -> Span:
    """What is left until ``latest``, or by how much it is overdue."""
    if latest is None:
        return words("none"), "dim"
    left = (latest - now).total_seconds()
    if left < 0:
        return words("incidents.overdue", left="+" + span_of(left, words)), "critical"
    return span_of(left, words), "critical" if left < 1_800 else "high" if left < 7_200 else "text"


def number(value: float, *, at_least: bool = False) -> str:
    """A count with its thousands parted."""
    return f"{'≥' if at_least else ''}{int(value):,}"


def size(count: float) -> str:
    """Bytes in the unit that keeps it short."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1_024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1_024
    return f"{count:.1f} TB"


def field(label: str, value: str, tone: str = "text") -> Line:
    """``label value`` with the label held back."""
    return (label + " ", "label"), (value, tone)


def bar(percent: float, width: int, *, ascii_only: bool) -> Line:
    """A filled bar; frames and bars may use block characters, table cells never do."""
    filled = max(0, min(width, round(percent / 100 * width)))
    full, rest = ("#", ".") if ascii_only else ("█", "░")
    tone = "critical" if percent >= 90 else "high" if percent >= 75 else "good"
    return (full * filled, tone), (rest * (width - filled), "frame")


def spark(values: tuple[int, ...], *, ascii_only: bool) -> str:
    """One character a value, scaled to the greatest."""
    steps = " .:-=+*#" if ascii_only else " ▁▂▃▄▅▆▇█"
    top = max(values, default=0)
    if not top:
        return steps[0] * len(values)
    last = len(steps) - 1
    return "".join(steps[0 if not value else max(1, round(value / top * last))] for value in values)
