from __future__ import annotations

import time

import pytest

from detection.intel.times import time_us


def test_a_time_without_a_zone_is_utc_wherever_the_host_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert time_us("2026-01-31 12:00:00") == time_us("2026-01-31T12:00:00Z") == 1_769_860_800_000_000
    finally:
        monkeypatch.undo()
        time.tzset()
