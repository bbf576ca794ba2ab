"""What can be said in DuckDB's SQL about a column of text, where its ``lower`` is no ``str.lower``. Pure."""

from __future__ import annotations

import ipaddress
import re

from shouwang.comparison import network_of
from shouwang.query import Cidr, Contains, Eq, Leaf, Prefix, Wildcard

_SIGN = re.compile(r"\\[*?\\]|.", re.DOTALL)


def plain(wanted: str) -> bool:
    """DuckDB and Python agree on which plain texts have it, without case. (Text with one of the two other characters
    whose lower case has an ASCII letter is never plain in a column: see ``rows.to_column``.)"""
    return wanted.isascii() and "\0" not in wanted


def caseless(text: str) -> bool:
    return text == text.lower() == text.upper()


def quoted(text: str) -> str:
    """As a constant. Only for text of ASCII without NUL."""
    return "'" + text.replace("'", "''") + "'"


def candidates(leaf: Leaf, column: str) -> str:
    """A cheap condition that every plain text which fits the leaf fulfils; empty when there is none."""
    match leaf:
        case Eq(_, value) | Prefix(_, value) | Contains(_, value):
            return f"contains(lower({column}), {quoted(value.lower())})" if plain(value) else _not_ascii(column)
        case Wildcard(_, pattern):
            piece = max(_pieces(pattern.lower()), key=len, default="")
            if not piece:
                return ""
            return f"contains(lower({column}), {quoted(piece)})" if plain(piece) else _not_ascii(column)
        case Cidr():
            return f"contains({column}, ':')"  # IPv4: see ``dotted_quads``
        case _:
            return ""


_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_QUAD = rf"{_OCTET}([.]{_OCTET}){{3}}"


def dotted_quads(network: str, column: str) -> str:
    """That the column is an address in the network, written as IPv4 is; empty when the network is none of IPv4."""
    found = network_of(network)
    if not isinstance(found, ipaddress.IPv4Network):
        return ""
    octets, rest = divmod(found.prefixlen, 8)
    wide = found.supernet(new_prefix=octets * 8) if rest else found
    begins = ["".join(f"{octet}." for octet in each.network_address.packed[:octets]) for each in [wide]]
    if rest:
        first = found.network_address.packed[octets]
        begins = [f"{begins[0]}{octet}." for octet in range(first, first + (1 << (8 - rest)))]
    if octets == 4:
        return f"{column} = '{found.network_address}'"
    if octets == 3 and rest:
        begins = [f"{begin.rstrip('.')}" for begin in begins]
        return f"{column} IN ({', '.join(map(quoted, begins))})"
    any_of = " OR ".join(f"starts_with({column}, {quoted(begin)})" for begin in begins if begin) or "true"
    return f"regexp_full_match({column}, {quoted(_QUAD)}) AND ({any_of})"


def _not_ascii(column: str) -> str:
    return f"strlen({column}) <> length({column})"


def _pieces(pattern: str) -> list[str]:
    """The texts between the wildcards."""
    pieces = [""]
    for sign in _SIGN.findall(pattern):
        if sign in ("*", "?"):
            pieces.append("")
        else:
            pieces[-1] += sign[-1]
    return pieces
