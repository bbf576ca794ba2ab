"""IP addresses as logs write them, made comparable."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final

from collectors.parsers.flags import BAD_ADDRESS, Doc
from shouwang.model import Value

_NUMBER: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_PLAIN: Final = re.compile(rf"(?:{_NUMBER}\.){{3}}{_NUMBER}\Z", re.ASCII)
"""An IPv4 address as it should be."""
_FIELDS: Final = ("source.ip", "destination.ip", "client.ip", "server.ip")


@lru_cache(maxsize=65_536)
def canonical(text: str) -> str | None:
    """The address in its shortest form: no zone, no brackets, an IPv4-mapped address as IPv4; ``None``: no address."""
    if len(text) > 64:
        return None
    if _PLAIN.match(text):
        return text
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def put_peer(doc: dict[str, Value], side: str, text: str) -> None:
    """``side`` is ``source`` or ``destination``: ``.ip`` for an address, ``.address`` for any other text but none."""
    address = canonical(text)
    if address is not None:
        doc[side + ".ip"] = address
    elif text and text != "-":
        doc[side + ".address"] = text


def put_port(doc: dict[str, Value], side: str, text: str | None) -> None:
    """Digits only; anything above 65535 is no port."""
    if text and len(text) <= 5 and text.isascii() and text.isdigit() and int(text) < 65_536:
        doc[side + ".port"] = int(text)


def check_addresses(flat: Doc) -> tuple[str, ...]:
    """An address field holds addresses; other text goes to ``.address`` and the event is flagged."""
    flags: tuple[str, ...] = ()
    for name in _FIELDS:
        if name not in flat:
            continue
        value = flat[name]
        if isinstance(value, str) and canonical(value) == value:
            continue
        items = value if isinstance(value, list) else [value]
        good: list[Value] = [ip for item in items if (ip := _address(item)) is not None]
        if good:
            flat[name] = good if isinstance(value, list) else good[0]
        else:
            del flat[name]
            flat.setdefault(name.removesuffix(".ip") + ".address", value)
            flags = (BAD_ADDRESS,)
    return flags


def _address(value: Value) -> str | None:
    return canonical(value.strip()) if isinstance(value, str) else None
