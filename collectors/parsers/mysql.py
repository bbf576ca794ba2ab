"""MySQL's and MariaDB's own log files: error log, general log, MariaDB's audit plugin; told apart line by line."""

from __future__ import annotations

import re
from typing import Final

from collectors.origin import Origin
from collectors.parsers.flags import TIME_ASSUMED_ZONE, Doc
from collectors.parsers.programs import mysql as server
from collectors.parsers.record import decode, text_event
from collectors.parsers.times import Moment, read_iso
from collectors.shapes.text import database_shape
from shouwang.model import Event

NAME: Final = "mysql"
_SHAPE: Final = database_shape("mysql", NAME)
_AUDIT: Final = re.compile(r"(\d{4})(\d\d)(\d\d) (\d\d:\d\d:\d\d),(.*)\Z", re.DOTALL)
_ERROR: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ]{1,2}(\d{1,2}:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)? +(\d+) \[(\w+)\] (.*)\Z", re.DOTALL
)
_GENERAL: Final = re.compile(
    r"(?:(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d+)(Z|[+-]\d\d:\d\d)|(\d\d)(\d\d)(\d\d) +(\d{1,2}:\d\d:\d\d))?\t+ *(\d+) "
    r"(Query|Execute|Prepare|Connect|Quit|Init DB|[A-Z][A-Za-z ]{2,20})\t(.*)\Z",
    re.DOTALL,
)
_LEVELS: Final = {"Note": "notice", "System": "notice", "Warning": "warning", "ERROR": "error", "Error": "error"}


def parse(raw: bytes, origin: Origin) -> Event:
    """One line. One of the general log without a time, or that fits nothing, takes the receipt time."""
    text = decode(raw, origin).rstrip("\r\n")
    doc: Doc = {"event.category": "database", "message": text}
    stamp = ""
    flags: tuple[str, ...] = ()
    if (found := _AUDIT.match(text)) is not None:
        stamp = f"{found[1]}-{found[2]}-{found[3]}T{found[4]}"
        doc["message"] = found[5]
        flags = server.read_audit(found[5], doc)
    elif (found := _ERROR.match(text)) is not None:
        stamp = f"{found[1]}T{found[2]:0>8}{found[3] or ''}"
        doc["log.level"] = _LEVELS.get(found[5], "info")
        doc["message"] = found[6]
        flags = server.read(found[6], doc)
    elif (found := _GENERAL.match(text)) is not None:
        stamp = _general(found, doc)
    moment = read_iso(stamp, origin.zone) if stamp else None
    if moment is not None and moment.assumed:
        flags = (*flags, TIME_ASSUMED_ZONE)
    return text_event((raw, origin), _SHAPE, doc, moment or Moment(origin.received_us, assumed=False), flags)


def _general(found: re.Match[str], doc: Doc) -> str:
    """Gives the time as text, or nothing; who asked stands only on the connection's first line."""
    day, clock, offset, year, month, date, old_clock, _connection, command, argument = found.groups()
    doc["message"] = argument
    if command in {"Query", "Execute"}:
        doc["event.action"] = "db_statement"
        doc["database.statement"] = argument
    elif command == "Connect" and argument.startswith("Access denied"):
        server.read(argument, doc)
    if day:
        return f"{day}T{clock}{offset}"
    return f"20{year}-{month}-{date}T{old_clock:0>8}" if year else ""
