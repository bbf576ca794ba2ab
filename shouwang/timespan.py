"""Times as people write them -> UTC microseconds, and back. Pure: "now" is always an argument."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from shouwang.errors import UsageError
from shouwang.words import Words

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS_US = {"s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6, "w": 7 * 86400 * 10**6}
_SPAN = re.compile(r"(\d{1,9})([smhdw])", re.ASCII | re.IGNORECASE)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([Zz]|[+-]\d\d:?\d\d))?)?",
    re.ASCII,
)
_FORMS = Words(
    "可写 24h、7d、日期（2026-11-24）或 RFC 3339 时间（2026-11-24T08:00:00+08:00）。",
    "Write 24h, 7d, a day (2026-11-24) or RFC 3339 (2026-11-24T08:00:00+08:00).",
)


def moment(text: str, zone: tzinfo = UTC) -> tuple[int, int] | None:
    """``[start, end)`` of what is written: a day, a minute, a second, or finer; ``None`` when it is no time.

    Without an offset it is the zone's wall clock. Digits after the sixth are cut. 24:00 and second 60 are the next
    minute's start, as in ISO 8601 and UTC.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction, offset = found.group(7), found.group(8)
    carried = timedelta(0)
    if second == 60:
        second, carried = 59, timedelta(seconds=1)
    if (hour, minute, second) == (24, 0, 0):
        hour, carried = 0, timedelta(days=1)
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        wall = datetime(year, month, day, hour, minute, second, micros, _zone(offset, zone))
        start = (wall - EPOCH + carried) // _MICROSECOND
        if found.group(4) is None:
            next_day = datetime(year, month, day, tzinfo=wall.tzinfo) + timedelta(days=1)
            return start, (next_day - EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        return None
    if found.group(6) is None:
        return start, start + _UNITS_US["m"]
    return start, start + (10 ** max(6 - len(fraction), 0) if fraction else 10**6)


def _zone(offset: str | None, zone: tzinfo) -> tzinfo:
    if offset is None:
        return zone
    if offset in "Zz":
        return UTC
    return datetime.strptime(offset, "%z").tzinfo or UTC


def since(text: str, now_us: int, zone: tzinfo) -> int:
    """The start of "the last 24h", or of the time written. Raises ``UsageError`` on anything else."""
    written = text.strip()
    span = span_us(written)
    if span is not None:
        return now_us - span
    bounds = moment(written, zone)
    if bounds is None:
        raise UsageError(Words(f"{text!r} 不是时间。", f"{text!r} is no time."), hint=_FORMS)
    return bounds[0]


def span_us(text: str) -> int | None:
    """Of ``90s``, ``10m``, ``24h``, ``7d``, ``2w``; ``None`` for anything else."""
    span = _SPAN.fullmatch(text)
    return None if span is None else int(span.group(1)) * _UNITS_US[span.group(2).lower()]


def day_of(time_us: int, zone: tzinfo) -> date:
    """The zone's day."""
    return (EPOCH + timedelta(microseconds=time_us)).astimezone(zone).date()


def midnight_us(day: date, zone: tzinfo) -> int:
    """Where the zone's day begins."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (local.astimezone(UTC) - EPOCH) // _MICROSECOND


def rfc3339(time_us: int, zone: tzinfo) -> str:
    """``2026-11-24T08:00:00.000000+08:00``; always six decimals, so that text order is time order within one offset.

    In UTC where the zone had an offset with seconds (before 1901 in Shanghai), which RFC 3339 cannot say. Times outside
    the years 1 to 9999 are shown as the nearest that has a name.
    """
    try:
        local = (EPOCH + timedelta(microseconds=time_us)).astimezone(zone)
        offset = local.utcoffset() or timedelta(0)
    except (OverflowError, ValueError):
        return _extreme(time_us)
    if offset.seconds % 60:
        local = local.astimezone(UTC)
    return local.isoformat(timespec="microseconds")


def _extreme(time_us: int) -> str:
    try:
        utc = EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        utc = _FIRST if time_us < 0 else _LAST
    return utc.isoformat(timespec="microseconds")
