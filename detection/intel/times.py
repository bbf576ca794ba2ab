"""Times as files of indicators write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from detection.intel.indicator import NoIndicator

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d")


def time_us(text: str) -> int:
    """A date or time, without a zone in UTC; 0 for an empty one. Raises ``NoIndicator``."""
    if not text:
        return 0
    if not _TIME.match(text):
        raise NoIndicator("a time that is not written as 2026-01-31 or 2026-01-31T12:00:00Z")
    try:
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        raise NoIndicator("a time that is not written as 2026-01-31 or 2026-01-31T12:00:00Z") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(int(aware.timestamp() * 1_000_000), 0)
