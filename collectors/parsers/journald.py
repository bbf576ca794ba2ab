"""One entry of ``journalctl -o json``.

A field that is no UTF-8 text, or holds control characters, is a list of byte numbers; one that is there several times
a list of values; one that is too large (``--all`` not given) is null. Source: systemd, Journal JSON format.
"""

from __future__ import annotations

from typing import Final

from collectors.origin import Origin
from collectors.parsers.dead import dead_event
from collectors.parsers.flags import BAD_TEXT, OMITTED, Doc
from collectors.parsers.json_text import Unreadable, load
from collectors.parsers.programs.table import read_program
from collectors.parsers.record import text_event
from collectors.parsers.severity import BY_PRIORITY, LEVELS
from collectors.parsers.times import Moment
from shouwang.model import Event, Value

NAME: Final = "journald"
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127) if code not in (9, 10)}
_NAMES: Final = {
    "_HOSTNAME": "host.name",
    "_MACHINE_ID": "host.id",
    "_BOOT_ID": "host.boot.id",
    "_EXE": "process.executable",
    "_CMDLINE": "process.command_line",
    "_SYSTEMD_UNIT": "systemd.unit",
    "_TRANSPORT": "systemd.transport",
    "_UID": "user.id",
    "MESSAGE_ID": "event.code",
    "__CURSOR": "journald.cursor",
}
_SKIPPED: Final = frozenset(("MESSAGE", "PRIORITY", "SYSLOG_FACILITY"))
_OURS: Final = "journald."


def parse(raw: bytes, origin: Origin) -> Event:
    """Time: ``_SOURCE_REALTIME_TIMESTAMP`` (the program spoke), else ``__REALTIME_TIMESTAMP`` (the journal heard)."""
    try:
        entry, flags = load(raw, origin)
    except Unreadable as error:
        return dead_event(raw, origin, "json_invalid", str(error), NAME)
    if not isinstance(entry, dict):
        return dead_event(raw, origin, "json_no_object", "the record is JSON but no object", NAME)
    doc: Doc = {}
    _put_level(entry, doc)
    omitted: list[Value] = []
    for key, value in entry.items():
        if value is None:
            omitted.append(key)
        elif key not in _SKIPPED:
            doc[_NAMES.get(key, _OURS + key.lstrip("_").lower())] = _text(value)
    if omitted:
        doc["journald.omitted"] = omitted
        flags = (*flags, OMITTED)
    message = _text(entry.get("MESSAGE")) if entry.get("MESSAGE") is not None else None
    if isinstance(entry.get("MESSAGE"), list) and not _all_text(entry["MESSAGE"]) and "\\x" in str(message):
        flags = (*flags, BAD_TEXT)
    return _program((raw, origin), entry, doc, message, flags)


def _program(
    record: tuple[bytes, Origin], entry: dict[str, Value], doc: Doc, message: str | None, flags: tuple[str, ...]
) -> Event:
    name = _text(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM") or "")
    if name:
        doc["process.name"] = name.rpartition("/")[2]
    for key in ("_PID", "SYSLOG_PID"):
        pid = _text(entry.get(key) or "")
        if pid.isascii() and pid.isdigit() and len(pid) <= 10:
            doc["process.pid"] = int(pid)
            break
    if message is not None:
        doc["message"] = message
    shape, more = read_program(NAME, name, message or "", doc)
    return text_event(record, shape, doc, _time(entry), (*flags, *more))


def _put_level(entry: dict[str, Value], doc: Doc) -> None:
    priority, facility = entry.get("PRIORITY"), entry.get("SYSLOG_FACILITY")
    if isinstance(priority, str) and priority in {"0", "1", "2", "3", "4", "5", "6", "7"}:
        if isinstance(facility, str) and facility.isascii() and facility.isdigit() and len(facility) <= 2:
            number = int(facility) * 8 + int(priority)
            if number < len(BY_PRIORITY):
                doc.update(BY_PRIORITY[number])
                return
        doc["log.level"] = doc["log.syslog.severity.name"] = LEVELS[int(priority)]
        doc["log.syslog.severity.code"] = int(priority)


def _time(entry: dict[str, Value]) -> Moment | None:
    for key in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
        value = entry.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
            return Moment(int(value), assumed=False)
    return None


def _all_text(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_bytes(value: list[Value]) -> bool:
    return bool(value) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 256 for item in value
    )


def _text(value: Value) -> str:
    """Text; byte numbers decoded, control characters shown; several values one a line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if _is_bytes(value):
            text = bytes(item for item in value if isinstance(item, int)).decode("utf-8", "backslashreplace")
            return text.rstrip("\r").translate(_CONTROLS)
        return "\n".join(_text(item) for item in value)
    return "" if value is None else str(value)
