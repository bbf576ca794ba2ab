"""The time zone in which programs of this host write their logs."""

from __future__ import annotations

import os
import struct
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME = Path("/etc/localtime")


def host_zone(fallback: tzinfo, localtime: Path = LOCALTIME) -> tzinfo:
    """That of ``$TZ``, else of ``/etc/localtime``, else UTC as the C library has it; ``fallback`` when unreadable."""
    named = os.environ.get("TZ", "").removeprefix(":")
    try:
        if named:
            return ZoneInfo(named)
        if not localtime.exists():
            return ZoneInfo("UTC")
        with localtime.open("rb") as file:
            return ZoneInfo.from_file(file)
    except (OSError, ValueError, KeyError, struct.error):
        return fallback
