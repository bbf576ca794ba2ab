"""Access logs of nginx and Apache: common and combined, with a virtual host in front, with more fields behind, or as
one JSON object a line.

The servers escape quotes inside quoted fields (``\\x22``, ``\\"``), so a bare quote is always theirs; the user's name
is not quoted and may hold blanks, so the time is found as the last bracket before the first quote.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from collectors.origin import Origin
from collectors.parsers.addresses import canonical
from collectors.parsers.escapes import unescape
from collectors.parsers.flags import MALFORMED, Doc
from collectors.parsers.json_text import Unreadable, flatten, load
from collectors.parsers.record import decode, text_event
from collectors.parsers.times import MONTHS, SECOND_US, Moment, day_us, read_time
from collectors.shapes.text import access_shape
from shouwang.model import Event, Shape, Value

NAME: Final = "access"
_QUOTED: Final = r'"((?:[^"\\]|\\.)*)"'
_LINE: Final = re.compile(
    r'([^"]*?) ?\[(\d\d/\w{3}/\d{4}:\d\d:\d\d):(\d\d) ([+-]\d{4})\] '
    + _QUOTED
    + r" (\d{3}|-) (\d{1,19}|-)(?: "
    + _QUOTED
    + r"(?: "
    + _QUOTED
    + r")?)?(?: (.*))?\Z",
    re.DOTALL,
)
_REQUEST: Final = re.compile(r"([A-Z][A-Z_-]{1,31}) (\S.*?)(?: HTTP/(\d(?:\.\d)?))?\Z", re.DOTALL)
_PORT: Final = re.compile(r"(.*?):(\d{1,5})\Z")
_SHAPES: Final = {product: access_shape(product, NAME) for product in ("", "nginx", "apache")}


@lru_cache(maxsize=4096)
def _minute_us(stamp: str, offset: str) -> int | None:
    midnight = day_us(int(stamp[7:11]), MONTHS.get(stamp[3:6], 0), int(stamp[:2]))
    hour, minute = int(stamp[12:14]), int(stamp[15:17])
    if midnight is None or hour > 23 or minute > 59:
        return None
    east_s = (int(offset[1:3]) * 3600 + int(offset[3:5]) * 60) * (-1 if offset[0] == "-" else 1)
    return midnight + (hour * 3600 + minute * 60 - east_s) * SECOND_US


@lru_cache(maxsize=1024)
def _product(source: str, path: str) -> str:
    """Which server wrote it, by where it lies; the line itself does not say."""
    text = f"{source} {path}".lower()
    if "nginx" in text:
        return "nginx"
    return "apache" if "apache" in text or "httpd" in text else ""


def shape_of(origin: Origin) -> Shape:
    path = origin.context.get("log.file.path")
    return _SHAPES[_product(origin.source, path if isinstance(path, str) else "")]


def parse(raw: bytes, origin: Origin) -> Event:
    """One request."""
    text = decode(raw, origin).rstrip("\r\n")
    shape = shape_of(origin)
    if text.startswith("{"):
        return _json(raw, origin, shape)
    doc: Doc = {}
    found = _LINE.match(text)
    if found is None:
        doc["message"] = text
        return text_event((raw, origin), shape, doc, None, (MALFORMED,))
    who, stamp, second, offset, request, status, size, referrer, agent, rest = found.groups()
    start = _minute_us(stamp, offset)
    moment = Moment(start + int(second) * SECOND_US, assumed=False) if start is not None else None
    doc["event.category"] = "web"
    _put_who(who, doc)
    _put_request(request, doc)
    _put_result(status, size, doc)
    if referrer is not None and referrer != "-":
        doc["http.request.referrer"] = unescape(referrer)
    if agent is not None and agent != "-":
        doc["user_agent.original"] = unescape(agent)
    if rest:
        doc["http.extra"] = rest
    return text_event((raw, origin), shape, doc, moment)


def _put_who(who: str, doc: Doc) -> None:
    """``[host[:port]] client ident user``."""
    first, _, others = who.partition(" ")
    client = canonical(first)
    if client is None:
        second, _, rest = others.partition(" ")
        client = canonical(second)
        if client is not None or rest.count(" ") > 0:
            _put_host(first, doc)
            first, others = second, rest
    if client is not None:
        doc["source.ip"] = client
    elif first and first != "-":
        doc["source.address"] = first
    user = others.partition(" ")[2]
    if user and user != "-":
        doc["user.name"] = unescape(user)


def _put_host(text: str, doc: Doc) -> None:
    if (found := _PORT.match(text)) is not None and int(found[2]) < 65_536:
        doc["url.port"] = int(found[2])
        text = found[1]
    if text and text != "-":
        doc["url.domain"] = text.lower()


def _put_request(request: str, doc: Doc) -> None:
    if request in {"", "-"}:
        return
    found = _REQUEST.match(unescape(request))
    if found is None:
        doc["http.request.line"] = request
        return
    method, target, version = found.groups()
    doc["http.request.method"] = method
    if version:
        doc["http.version"] = version
    put_url(target, doc)


def put_url(target: str, doc: Doc) -> None:
    """``url.original`` and its parts, as sent: nothing is decoded."""
    doc["url.original"] = target
    path = target
    if "://" in target[:12]:
        scheme, _, rest = target.partition("://")
        host, slash, path = rest.partition("/")
        doc["url.scheme"] = scheme
        _put_host(host.rpartition("@")[2], doc)
        path = slash + path
    path, mark, query = path.partition("?")
    doc["url.path"] = path
    if mark:
        doc["url.query"] = query


def _put_result(status: str, size: str, doc: Doc) -> None:
    if status != "-":
        code = int(status)
        doc["http.response.status_code"] = code
        doc["event.outcome"] = "success" if code < 400 else "failure"
    if size != "-":
        doc["http.response.body.bytes"] = int(size)


_JSON_NAMES: Final = {
    "remote_addr": "source.ip",
    "remote_user": "user.name",
    "http_user_agent": "user_agent.original",
    "http_referer": "http.request.referrer",
    "request_method": "http.request.method",
    "host": "url.domain",
    "http_host": "url.domain",
    "server_name": "url.domain",
    "request_id": "http.request.id",
}
_JSON_TIMES: Final = ("time_iso8601", "@timestamp", "timestamp", "time", "msec", "time_local")
_JSON_CONSUMED: Final = frozenset((*_JSON_TIMES, "request", "request_uri", "status", "body_bytes_sent"))


def is_access(doc: dict[str, Value]) -> bool:
    """Whether a JSON object has the names that nginx' own variables have."""
    return "remote_addr" in doc and "status" in doc and ("request" in doc or "request_uri" in doc)


def _json(raw: bytes, origin: Origin, shape: Shape) -> Event:
    try:
        value, flags = load(raw, origin)
    except Unreadable:
        return text_event((raw, origin), shape, {"message": decode(raw, origin)}, None, (MALFORMED,))
    return json_event((raw, origin), flatten(value) if isinstance(value, dict) else {}, flags)


def json_event(record: tuple[bytes, Origin], flat: Doc, flags: tuple[str, ...]) -> Event:
    """nginx ``log_format ... escape=json``: its variables by their names."""
    raw, origin = record
    doc: Doc = {"event.category": "web"}
    for key, value in flat.items():
        if key in _JSON_CONSUMED:
            continue
        name = _JSON_NAMES.get(key, "nginx." + key)
        if value not in ("", "-", None) and name not in doc:
            doc[name] = value
    address = doc.pop("source.ip", None)
    if isinstance(address, str):
        ip = canonical(address)
        doc["source.ip" if ip else "source.address"] = ip or address
    request, target = flat.get("request"), flat.get("request_uri")
    if isinstance(request, str):
        _put_request(request, doc)
    elif isinstance(target, str):
        put_url(target, doc)
    status, size = str(flat.get("status")), str(flat.get("body_bytes_sent", "-"))
    digits = re.compile(r"\d{1,9}\Z", re.ASCII)
    _put_result(status if digits.match(status) else "-", size if digits.match(size) else "-", doc)
    moment = next((m for key in _JSON_TIMES if (m := read_time(flat.get(key), origin.zone)) is not None), None)
    return text_event((raw, origin), shape_of(origin), doc, moment, flags)
