"""Reading the times that logs write. Pure; every reader gives ``None`` for what it cannot read and never raises.

Fractions beyond the microsecond are cut, never rounded: .9999999 must not become the next second.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
EARLIEST_US: Final = 631_152_000 * SECOND_US
"""1990-01-01: no log is older. FILETIME zero (1601), year 1 and negative epochs are no times."""

MONTHS: Final = {
    "Jan": 1,
    "Feb": 2,
    "Mar": 3,
    "Apr": 4,
    "May": 5,
    "Jun": 6,
    "Jul": 7,
    "Aug": 8,
    "Sep": 9,
    "Oct": 10,
    "Nov": 11,
    "Dec": 12,
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_LAST_US: Final = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z."""

_ISO: Final = re.compile(
    r"\s*(\d{4})[-/](\d\d?)[-/](\d\d?)(?:[T ]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,12})\d*)?)?)?"
    r"\s*(?:(Z|UTC|GMT)|([+-])(\d\d):?(\d\d)?Z?)?\s*\Z",
    re.ASCII | re.IGNORECASE,
)
_DOTNET: Final = re.compile(r"\s*\\?/Date\((-?\d{1,19})(?:[+-]\d{4})?\)\\?/\s*\Z", re.ASCII)
_NUMBER: Final = re.compile(r"\s*(-?\d{1,20})(?:\.(\d{1,12})\d*)?\s*\Z", re.ASCII)


class Moment(NamedTuple):
    """A time that was read."""

    time_us: int
    assumed: bool
    """The text named no zone: the source's zone was taken."""


def is_plausible(time_us: int, received_us: int) -> bool:
    """Whether a record received then can have happened then: from 1990 to a day after its receipt."""
    return EARLIEST_US <= time_us <= received_us + DAY_US


def rfc3339(time_us: int) -> str:
    """UTC text with microseconds; empty outside the years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    except OverflowError:
        return ""


@lru_cache(maxsize=1024)
def day_us(year: int, month: int, day: int) -> int | None:
    """Midnight UTC of a date; ``None`` when there is no such date."""
    try:
        return (date(year, month, day).toordinal() - _EPOCH_DAY) * DAY_US
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def minute_us(place: tuple[int, int, int, int, int], zone: tzinfo) -> int | None:
    """The start of a local minute (year, month, day, hour, minute) in UTC. Of a minute that came twice, the first."""
    year, month, day, hour, minute = place
    try:
        local = datetime(year, month, day, hour, minute, tzinfo=zone)
        offset = local.utcoffset() or timedelta()
    except (ValueError, OverflowError):
        return None
    midnight = day_us(year, month, day)
    if midnight is None:
        return None
    return midnight + (hour * 3600 + minute * 60) * SECOND_US - offset // timedelta(microseconds=1)


def fraction_us(digits: str | None) -> int:
    """``"25"`` is 250,000: the digits after the decimal mark, cut at six."""
    return int(digits[:6].ljust(6, "0")) if digits else 0


def read_iso(text: str, zone: tzinfo) -> Moment | None:
    """RFC 3339 and its relatives: blank for T, comma, no colon in the offset, ``+00:00Z``, 24:00, a leap second."""
    found = _ISO.match(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, utc, sign, off_hour, off_minute = found.groups()
    seconds = int(second or 0)
    hours, minutes = int(hour or 0), int(minute or 0)
    ends_day = hours == 24 and minutes == 0 and seconds == 0
    if (hours > 23 and not ends_day) or minutes > 59 or seconds > 60:
        return None
    rest_us = seconds * SECOND_US + fraction_us(fraction)
    if utc or sign:
        midnight = day_us(int(year), int(month), int(day))
        if midnight is None:
            return None
        offset_s = int(off_hour or 0) * 3600 + int(off_minute or 0) * 60
        clock_us = (hours * 3600 + minutes * 60) * SECOND_US + rest_us
        return Moment(midnight + clock_us + (offset_s if sign == "-" else -offset_s) * SECOND_US, assumed=False)
    start = minute_us((int(year), int(month), int(day), 0 if ends_day else hours, minutes), zone)
    if start is None:
        return None
    return Moment(start + rest_us + (DAY_US if ends_day else 0), assumed=True)


def read_epoch(number: int, fraction: str | None = None) -> Moment | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size."""
    size = abs(number)
    if size < 100_000_000_000:
        time_us = number * SECOND_US + (fraction_us(fraction) if number >= 0 else -fraction_us(fraction))
    elif size < 100_000_000_000_000:
        time_us = number * 1000
    elif size < 100_000_000_000_000_000:
        time_us = number
    else:
        time_us = number // 1000
    return Moment(time_us, assumed=False) if abs(time_us) <= _LAST_US else None


def _read_usual(text: str) -> Moment | None:
    """``2026-11-24T00:15:30.25Z``, as nearly all JSON writes a time: what ``read_iso`` makes of it. ``None``: another
    form, or an odd time. Python's own reader takes more than that, for example letters behind six digits."""
    if text[4:8:3] != "--" or text[10:17:3] != "T::" or text[-1] != "Z" or len(text) > 32:
        return None
    if len(text) != 20 and not (text[19:20] == "." and text[20:-1].isdigit() and text.isascii()):
        return None
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except ValueError:
        return None
    return Moment((since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds, False)


def read_time(value: object, zone: tzinfo) -> Moment | None:
    """A JSON value that should be a time: text in any of the forms above, ``/Date(ms)/``, or an epoch number."""
    if isinstance(value, str):
        if (moment := _read_usual(value)) is not None:
            return moment
        if (found := _DOTNET.match(value)) is not None:
            milliseconds = int(found[1])
            return Moment(milliseconds * 1000, assumed=False) if abs(milliseconds) * 1000 <= _LAST_US else None
        if (found := _NUMBER.match(value)) is not None:
            return read_epoch(int(found[1]), found[2])
        return read_iso(value, zone)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return read_epoch(value) if abs(value) < 1 << 64 else None
    if isinstance(value, float) and abs(value) < 1e19:
        whole = int(value)
        return read_epoch(whole, f"{abs(value - whole):.6f}"[2:])
    return None


def yearless_minute_us(place: tuple[int, int, int, int], zone: tzinfo, reference_minute: int) -> int | None:
    """RFC 3164 writes no year: the latest year in which (month, day, hour, minute) exists and lies not more than a day
    after the reference (minutes since 1970). For 29 February that may be eight years back (1896 to 1904)."""
    limit_us = (reference_minute + 1) * 60 * SECOND_US + DAY_US
    newest = (_EPOCH + timedelta(minutes=max(0, min(reference_minute, 4_000_000_000)))).year + 1
    for year in range(newest, newest - 10, -1):
        start = minute_us((year, *place), zone)
        if start is not None and start <= limit_us:
            return start
    return None
