"""The queries that dnsmasq answers (``log-queries``); it shows a name with odd characters as ``<name unprintable>``."""

from __future__ import annotations

import re
from typing import Final

from collectors.parsers.addresses import put_peer
from collectors.parsers.flags import Doc

_QUERY: Final = re.compile(r"(?:\d+ \S+/\d+ )?query\[([A-Z0-9_=]{1,20})\] (\S+) from ([0-9A-Fa-f.:%]+)\Z")


def read(message: str, doc: Doc) -> tuple[str, ...]:
    """Who asked for which name."""
    if (found := _QUERY.match(message)) is None:
        return ()
    doc["event.category"] = "network"
    doc["event.action"] = "dns_query"
    doc["dns.question.type"], doc["dns.question.name"] = found[1], found[2].lower()
    put_peer(doc, "source", found[3])
    return ()
