"""What this version can read, by name. Two plain dicts: a new format is one line, a new transport is one line."""

from __future__ import annotations

from collections.abc import Callable
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
from collectors.sources.base import Source
from collectors.sources.file import FileSource
from collectors.sources.journald import JournalSource
from collectors.sources.metrics import MetricsSource
from collectors.sources.syslogtcp import SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource

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

SOURCES: Final[dict[str, Callable[..., Source]]] = {
    "file": FileSource,
    "journald": JournalSource,
    "metrics": MetricsSource,
    "syslog_tcp": SyslogTcpSource,
    "syslog_udp": SyslogUdpSource,
}
"""Each takes its own settings, what else it needs, and a clock: see its class."""
