"""The transports this version knows, by name: a new one is one line. Parsers need none of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from collectors.sources.base import Source
from collectors.sources.file import FileSource
from collectors.sources.journald import JournalSource
from collectors.sources.metrics import MetricsSource
from collectors.sources.syslogtcp import SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource

SOURCES: Final[dict[str, Callable[..., Source]]] = {
    "file": FileSource,
    "journald": JournalSource,
    "metrics": MetricsSource,
    "syslog_tcp": SyslogTcpSource,
    "syslog_udp": SyslogUdpSource,
}
"""Each takes its own settings, what else it needs, and a clock: see its class."""
