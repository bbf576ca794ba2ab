"""The formats this version can read, by name: a new one is one line. Transports: ``collectors.sources.registry``."""

from __future__ import annotations

from typing import Final

from collectors.origin import Parser
from collectors.parsers import (
    access,
    auditd,
    dead,
    evtx,
    httpd_error,
    journald,
    json,
    mysql,
    postgresql,
    syslog,
    text,
    xml,
)

PARSERS: Final[dict[str, Parser]] = {
    "access": access.parse,
    "auditd": auditd.parse,
    "dead": dead.parse,
    "evtx": evtx.parse,
    "httpd_error": httpd_error.parse,
    "journald": journald.parse,
    "json": json.parse,
    "metrics": json.parse_metrics,
    "mysql": mysql.parse,
    "postgresql": postgresql.parse,
    "self": json.parse_self,
    "syslog": syslog.parse,
    "text": text.parse,
    "xml": xml.parse,
}

_INTERNAL: Final = frozenset({"dead", "metrics", "self"})
"""Of records that we write ourselves."""

FORMATS: Final = tuple(name for name in PARSERS if name not in _INTERNAL)
"""Parsers that a person may name."""
