from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from collectors.parsers.times import Moment, is_plausible, read_iso, read_time, rfc3339, yearless_minute_us
from tests.unit.parsers.reading import SHANGHAI, us


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T00:15:30Z", "2026-11-24T00:15:30.000000Z"),
        ("2026-11-24T00:15:30.9999999Z", "2026-11-24T00:15:30.999999Z"),
        ("2026-11-24T08:15:31.1234567+08:00", "2026-11-24T00:15:31.123456Z"),
        ("2026-11-24T08:15:32,500+0800", "2026-11-24T00:15:32.500000Z"),
        ("2026-11-24T00:15:33.614678+00:00Z", "2026-11-24T00:15:33.614678Z"),
        ("2026-11-23 20:15:33-04", "2026-11-24T00:15:33.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2026-11-24T24:00:00Z", "2026-11-25T00:00:00.000000Z"),
        ("2026/11/24 00:15:33 UTC", "2026-11-24T00:15:33.000000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_every_relative_of_rfc3339_is_read_and_never_rounded_up(text: str, expected: str) -> None:
    moment = read_iso(text, SHANGHAI)
    assert moment is not None
    assert rfc3339(moment.time_us) == expected
    assert not moment.assumed


def test_a_time_without_zone_takes_the_sources_and_says_so() -> None:
    assert read_iso("2026-11-24 08:15:34", SHANGHAI) == Moment(us("2026-11-24T00:15:34Z"), assumed=True)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-13-01", "2026-02-30T00:00:00Z", "2026-11-24T25:00:00Z", "2026-11-24T24:00:01Z", "0000-01-01"],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_iso(text, UTC) is None


@pytest.mark.parametrize(
    "value",
    [1795479335.5, 1795479335500, 1795479335500000, 1795479335500000000, "1795479335.5", "/Date(1795479335500)/"],
)
def test_epoch_numbers_are_told_apart_by_their_size(value: object) -> None:
    moment = read_time(value, SHANGHAI)
    assert moment is not None
    assert rfc3339(moment.time_us) == "2026-11-24T00:15:35.500000Z"


@pytest.mark.parametrize("value", [None, True, {}, [], "", 10**40, float("nan"), float("inf"), "9" * 30])
def test_other_values_are_no_time(value: object) -> None:
    assert read_time(value, UTC) is None


def test_the_years_that_cannot_be_are_not_plausible() -> None:
    now = us("2026-11-25T00:00:00Z")
    assert [is_plausible(us(text), now) for text in ("1601-01-01", "1989-12-31", "1990-01-02", "2026-11-25")] == [
        False,
        False,
        True,
        True,
    ]
    assert is_plausible(us("2026-11-25T23:59:59Z"), now)
    assert not is_plausible(us("2026-11-26T00:00:01Z"), now)


@pytest.mark.parametrize(
    ("place", "reference", "expected"),
    [
        ((2, 29, 10, 0), "2026-01-02T00:10:00+08:00", "2024-02-29T10:00:00+08:00"),
        ((2, 29, 10, 0), "1902-01-02T00:10:00+08:00", None),
        ((12, 31, 23, 59), "2026-01-02T00:10:00+08:00", "2025-12-31T23:59:00+08:00"),
        ((1, 1, 0, 0), "2025-12-31T23:59:00+08:00", "2026-01-01T00:00:00+08:00"),
        ((1, 2, 0, 0), "2025-12-31T23:00:00+08:00", "2025-01-02T00:00:00+08:00"),
        ((11, 31, 0, 0), "2026-01-02T00:10:00+08:00", None),
    ],
)
def test_a_date_without_year_is_the_latest_not_over_a_day_ahead(
    place: tuple[int, int, int, int], reference: str, expected: str | None
) -> None:
    minute = us(reference) // 60_000_000
    assert yearless_minute_us(place, SHANGHAI, minute) == (us(expected) if expected else None)


def test_local_times_know_the_summer_of_their_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert read_iso("2026-07-01 12:00:00", berlin) == Moment(us("2026-07-01T10:00:00Z"), assumed=True)
    assert read_iso("2026-12-01 12:00:00", berlin) == Moment(us("2026-12-01T11:00:00Z"), assumed=True)


@pytest.mark.parametrize("text", ["2026-11-24T00:15:30Z", "2026-11-24T00:15:30.25Z", "2026-11-24T00:15:30.1234567Z"])
@pytest.mark.parametrize("odd", ["", "2", "6", "Z", ".", ":", "T", " ", "+", "٤"])
def test_a_usual_time_with_one_letter_changed_is_read_as_strictly_as_any(text: str, odd: str) -> None:
    for at in range(len(text)):
        for changed in (text[:at] + odd + text[at:], text[:at] + odd + text[at + 1 :]):
            if not changed.isdigit():
                assert read_time(changed, UTC) == read_iso(changed, UTC), changed
