"""Numbers of correlations: exact, so that a sum does not depend on the order in which it was added. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import TypeAlias

from shouwang.model import Value

Exact: TypeAlias = int | Fraction

_NUMERAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)


def numeral(value: Value) -> str:
    """A JSON number, or text that is nothing but a decimal numeral, as a numeral; ``""`` for anything else.

    True is no number. What is infinite, or has more than 40 digits before or after the point, is none either.
    """
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        return _plain(value) if isfinite(value) and abs(value) < 1e40 else ""
    said = str(value) if isinstance(value, int | str) else ""
    return said if _NUMERAL.fullmatch(said) else ""


def _plain(value: float) -> str:
    """Without an exponent, to 40 places."""
    said = f"{Decimal(repr(value)):.40f}".rstrip("0").rstrip(".")
    return "0" if said in {"-0", ""} else said


def exact(said: str) -> Exact:
    """Of a ``numeral``."""
    return Fraction(said) if "." in said else int(said)


def exactly(bound: float) -> Exact:
    """A number of a rule as it was written."""
    return bound if isinstance(bound, int) else Fraction(repr(bound))


def written(number: Exact) -> str:
    """At most six digits after the point."""
    if isinstance(number, int) or number.denominator == 1:
        return str(int(number))
    return f"{float(number):.6f}".rstrip("0").rstrip(".")
