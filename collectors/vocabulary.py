"""Which log sources and fields our parsers give: what a rule may ask for and be answered.

Some families of names are open (a Windows channel's own data, the audit system's, JSON senders'): there any name may
stand. Sysmon's events have names that are known, so that a slip of the pen in them is seen.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from typing import Final

from collectors.logsources import linux_shapes
from collectors.shapes import device
from collectors.shapes.sysmon_names import NAMES as SYSMON_NAMES
from collectors.shapes.windows_logsources import pairs
from shouwang.model import Logsource

_VENDORS: Final = ("cisco", "h3c", "huawei")
_ANY_SERVICE: Final = frozenset({"zeek", "suricata", *_VENDORS})
"""Products whose services are as many as they have logs or modules."""
_OPEN: Final = ("winlog.user_data.", "log.syslog.structured_data.", "journald.", "nginx.", "auditd.log.", "threat.")
_EVENT_DATA: Final = "winlog.event_data."
_ENVELOPE: Final = frozenset({"@timestamp", "event.dataset", "event.code", "host.name", "event.kind", "event.module"})
_FREE: Final = frozenset({"zeek", "suricata", "platform", "device"})
"""Products whose documents are JSON in ECS names of the sender's choice."""


@lru_cache(maxsize=1)
def dictionary() -> Mapping[str, object]:
    """The fields that parsers and shapes give, by ECS name: fields.toml."""
    text = resources.files("collectors.shapes").joinpath("fields.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, str]:
    """Of each field in the dictionary the type."""
    return {name: str(entry["type"]) for name, entry in dictionary().items() if isinstance(entry, dict)}


@lru_cache(maxsize=1)
def logsources() -> frozenset[Logsource]:
    """Every log source that an event may have."""
    return frozenset(_logsources())


def _logsources() -> Iterator[Logsource]:
    for shape in linux_shapes():
        yield from shape.logsources
    yield from pairs()
    yield Logsource("linux", None, "auditd")
    yield Logsource("linux", "process_creation", "auditd")
    for vendor in _VENDORS:
        yield Logsource(vendor)
    for product in ("nginx", "apache"):
        yield Logsource(product, "webserver", product)
        yield Logsource(product, None, product)
        yield Logsource(None, None, product)
    for database in ("mysql", "postgresql"):
        yield Logsource(database, "database")
    yield from (Logsource(None, "webserver"), Logsource(None, "network"), Logsource(None, "firewall"))
    yield from (Logsource("platform", "webserver", "api"), Logsource("dnsmasq", "dns"))
    yield from (Logsource("device", kind) for kind in device.KINDS)
    yield from (Logsource("shouwang", None, "metrics"), Logsource("shouwang", None, "self"))


def is_read(wanted: Logsource) -> bool:
    """Whether some event may be of the log source that a rule is written for."""
    if wanted.product in _ANY_SERVICE:
        return wanted.category is None
    return any(wanted.covers(each) for each in logsources())


def near_logsources(wanted: Logsource) -> list[Logsource]:
    """What may have been meant."""
    texts = {said(each): each for each in logsources()}
    close = get_close_matches(said(wanted), texts, n=3, cutoff=0.75)
    return [texts[each] for each in close]


def said(source: Logsource) -> str:
    """``product=windows category=process_creation``"""
    parts = zip(("product", "category", "service"), source, strict=True)
    return " ".join(f"{name}={value}" for name, value in parts if value) or "(any)"


def has_field(source: Logsource, name: str) -> bool:
    """Whether an event of this log source may have the field."""
    if name in _ENVELOPE or name in dictionary() or name.startswith(_OPEN):
        return True
    if source.product in _FREE or not any(source):
        return True
    if not name.startswith(_EVENT_DATA):
        return False
    closed = _event_data(source)
    return closed is None or name.removeprefix(_EVENT_DATA) in closed


def _event_data(source: Logsource) -> frozenset[str] | None:
    """The names of event data that such events have; ``None`` where that is not known."""
    if source.category not in SYSMON_NAMES or source.product not in {"windows", "linux"}:
        return None
    return SYSMON_NAMES[source.category]


def near_fields(source: Logsource, written: str, names: tuple[str, ...]) -> list[str]:
    """Fields that may have been meant by ``written``, which reads as ``names``: as a rule writes them."""
    data = _event_data(source) or frozenset()
    folded = {each.lower(): each for each in (*dictionary(), *data)}
    close = [folded[each] for each in get_close_matches(written.lower(), folded, n=3, cutoff=0.8)]
    return [each for each in dict.fromkeys(close) if each not in names]
