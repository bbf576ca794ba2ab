"""Where in an event indicators are looked for, and what a value there can be. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from detection.intel.indicator import HASHES, LONGEST, Kind, address_of, host_name, refang, url_of


class Sort(Enum):
    """How the text of a field is read."""

    ADDRESS = "an address"
    NAME = "a host name, or an address"
    URL = "a URL"
    HASHES = "hashes, plain or as Sysmon lists them"
    EMAIL = "an e-mail address"


FIELDS: Final[Mapping[str, Sort]] = {
    "destination.ip": Sort.ADDRESS,
    "server.ip": Sort.ADDRESS,
    "dns.resolved_ip": Sort.ADDRESS,
    "source.ip": Sort.ADDRESS,
    "client.ip": Sort.ADDRESS,
    "destination.address": Sort.NAME,
    "destination.domain": Sort.NAME,
    "server.domain": Sort.NAME,
    "dns.question.name": Sort.NAME,
    "url.domain": Sort.NAME,
    "tls.client.server_name": Sort.NAME,
    "winlog.event_data.DestinationHostname": Sort.NAME,
    "winlog.event_data.QueryName": Sort.NAME,
    "url.full": Sort.URL,
    "url.original": Sort.URL,
    "http.request.referrer": Sort.URL,
    **{f"{of}.hash.{kind.value}": Sort.HASHES for of in ("file", "process", "dll") for kind in sorted(HASHES)},
    "winlog.event_data.Hashes": Sort.HASHES,
    "winlog.event_data.Hash": Sort.HASHES,
    **{f"email.{part}.address": Sort.EMAIL for part in ("from", "sender", "reply_to", "to", "cc", "bcc")},
    "user.email": Sort.EMAIL,
}
"""ECS name -> how it is read; the first field that fits names the match."""

INBOUND: Final = frozenset({"source.ip", "client.ip"})
"""Who came to us. Half the internet does: a hit counts one level less than one on what we turned to."""

_HASH: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-F]{128}|[0-9A-F]{64}|[0-9A-F]{40}|[0-9A-F]{32})(?![0-9A-Za-z])", re.IGNORECASE
)
_KIND_OF_LENGTH: Final = {32: Kind.MD5, 40: Kind.SHA1, 64: Kind.SHA256, 128: Kind.SHA512}


def candidates(sort: Sort, text: str) -> Iterator[tuple[Kind, str]]:
    """What a value of such a field may be found under, most exact first."""
    if len(text) > LONGEST and sort is not Sort.HASHES:
        return
    match sort:
        case Sort.ADDRESS:
            yield from _address(text)
        case Sort.NAME:
            yield from _host(text)
        case Sort.URL:
            whole = url_of(text)
            if whole is not None:
                yield Kind.URL, whole[0]
                yield from _host(whole[1])
        case Sort.HASHES:
            for found in _HASH.finditer(text[:LONGEST]):
                yield _KIND_OF_LENGTH[len(found[0])], found[0].lower()
        case Sort.EMAIL:
            yield from _email(text)


def _address(text: str) -> Iterator[tuple[Kind, str]]:
    address = address_of(text.partition("%")[0])
    if address is not None:
        yield Kind.IP, str(address)
        yield Kind.NETWORK, str(address)


def _host(text: str) -> Iterator[tuple[Kind, str]]:
    """The name, then each name above it down to two labels."""
    if address_of(text) is not None:
        yield from _address(text)
        return
    name = host_name(text)
    while name and "." in name:
        yield Kind.DOMAIN, name
        name = name.partition(".")[2]


def _email(text: str) -> Iterator[tuple[Kind, str]]:
    inner = text[text.rfind("<") + 1 :].strip().rstrip(">")
    local, at, host = refang(inner).lower().rpartition("@")
    name = host_name(host)
    if at and local and name:
        yield Kind.EMAIL, f"{local}@{name}"
        yield from _host(name)
