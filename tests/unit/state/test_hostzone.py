"""The host's own logs are read in the host's zone, whatever the site's is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shouwang.hostzone import host_zone

SITE = ZoneInfo("Asia/Shanghai")
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)


def test_the_variable_decides_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TZ", ":America/New_York")
    assert (
        SUMMER.astimezone(host_zone(SITE, tmp_path / "none")).utcoffset()
        == SUMMER.astimezone(ZoneInfo("America/New_York")).utcoffset()
    )


def test_a_host_without_a_zone_is_at_utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert SUMMER.astimezone(host_zone(SITE, tmp_path / "none")).utcoffset() == UTC.utcoffset(None)


@pytest.mark.parametrize("content", [b"", b"no zone at all", b"TZif2"])
def test_an_unreadable_zone_is_the_sites(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes) -> None:
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "localtime").write_bytes(content)
    assert host_zone(SITE, tmp_path / "localtime") is SITE
