"""Indicators of MISP: an event, a feed's event, a search answer. Read attribute by attribute.

Only attributes with ``to_ids``: the others are context, by MISP's own meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, cast

import ijson
from ijson.common import ObjectBuilder

from detection.intel.indicator import Indicator, Kind, NoIndicator, canonical
from detection.intel.leftout import LeftOut, Unreadable, no_json
from detection.intel.times import time_us

_TYPES: Final[Mapping[str, tuple[Kind | None, ...]]] = {
    "ip-src": (Kind.IP,),
    "ip-dst": (Kind.IP,),
    "ip-src|port": (Kind.IP, None),
    "ip-dst|port": (Kind.IP, None),
    "domain": (Kind.DOMAIN,),
    "hostname": (Kind.DOMAIN,),
    "hostname|port": (Kind.DOMAIN, None),
    "domain|ip": (Kind.DOMAIN, Kind.IP),
    "url": (Kind.URL,),
    "uri": (Kind.URL,),
    "link": (Kind.URL,),
    "email": (Kind.EMAIL,),
    "email-src": (Kind.EMAIL,),
    "email-dst": (Kind.EMAIL,),
    "email-reply-to": (Kind.EMAIL,),
    **{kind.value: (kind,) for kind in (Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.SHA512)},
    **{f"filename|{kind.value}": (None, kind) for kind in (Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.SHA512)},
}
"""Type -> what stands between its bars; ``None``: not an indicator by itself."""
_PLACES: Final = ("Attribute.item", "Object.item.Attribute.item")
_ROOTS: Final = ("", "Event.", "response.item.", "response.item.Event.", "item.", "item.Event.", "response.")
ATTRIBUTES: Final = frozenset(root + place for root in _ROOTS for place in _PLACES)
_SOURCES: Final = frozenset(root + part for root in _ROOTS for part in ("Orgc.name", "info"))


def read(file: BinaryIO) -> Iterator[Indicator | LeftOut]:
    """Raises ``Unreadable``."""
    number = 0
    about: dict[str, str] = {}
    builder: ObjectBuilder | None = None
    within = ""
    try:
        for prefix, event, value in ijson.parse(file, use_float=True):
            if builder is not None:
                builder.event(event, value)
                if prefix == within and event == "end_map":
                    number += 1
                    yield from _attribute(cast("Mapping[str, object]", builder.value), about, f"attribute {number}")
                    builder = None
            elif event == "start_map" and prefix in ATTRIBUTES:
                builder, within = ObjectBuilder(), prefix
                builder.event(event, value)
            elif prefix in _SOURCES and isinstance(value, str):
                about[prefix.rsplit(".", 1)[-1]] = value
    except ijson.JSONError as wrong:
        raise Unreadable(no_json(wrong)) from None


def _attribute(item: Mapping[str, object], about: Mapping[str, str], where: str) -> Iterator[Indicator | LeftOut]:
    named = str(item.get("type") or "")
    if item.get("deleted") is True:
        yield LeftOut(where, "deleted")
        return
    if item.get("to_ids") not in {True, "1"}:
        yield LeftOut(where, "not marked to_ids")
        return
    kinds = _TYPES.get(named)
    if kinds is None:
        yield LeftOut(where, f"type not known: {named[:40]!r}")
        return
    parts = str(item.get("value") or "").split("|")
    if len(parts) != len(kinds):
        yield LeftOut(where, "the value has not the parts of its type")
        return
    note = " ".join(filter(None, (about.get("info", ""), str(item.get("comment") or ""))))
    for kind, part in zip(kinds, parts, strict=True):
        if kind is None:
            continue
        try:
            found, value = canonical(kind, part)
            yield Indicator(
                found,
                value,
                source=about.get("name", "")[:200],
                valid_from_us=_seen(item, "first_seen"),
                note=note[:500],
            )
        except NoIndicator as refused:
            yield LeftOut(where, str(refused))


def _seen(item: Mapping[str, object], key: str) -> int:
    try:
        return time_us(str(item.get(key) or ""))
    except NoIndicator:
        return 0
