"""Syslog lines: RFC 3164 and its relatives (rsyslog's ISO times, Huawei, H3C, Cisco), RFC 5424; ``<PRI>`` or none."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Final

from collectors.origin import Origin
from collectors.parsers import carried, rfc5424
from collectors.parsers.flags import MALFORMED, Doc
from collectors.parsers.programs import cisco, network
from collectors.parsers.programs.table import read_program
from collectors.parsers.record import decode, text_event
from collectors.parsers.severity import BY_PRIORITY
from collectors.parsers.times import MONTHS, SECOND_US, Moment, fraction_us, minute_us, read_iso, yearless_minute_us
from collectors.shapes.text import device_shape, linux_shape
from shouwang.model import Event, Shape

NAME: Final = "syslog"
_MONTH: Final = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_PRIORITY: Final = re.compile(r"<(\d{1,3})>")
_BSD: Final = re.compile(
    r"[*%]?" + _MONTH + r" {1,2}(\d{1,2}) (?:((?:19|20)\d\d) )?(\d\d):(\d\d):(\d\d)(?:[.,:](\d{1,9}))?"
    r"(?:([+-]\d\d:\d\d))? (?:((?:19|20)\d\d) )?"
)
_ISO: Final = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\.\d)?(Z|[+-]\d\d:?\d\d)? ")
_BODY: Final = re.compile(
    r"(?:(\S*[^\s:\]]) )?([^\s\[\]:]+|\([^\s()]+\))(?:\[(\d{1,10})\])?:(?: |(?=\S)|\Z)(.*)\Z", re.DOTALL
)
_HOST: Final = re.compile(r"(\S+)(?: (.*))?\Z", re.DOTALL)
_PLAIN: Final = linux_shape("linux.syslog", NAME)
_DEVICES: Final = {vendor: device_shape(vendor, NAME) for vendor in ("huawei", "h3c")}


def parse(raw: bytes, origin: Origin) -> Event:
    """One datagram or line."""
    text = decode(raw, origin).rstrip("\r\n\0").removeprefix("\ufeff")
    doc: Doc = {}
    if text.startswith("<") and (found := _PRIORITY.match(text)) is not None and int(found[1]) < len(BY_PRIORITY):
        doc.update(BY_PRIORITY[int(found[1])])
        text = text[found.end() :]
    if text.startswith("1 ") and (head := rfc5424.HEAD.match(text)) is not None:
        return _new_style(raw, origin, head, doc)
    moment, rest, dated = _read_time(text, origin)
    if "%" in text:
        if (parts := cisco.split(text, relayed=False)) is not None:
            return _cisco((raw, origin), None, parts, doc)
        if rest is not None and (parts := cisco.split(rest, relayed=True)) is not None:
            return _cisco((raw, origin), moment, parts, doc)
    if rest is None:
        return _headless(raw, origin, text, doc)
    if (event := carried.behind_old_head((raw, origin), rest, NAME)) is not None:
        return event
    found = _HOST.match(rest)
    if found is not None and (text[0] == "%" or dated or (found[2] or "").startswith("%%")):
        event = _device((raw, origin), moment, found, doc, bare="h3c" if text[0] == "%" or dated else "")
        if event is not None:
            return event
    return _program(raw, origin, moment, rest, doc)


@lru_cache(maxsize=1024)
def _bsd_minute(day: tuple[str, str, str], clock: tuple[str, str], zone: tzinfo, reference_minute: int) -> int | None:
    year, month, number = day
    place = (MONTHS[month], int(number), int(clock[0]), int(clock[1]))
    return minute_us((int(year), *place), zone) if year else yearless_minute_us(place, zone, reference_minute)


def _read_time(text: str, origin: Origin) -> tuple[Moment | None, str | None, bool]:
    """The time (``None``: no such date), what follows (``None``: no head), and whether RFC 3164's parts held a year."""
    found = _BSD.match(text)
    if found is not None:
        month, day, year, hour, minute, second, fraction, offset, late_year = found.groups()
        year = year or late_year or ""
        rest = text[found.end() :]
        if offset and year:
            iso = f"{year}-{MONTHS[month]:02}-{int(day):02}T{hour}:{minute}:{second}{offset}"
            return read_iso(iso, origin.zone), rest, True
        start = _bsd_minute((year, month, day), (hour, minute), origin.zone, origin.reference_us // (60 * SECOND_US))
        if start is None:
            return None, rest, bool(year)
        return Moment(start + int(second) * SECOND_US + fraction_us(fraction), assumed=True), rest, bool(year)
    found = _ISO.match(text)
    if found is not None:
        return read_iso(found[1] + (found[2] or ""), origin.zone), text[found.end() :], False
    return None, None, False


def _program(raw: bytes, origin: Origin, moment: Moment | None, rest: str, doc: Doc) -> Event:
    found = _BODY.match(rest)
    if found is None:
        parts = _HOST.match(rest)
        if parts is not None:
            doc["host.name"] = parts[1]
        doc["message"] = (parts[2] or "") if parts is not None else rest
        return text_event((raw, origin), _PLAIN, doc, moment)
    host, name, pid, message = found.groups()
    if host:
        doc["host.name"] = host
    else:
        _sender(origin, doc)
    _put_process(name, pid, doc)
    doc["message"] = message
    shape, flags = read_program(NAME, name, message, doc)
    return text_event((raw, origin), shape, doc, moment, flags)


def _put_process(name: str, pid: str | None, doc: Doc) -> None:
    doc["process.name"] = name.rpartition("/")[2] if name.startswith("/") else name.strip("()")
    if pid:
        doc["process.pid"] = int(pid)


def _sender(origin: Origin, doc: Doc) -> None:
    """A record that names no host is its sender's."""
    sender = origin.context.get("log.source.address")
    if "host.name" not in origin.context and isinstance(sender, str):
        doc["host.name"] = sender


def _headless(raw: bytes, origin: Origin, text: str, doc: Doc) -> Event:
    _sender(origin, doc)
    doc["message"] = text
    return text_event((raw, origin), _PLAIN, doc, None, (MALFORMED,))


def _device(
    record: tuple[bytes, Origin], moment: Moment | None, host: re.Match[str], doc: Doc, *, bare: str
) -> Event | None:
    """A Huawei or H3C line; ``None`` when the body is none. ``bare``: the vendor of a body without ``%%NN``."""
    body = network.BODY.match(host[2] or "")
    if body is None:
        return None
    vendor = network.vendor_of(body, bare)
    if vendor not in _DEVICES:
        return None
    doc["host.name"] = host[1]
    flags = network.read(body, doc)
    return text_event(record, _DEVICES[vendor], doc, moment, flags)


def _cisco(record: tuple[bytes, Origin], moment: Moment | None, head: re.Match[str], doc: Doc) -> Event:
    """The device's own time counts, unless its clock was not set and a relay wrote one, ``moment``. Of the names, the
    device's own."""
    origin = record[1]
    stamp = cisco.stamp(head)
    if stamp and not (head["doubt"] and moment is not None):
        zone = UTC if head["zone"] in ("UTC", "GMT") else origin.zone
        moment, _, _ = _read_time(stamp, replace(origin, zone=zone))
    named = head["name"] or head["after"] or head["host"]
    if named:
        doc["host.name"] = named
    else:
        _sender(origin, doc)
    cisco.read(head, doc)
    return text_event(record, _cisco_shape(cisco.services(head["facility"])), doc, moment)


@lru_cache(maxsize=16)
def _cisco_shape(services: tuple[str, ...]) -> Shape:
    return device_shape("cisco", NAME, *services)


def _new_style(raw: bytes, origin: Origin, head: re.Match[str], doc: Doc) -> Event:
    stamp, host, name, pid, msgid, rest = head.groups()
    moment = read_iso(stamp, origin.zone) if stamp != "-" else Moment(origin.received_us, assumed=False)
    if host != "-":
        doc["host.name"] = host
    else:
        _sender(origin, doc)
    if msgid != "-":
        doc["log.syslog.msgid"] = msgid
    flags = rfc5424.read_rest(rest, doc)
    if isinstance(message := doc.get("message"), str):
        event = carried.windows_event((raw, origin), message, "" if host == "-" else host, NAME)
        if event is not None:
            return event
    shape = _PLAIN
    if name != "-":
        doc["process.name"] = name
        message = doc.get("message")
        shape, more = read_program(NAME, name, message if isinstance(message, str) else "", doc)
        flags += more
    if pid.isascii() and pid.isdigit() and len(pid) <= 10:
        doc["process.pid"] = int(pid)
    return text_event((raw, origin), shape, doc, moment, flags)
