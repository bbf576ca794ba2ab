"""PostgreSQL's own log files: ``stderr`` lines, one record with its continuation lines, and ``jsonlog``."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import Final

from collectors.origin import Origin
from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import MALFORMED, TIME_ASSUMED_ZONE, Doc
from collectors.parsers.programs import postgresql as server
from collectors.parsers.record import decode, text_event
from collectors.parsers.times import Moment, read_iso
from collectors.shapes.text import database_shape
from shouwang.model import Event

NAME: Final = "postgresql"
_LINES: Final = database_shape("postgresql", NAME)
_OBJECTS: Final = database_shape("postgresql", "json")
_CONTINUED: Final = re.compile(r"\t")
_STAMP: Final = re.compile(r"(\S+ \S+) (\S+)\Z")
_UTC: Final = frozenset(("UTC", "GMT", "Z"))
_NAMES: Final = {
    "user": "user.name",
    "dbname": "database.name",
    "application_name": "database.client",
    "statement": "database.statement",
    "state_code": "event.code",
    "pid": "process.pid",
}


def parse(raw: bytes, origin: Origin) -> Event:
    """One record; lines that begin with a tab continue the one before, and are joined by the source's
    ``start_pattern``. One that comes alone has no head of its own."""
    text = decode(raw, origin).rstrip("\r\n")
    doc: Doc = {"event.category": "database"}
    head = server.HEAD.match(text)
    if head is None or head[1] is None:
        doc["message"] = text
        return text_event((raw, origin), _LINES, doc, None, () if _CONTINUED.match(text) else (MALFORMED,))
    moment = _moment(head[1], head[2], origin.zone)
    flags = server.read(text, doc)
    if moment is not None and moment.assumed:
        flags = (*flags, TIME_ASSUMED_ZONE)
    return text_event((raw, origin), _LINES, doc, moment, flags)


def _moment(stamp: str, zone: str, source_zone: tzinfo) -> Moment | None:
    """``CST`` is China's, Cuba's and Chicago's: a zone's short name other than UTC says nothing."""
    if zone in _UTC:
        return read_iso(stamp, UTC)
    return read_iso(stamp + zone if zone[0] in "+-" else stamp, source_zone)


def is_jsonlog(flat: Doc) -> bool:
    """Whether a JSON object has the names that ``jsonlog`` always writes."""
    return "error_severity" in flat and "backend_type" in flat and "line_num" in flat


def json_event(record: tuple[bytes, Origin], flat: Doc, flags: tuple[str, ...]) -> Event:
    """One object of ``jsonlog``: who, from where and what stand apart, so nothing in them can be mistaken."""
    _raw, origin = record
    doc: Doc = {}
    for key, name in _NAMES.items():
        if (value := flat.get(key)) not in (None, ""):
            doc[name] = value
    host, port = flat.get("remote_host"), flat.get("remote_port")
    if isinstance(host, str) and host != "[local]":
        put_peer(doc, "source", host)
        put_port(doc, "source", str(port))
    level, message = flat.get("error_severity"), flat.get("message")
    server.said(str(level), message if isinstance(message, str) else "", doc)
    stamp = flat.get("timestamp")
    found = _STAMP.match(stamp) if isinstance(stamp, str) else None
    moment = _moment(found[1], found[2], origin.zone) if found is not None else None
    if moment is not None and moment.assumed:
        flags = (*flags, TIME_ASSUMED_ZONE)
    return text_event(record, _OBJECTS, doc, moment, flags)
