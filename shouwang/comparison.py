"""What it means for one value to equal, begin with, lie between: the leaves of a query.

Pure. Each function takes what is wanted once and gives a test of values, so that the work on the wanted side is done
once a query. Text is compared by ``str.lower``; of a list any element will do; an object (dict) is no value.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import isfinite

from shouwang.model import Absent, Found
from shouwang.timespan import moment

Test = Callable[[Found], bool]
Scalar = str | int | float | bool
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def scalars(value: Found) -> Iterator[Scalar]:
    """The value, or the list's elements, however deep; without nulls and objects."""
    if isinstance(value, str | int | float):
        yield value
    elif isinstance(value, list):
        for element in value:
            yield from scalars(element)


def text_of(value: object) -> str:
    """A scalar as text: what JSON would write, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _any(test: Callable[[Scalar], bool]) -> Test:
    def found(value: Found) -> bool:
        if isinstance(value, str):
            return test(value)
        return any(test(element) for element in scalars(value))

    return found


def _text(test: Callable[[str], bool]) -> Test:
    return _any(lambda value: test(text_of(value).lower()))


def exists(value: Found) -> bool:
    return not isinstance(value, Absent)


def equals(wanted: str) -> Test:
    low = wanted.lower()
    number = number_of(wanted)

    def same(value: Scalar) -> bool:
        if isinstance(value, str):
            return value.lower() == low
        if isinstance(value, bool) or number is None:
            return text_of(value).lower() == low
        return value == number

    return _any(same)


def begins(wanted: str) -> Test:
    low = wanted.lower()
    return _text(lambda text: text.startswith(low))


def contains(wanted: str) -> Test:
    low = wanted.lower()
    return _text(lambda text: low in text)


# ------------------------------------------------------------------------------------------ wildcards

_SIGN = re.compile(r"\\[*?\\]|.", re.DOTALL)


def like(pattern: str) -> Test:
    r"""``*`` any text, ``?`` one character, the whole value; ``\*``, ``\?`` and ``\\`` are those characters.

    Any other backslash is itself, so that ``*\cmd.exe`` means what it says. Time grows with pattern x value at worst.
    """
    pieces: list[list[str]] = [[]]
    for sign in _SIGN.findall(pattern.lower()):
        if sign == "*":
            pieces.append([])
        else:
            pieces[-1].append("." if sign == "?" else re.escape(sign[-1]))
    found = [re.compile("".join(piece), re.DOTALL) for piece in pieces]
    if len(found) == 1:
        return _text(lambda text: found[0].fullmatch(text) is not None)
    return _text(lambda text: _fits(found, len(pieces[-1]), text))


def _fits(pieces: list[re.Pattern[str]], last_length: int, text: str) -> bool:
    """Leftmost fit of each piece in turn; the first is bound to the start, the last to the end."""
    first = pieces[0].match(text)
    if first is None:
        return False
    at = first.end()
    for piece in pieces[1:-1]:
        hit = piece.search(text, at)
        if hit is None:
            return False
        at = hit.end()
    tail = len(text) - last_length
    return tail >= at and pieces[-1].match(text, tail) is not None


# ------------------------------------------------------------------------------------------ addresses


@lru_cache(maxsize=65536)
def address_of(text: str) -> Address | None:
    """An address in any spelling; without its zone (``%eth0``), IPv4-mapped as IPv4."""
    if not 2 <= len(text) <= 128:
        return None
    try:
        found = ipaddress.ip_address(text.split("%", 1)[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def network_of(text: str) -> Network | None:
    """``10.0.0.0/8``, host bits allowed; a mapped IPv6 network is the IPv4 network."""
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.ip_network((int(mapped), found.prefixlen - 96))
    return found


def within(network: str) -> Test:
    """Inside the network, whatever the spelling. A network that cannot be read holds nothing."""
    wanted = network_of(network)
    if wanted is None:
        return lambda value: False

    def inside(value: Scalar) -> bool:
        address = address_of(value) if isinstance(value, str) else None
        return address is not None and address.version == wanted.version and address in wanted

    return _any(inside)


# --------------------------------------------------------------------------------------------- ranges


@lru_cache(maxsize=65536)
def number_of(text: str) -> int | float | None:
    if not text or len(text) > 100 or not text.isascii() or "_" in text or text != text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


@lru_cache(maxsize=65536)
def instant_of(text: str) -> int | None:
    """Microseconds of an RFC 3339 time or a day; UTC where no offset is written."""
    bounds = moment(text) if text[:4].isdigit() and text[4:5] == "-" else None
    return bounds[0] if bounds else None


def order(value: Scalar, bound: str) -> int:
    """-1, 0, 1: both numbers, else both addresses of one family, else both times, else text without case."""
    here = number_of(value) if isinstance(value, str) else value
    there = number_of(bound)
    if here is not None and there is not None:
        return (here > there) - (here < there)
    text = text_of(value)
    one, other = address_of(text), address_of(bound)
    if one is not None and other is not None and one.version == other.version:
        return (int(one) > int(other)) - (int(one) < int(other))
    mine, its = instant_of(text), instant_of(bound)
    if mine is not None and its is not None:
        return (mine > its) - (mine < its)
    low, wanted = text.lower(), bound.lower()
    return (low > wanted) - (low < wanted)


def between(low: str | None, high: str | None, *, include_low: bool, include_high: bool) -> Test:
    """One and the same element lies within both bounds; ``None`` is open."""

    def inside(value: Scalar) -> bool:
        if low is not None:
            at = order(value, low)
            if at < 0 or (at == 0 and not include_low):
                return False
        if high is not None:
            at = order(value, high)
            if at > 0 or (at == 0 and not include_high):
                return False
        return True

    return _any(inside)


# ----------------------------------------------------------------------------------- the record itself

_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def record_text(raw: bytes, encoding: str = "utf-8") -> str:
    r"""The record as text; bytes that the encoding does not know as ``\xNN``."""
    try:
        return raw.decode(encoding, "backslashreplace")
    except LookupError:
        return raw.decode("utf-8", "backslashreplace")


def record_contains(wanted: str) -> Callable[[bytes], bool]:
    r"""Whether the record as received holds the text, without case.

    Two more readings count, because a person types what a screen showed: a JSON object with its string escapes resolved
    (``\\`` and ``\u767b``), and GB 18030 where the bytes are not UTF-8. Looks at nothing but the bytes.
    """
    low = wanted.lower()
    quick = low.encode("utf-8", "surrogatepass")
    ascii_wanted = low.isascii()
    escaped = json.dumps(low, ensure_ascii=False)[1:-1]

    def in_json(raw: bytes, text: str) -> bool:
        plainly = b"\\u" not in raw and "/" not in low
        if plainly and (escaped == low or escaped not in text.lower()):
            return False  # no escape in the record can give what is wanted
        plain = _JSON_ESCAPE.sub(_unescape, text)
        return low in plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").lower()

    def holds(raw: bytes) -> bool:
        if (ascii_wanted and quick in raw.lower()) or quick in raw:
            return True
        only_ascii, escapes = raw.isascii(), raw[:1] == b"{" and b"\\" in raw
        if only_ascii and not escapes:
            return False
        text = record_text(raw)
        if not only_ascii and (low in text.lower() or low in _as_gb18030(raw)):
            return True
        return escapes and in_json(raw, text)

    return holds


def readings(raw: bytes) -> list[str]:
    """What ``record_contains`` looks through, each in lower case: a text that it finds stands in one of them."""
    text = record_text(raw)
    found = [text.lower()]
    if not raw.isascii() and (other := _as_gb18030(raw)):
        found.append(other)
    if raw[:1] == b"{" and b"\\" in raw:
        plain = _JSON_ESCAPE.sub(_unescape, text)
        found.append(plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").lower())
    return found


def _as_gb18030(raw: bytes) -> str:
    """In lower case; empty for what is UTF-8."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace").lower()
    return ""


def _unescape(found: re.Match[str]) -> str:
    if found.group(1):
        return chr(int(found.group(1), 16))
    return _SHORT.get(found.group(2), found.group(2))
