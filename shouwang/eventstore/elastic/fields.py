"""The ECS view of an event as Elasticsearch's types can hold it, for Kibana and for counting. Pure.

A value goes into its field only where the server would give it back as it is; so no event can be refused for a value.
Whatever else an event says stands in one ``flattened`` field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Final, NamedTuple

from shouwang.comparison import Scalar, address_of, scalars, text_of
from shouwang.model import Value
from shouwang.query import SPECIAL
from shouwang.visible import well_formed

LONGEST_TEXT: Final = 8191
"""Of a keyword, in UTF-16 units as the server counts them: at most 24,573 bytes, and Lucene takes 32,766."""
LONGEST_NAME: Final = 512
MOST_OTHERS: Final = 1_000
_IN_A_DOUBLE: Final = 1 << 53


class View(NamedTuple):
    fields: dict[str, Value]
    others: dict[str, Value]
    odd: list[str]
    """Names of fields that hold what their type does not: these are not counted by the server."""


def view(said: Mapping[str, Value], kinds: Mapping[str, str]) -> View:
    """``said``: ``Event.fields()``; ``kinds``: ECS name -> type as in ``fields.toml``."""
    found = View({}, {}, [])
    for name, value in said.items():
        if name in SPECIAL:
            continue
        kind = kinds.get(name)
        fit = FITS.get(kind or "")
        held = list(scalars(value))
        if fit is not None and all(map(fit, held)):
            if held:
                found.fields[name] = _alone(held)
            continue
        if kind is not None:
            found.odd.append(name)
        if len(found.others) < MOST_OTHERS:
            found.others[_text(name[:LONGEST_NAME])] = _as_text(value)
    return found


def _alone(held: list[Scalar]) -> Value:
    return held[0] if len(held) == 1 else [*held]


def _as_text(value: Value) -> Value:
    match value:
        case None:
            return None
        case dict():
            return _text(json.dumps(value, ensure_ascii=False))
        case list():
            return [_text(text_of(each)) for each in scalars(value)]
        case _:
            return _text(text_of(value))


def _text(text: str) -> str:
    return well_formed(text).replace("\0", "\ufffd")


def _keyword(value: Scalar) -> bool:
    return (
        isinstance(value, str) and _prose(value) and (len(value) * 2 <= LONGEST_TEXT or _units(value) <= LONGEST_TEXT)
    )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _prose(value: Scalar) -> bool:
    return isinstance(value, str) and well_formed(value) == value


def _long(value: Scalar) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63


def _double(value: Scalar) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _IN_A_DOUBLE


def _ip(value: Scalar) -> bool:
    return isinstance(value, str) and str(address_of(value)) == value


def _boolean(value: Scalar) -> bool:
    return isinstance(value, bool)


FITS: Final[Mapping[str, Callable[[Scalar], bool]]] = {
    "keyword": _keyword,
    "wildcard": _keyword,
    "text": _prose,
    "long": _long,
    "float": _double,
    "ip": _ip,
    "boolean": _boolean,
}
"""Type in ``fields.toml`` -> whether it holds the value as it is."""
