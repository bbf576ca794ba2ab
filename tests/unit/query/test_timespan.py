"""Times as people write them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from shouwang.errors import UsageError
from shouwang.timespan import moment, rfc3339, since
from tests.contract.records import DAY_US, NOON_US

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24h", NOON_US - DAY_US),
        ("7d", NOON_US - 7 * DAY_US),
        (" 90S ", NOON_US - 90_000_000),
        ("15m", NOON_US - 900_000_000),
        ("2w", NOON_US - 14 * DAY_US),
        ("3650d", NOON_US - 3650 * DAY_US),
        ("2026-11-24", NOON_US - DAY_US // 2),
        ("2026-11-24T12:00:00+08:00", NOON_US),
        ("2026-11-24T04:00:00.000001Z", NOON_US + 1),
        ("2026-11-24 12:00", NOON_US),
        ("2026-11-24T12:00:00", NOON_US),
        ("2026-11-23T24:00:00", NOON_US - DAY_US // 2),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
    ],
)
def test_since_reads_spans_days_and_rfc_3339(text: str, expected: int) -> None:
    assert since(text, NOON_US, SHANGHAI) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "-1d", "7", "1.5h", "2026-02-30", "2026-11-24T25:00", "٢٤h", "7 d"])
def test_what_is_no_time_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(UsageError, match="24h"):
        since(text, NOON_US, SHANGHAI)


def test_a_moment_is_as_wide_as_it_is_written() -> None:
    widths = {"2026-11-24": DAY_US, "2026-11-24T12:00": 60_000_000, "2026-11-24T12:00:00": 1_000_000}
    widths |= {"2026-11-24T12:00:00.5": 100_000, "2026-11-24T12:00:00.123456": 1, "2026-11-24T12:00:00.123456789": 1}
    for text, width in widths.items():
        bounds = moment(text, SHANGHAI)
        assert bounds is not None
        assert bounds[1] - bounds[0] == width


@pytest.mark.parametrize(
    ("time_us", "expected"),
    [
        (NOON_US, "2026-11-24T12:00:00.000000+08:00"),
        (-11_644_473_600_000_000, "1601-01-01T00:00:00.000000+00:00"),
        (1 << 62, "9999-12-31T23:59:59.999999+00:00"),
        (-(1 << 62), "0001-01-01T00:00:00.000000+00:00"),
        (253_402_300_799_000_000, "9999-12-31T23:59:59.000000+00:00"),
    ],
)
def test_every_time_has_an_rfc_3339_form(time_us: int, expected: str) -> None:
    assert rfc3339(time_us, SHANGHAI) == expected


def test_what_rfc3339_writes_is_read_back() -> None:
    for time_us in (0, NOON_US + 123_456, -1, -62_135_596_800_000_000 + DAY_US):
        for zone in (UTC, SHANGHAI):
            bounds = moment(rfc3339(time_us, zone))
            assert bounds is not None
            assert bounds[0] == time_us
