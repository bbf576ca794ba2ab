"""Syslog's numbers in words (RFC 5424, 6.2.1)."""

from __future__ import annotations

from typing import Final

from shouwang.model import Value

LEVELS: Final = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")
FACILITIES: Final = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock", *(f"local{number}" for number in range(8))),
)


def _fields(priority: int) -> dict[str, Value]:
    facility, severity = divmod(priority, 8)
    return {
        "log.syslog.priority": priority,
        "log.syslog.facility.name": FACILITIES[facility],
        "log.syslog.severity.code": severity,
        "log.syslog.severity.name": LEVELS[severity],
        "log.level": LEVELS[severity],
    }


BY_PRIORITY: Final = tuple(_fields(priority) for priority in range(192))
"""The fields that ``<PRI>`` stands for. Copy, never change."""
