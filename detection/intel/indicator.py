"""What an indicator is, and how each kind of value is written so that two spellings compare equal. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from string import ascii_letters, digits
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

LONGEST: Final = 2048
"""Characters of one value; longer ones are refused, with a reason that names the number."""
_SHORTEST_PREFIX: Final = {4: 8, 6: 19}
"""Networks with a shorter prefix hold whole countries."""
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_HEX: Final = re.compile(r"[0-9a-f]+")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")
_DEFANGED: Final = (
    (re.compile(r"\[\s*(?:\.|dot)\s*\]|\(\s*(?:\.|dot)\s*\)|\{\s*(?:\.|dot)\s*\}|\[\.|\.\]", re.I), "."),
    (re.compile(r"\[:\]"), ":"),
    (re.compile(r"\[:?//\]"), "://"),
    (re.compile(r"\[(?:@|at)\]|\((?:@|at)\)", re.I), "@"),
    (re.compile(r"^(?:hxxp|hXXp|h\*\*p|meow)(?=s?:)", re.I), "http"),
)
_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_UNRESERVED: Final = frozenset(ascii_letters + digits + "-._~")

Address: TypeAlias = IPv4Address | IPv6Address


class Kind(StrEnum):
    """What a value is. The names of hashes are those of ECS ``file.hash``."""

    IP = "ip"
    NETWORK = "network"
    DOMAIN = "domain"
    URL = "url"
    EMAIL = "email"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"


HASHES: Final = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.SHA512})


@dataclass(frozen=True, slots=True)
class Indicator:
    kind: Kind
    value: str
    """Canonical: see ``canonical``."""
    source: str = ""
    """Who says so."""
    confidence: int | None = None
    """0 to 100, as STIX counts; ``None``: not said."""
    valid_from_us: int = 0
    valid_until_us: int = 0
    """0: not said; the set's own limit holds then."""
    note: str = ""


class NoIndicator(ValueError):
    """Why a value is not taken, as ``reasons`` says it."""


def refang(text: str) -> str:
    """``hxxp://evil[.]example`` as it is meant."""
    for found, meant in _DEFANGED:
        text = found.sub(meant, text)
    return text


def canonical(kind: Kind, text: str) -> tuple[Kind, str]:
    """The kind and the one spelling of a value. A network that holds one address is that address.

    Raises ``NoIndicator``.
    """
    cleaned = refang(text.strip())
    if not cleaned:
        raise NoIndicator("empty")
    if len(cleaned) > LONGEST:
        raise NoIndicator("longer than 2048 characters")
    return _READERS[kind](cleaned)


def guessed(text: str) -> tuple[Kind, str]:
    """The same for a value whose kind nobody says. Raises ``NoIndicator``."""
    cleaned = refang(text.strip())
    for kind in _order(cleaned):
        try:
            return canonical(kind, cleaned)
        except NoIndicator as refused:
            reason = refused
    raise reason


def _order(text: str) -> tuple[Kind, ...]:
    if "://" in text:
        return (Kind.URL,)
    if "@" in text:
        return (Kind.EMAIL,)
    if named := _HASHES.get(len(text)):
        kind = Kind(named)
        if _HEX.fullmatch(text.lower()):
            return (kind,)
    if address_of(text) is not None:
        return (Kind.IP,)
    if "/" in text:
        head = text.split("/", 1)[0]
        return (Kind.NETWORK,) if address_of(head) is not None else (Kind.URL,)
    return (Kind.DOMAIN,)


# ---------------------------------------------------------------------------------------- addresses


def address_of(text: str) -> Address | None:
    """The address that the text is; an IPv4-mapped one as IPv4. Zones, ports, other notations are none."""
    if not 2 <= len(text) <= 45:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


_OWN: Final = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Loopback, private, link-local, multicast, carrier NAT: an indicator there means somebody else's network."""


def _own(address: Address) -> bool:
    return any(address.version == network.version and address in network for network in _OWN)


def _ip(text: str) -> tuple[Kind, str]:
    address = address_of(text)
    if address is None:
        raise NoIndicator("no address")
    if _own(address):
        raise NoIndicator("an address of private or special networks")
    return Kind.IP, str(address)


def _network(text: str) -> tuple[Kind, str]:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise NoIndicator("no network") from None
    if isinstance(network, IPv6Network) and (mapped := network.network_address.ipv4_mapped):
        if network.prefixlen < 96:
            raise NoIndicator("no network")
        network = ip_network((int(mapped), network.prefixlen - 96))
    if network.prefixlen < _SHORTEST_PREFIX[network.version]:
        raise NoIndicator("a network that is too large")
    if network.prefixlen == network.max_prefixlen:
        return _ip(str(network.network_address))
    if any(own.version == network.version and own.overlaps(network) for own in _OWN):
        raise NoIndicator("an address of private or special networks")
    return Kind.NETWORK, str(network)


# ------------------------------------------------------------------------------------ names and URLs


def host_name(text: str) -> str | None:
    """A DNS name in lower case and ASCII, without the final dot; ``None`` when it is none."""
    name = _DOTS.sub(".", text).rstrip(".").lower()
    if not name or len(name) > 253:
        return None
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return None
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    return name if len(name) <= 253 else None


@cache
def _suffixes() -> Callable[[str], str | None]:
    """The name below a public suffix that holds the given one; ``None`` for a public suffix itself."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # read when a set is made, not when one is used

    found: Callable[[str], str | None] = PublicSuffixList(accept_unknown=True).privatesuffix
    return found


def _domain(text: str) -> tuple[Kind, str]:
    if address_of(text) is not None:
        return _ip(text)
    name = host_name(text.removeprefix("*."))
    if name is None or "." not in name:
        raise NoIndicator("no domain name")
    if _suffixes()(name) is None:
        raise NoIndicator("a public suffix, such as com.cn")
    return Kind.DOMAIN, name


def _email(text: str) -> tuple[Kind, str]:
    local, at, host = text.lower().rpartition("@")
    name = host_name(host)
    if not at or not local or name is None or "." not in name or any(c.isspace() or not c.isprintable() for c in local):
        raise NoIndicator("no e-mail address")
    return Kind.EMAIL, f"{local}@{name}"


def _url(text: str) -> tuple[Kind, str]:
    whole = url_of(text if "://" in text else f"http://{text}")
    if whole is None:
        raise NoIndicator("no URL")
    return Kind.URL, whole[0]


def url_of(text: str) -> tuple[str, str] | None:
    """(host, port unless it is the scheme's, path and query in one spelling; the host alone), or ``None``.

    Scheme, user and fragment are left out: a proxy sees the one, a server never the others.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    address = address_of(host)
    name = str(address) if address is not None else host_name(host)
    if name is None:
        return None
    shown = f"[{name}]" if address is not None and address.version == 6 else name
    where = shown if port in {None, _PORTS.get(parts.scheme.lower())} else f"{shown}:{port}"
    query = f"?{_respelt(parts.query)}" if parts.query else ""
    return f"{where}{_respelt(parts.path) or '/'}{query}", name


def _respelt(part: str) -> str:
    """Percent signs only where they must be, in upper case (RFC 3986, 6.2.2)."""
    return quote(_ESCAPE.sub(_unescaped, part), safe=_PRINTABLE, errors="replace")


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _UNRESERVED else found[0].upper()


# ------------------------------------------------------------------------------------------- hashes


def _hash(kind: Kind) -> Callable[[str], tuple[Kind, str]]:
    length = next(length for length, name in _HASHES.items() if name == kind.value)
    empty = hashlib.new(kind.value, usedforsecurity=False).hexdigest()
    none = f"no {kind.value}"

    def read(text: str) -> tuple[Kind, str]:
        digest = text.lower()
        if len(digest) != length or not _HEX.fullmatch(digest):
            raise NoIndicator(none)
        if len(set(digest)) == 1 or digest == empty:
            raise NoIndicator("the hash of nothing")
        return kind, digest

    return read


_READERS: Final[dict[Kind, Callable[[str], tuple[Kind, str]]]] = {
    Kind.IP: lambda text: _network(text) if "/" in text else _ip(text),
    Kind.NETWORK: lambda text: _network(text) if "/" in text else _ip(text),
    Kind.DOMAIN: _domain,
    Kind.URL: _url,
    Kind.EMAIL: _email,
    **{kind: _hash(kind) for kind in HASHES},
}
