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
        case Cidr(_, network):
            found = network_of(network)
            if isinstance(found, ipaddress.IPv4Network) and found.prefixlen >= 8:
                octet = str(found.network_address).split(".", 1)[0]
                return f"(starts_with({column}, '{octet}.') OR contains({column}, ':'))"
            return "" if isinstance(found, ipaddress.IPv4Network) else f"contains({column}, ':')"
        case _:
            return ""


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
