"""Error logs of Apache and nginx. The message may quote what the client asked for, which may look like the rest of the
line; where the client's address can be read in two ways it is left out and the event flagged.

Source: Apache core ErrorLogFormat (2.2 and 2.4 defaults); nginx ngx_http_log_error_handler.
"""

from __future__ import annotations

import re
from typing import Final

from collectors.origin import Origin
from collectors.parsers.access import put_url
from collectors.parsers.addresses import put_peer, put_port
from collectors.parsers.flags import AMBIGUOUS, MALFORMED, Doc
from collectors.parsers.record import decode, text_event
from collectors.parsers.times import MONTHS, SECOND_US, Moment, fraction_us, minute_us, read_iso
from collectors.shapes.text import error_shape
from shouwang.model import Event

NAME: Final = "httpd_error"
_APACHE: Final = re.compile(
    r"\[\w{3} (\w{3}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))? (\d{4})\] \[(?:(\w*):)?(\w+)\] "
    r"(?:\[pid (\d+)(?::tid \d+)?\] )?(?:\[(?:remote|client) ([^\]]*)\] )?(.*)\Z",
    re.DOTALL,
)
_APACHE_CODE: Final = re.compile(r"(?:\(\d+\)[^:]*: )?(AH\d{5}): ")
_NGINX: Final = re.compile(
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?(.*)\Z",
    re.DOTALL,
)
_CLIENT: Final = re.compile(r", client: ([^,\s]+)(?:, server: ([^,]*))?")
_REQUEST: Final = re.compile(r', request: "([A-Z]+) ([^"]*?)(?: HTTP/[\d.]+)?"')
_PORT: Final = re.compile(r"(\[?[^\]\s]*?\]?):(\d{1,5})\Z")
_APACHE_SHAPE: Final = error_shape("apache", NAME)
_NGINX_SHAPE: Final = error_shape("nginx", NAME)
_LEVELS: Final = {"emerg": "emergency", "crit": "critical", "warn": "warning", "info": "informational"}


def parse(raw: bytes, origin: Origin) -> Event:
    """One line."""
    text = decode(raw, origin).rstrip("\r\n")
    if (found := _APACHE.match(text)) is not None:
        return _apache(raw, origin, found)
    if (found := _NGINX.match(text)) is not None:
        return _nginx(raw, origin, found)
    return text_event((raw, origin), _APACHE_SHAPE, {"message": text}, None, (MALFORMED,))


def _put(doc: Doc, level: str, pid: str | None) -> None:
    doc["event.category"] = "web"
    doc["log.level"] = _LEVELS.get(level, level)
    if pid and len(pid) <= 10:
        doc["process.pid"] = int(pid)


def _apache(raw: bytes, origin: Origin, found: re.Match[str]) -> Event:
    month, day, hour, minute, second, fraction, year, module, level, pid, client, message = found.groups()
    doc: Doc = {"message": message}
    _put(doc, level, pid)
    if module:
        doc["event.provider"] = module
    if (code := _APACHE_CODE.match(message)) is not None:
        doc["event.code"] = code[1]
    if client:
        ported = _PORT.match(client)
        if ported is not None and ("." in client or client.startswith("[") or client.count(":") > 7):
            put_peer(doc, "source", ported[1])
            put_port(doc, "source", ported[2])
        else:
            put_peer(doc, "source", client)
    start = minute_us((int(year), MONTHS.get(month, 0), int(day), int(hour), int(minute)), origin.zone)
    moment = (
        Moment(start + int(second) * SECOND_US + fraction_us(fraction), assumed=True) if start is not None else None
    )
    return text_event((raw, origin), _APACHE_SHAPE, doc, moment)


def _nginx(raw: bytes, origin: Origin, found: re.Match[str]) -> Event:
    stamp, level, pid, message = found.groups()
    doc: Doc = {"message": message}
    _put(doc, level, pid)
    flags: tuple[str, ...] = ()
    clients = _CLIENT.findall(message)
    if len({address for address, _ in clients}) > 1:
        flags = (AMBIGUOUS,)
    elif clients:
        put_peer(doc, "source", clients[0][0])
        if clients[0][1]:
            doc["url.domain"] = clients[0][1]
        if (request := _REQUEST.search(message)) is not None:
            doc["http.request.method"] = request[1]
            put_url(request[2], doc)
    return text_event((raw, origin), _NGINX_SHAPE, doc, read_iso(stamp, origin.zone), flags)
