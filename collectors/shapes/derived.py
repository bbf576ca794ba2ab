"""Values that an event does not write as ECS wants them, made once when it is parsed: a name out of a path, a number
out of text, a comparable address. They stand in the document's folder ``DERIVED``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from collectors.parsers.addresses import canonical
from shouwang.model import Path, Value

DERIVED: Final = "~ecs"
"""A key that no known format has. One that comes with a record is replaced: the record's bytes still hold it."""


@dataclass(frozen=True, slots=True)
class Derivation:
    name: str
    """ECS name of the result."""
    make: Callable[[Value], Value]
    """``None``: nothing to derive."""
    places: tuple[Path, ...]
    replaces: bool
    """What cannot be derived is absent, however it is written (``-`` is no address)."""
    last: bool = False
    """Only where the event does not say it itself."""


def base_name(value: Value) -> Value:
    """The last part of a Windows or Unix path."""
    if not isinstance(value, str):
        return None
    return value[max(value.rfind("\\"), value.rfind("/")) + 1 :] or None


def account(value: Value) -> Value:
    """``DOMAIN\\user`` -> ``user``; ``-`` is nobody."""
    if not isinstance(value, str) or value in {"", "-"}:
        return None
    return value.rpartition("\\")[2] or None


def domain(value: Value) -> Value:
    """``DOMAIN\\user`` -> ``DOMAIN``."""
    return (value.rpartition("\\")[0] or None) if isinstance(value, str) else None


def address(value: Value) -> Value:
    """An IP address in its shortest form."""
    return canonical(value.strip()) if isinstance(value, str) else None


def number(value: Value) -> Value:
    """Decimal or ``0x`` text as a number."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or len(value) > 18:
        return None
    try:
        return int(value, 16 if value.lower().startswith("0x") else 10)
    except ValueError:
        return None


def lower(value: Value) -> Value:
    """``TCP`` -> ``tcp``."""
    return value.lower() if isinstance(value, str) else None


_INTEGRITY: Final = {
    "S-1-16-0": "Untrusted",
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-8448": "MediumPlus",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}


def integrity(value: Value) -> Value:
    """A mandatory label's SID in Sysmon's word."""
    return _INTEGRITY.get(value) if isinstance(value, str) else None


_LEVELS: Final = {"critical": 1, "error": 2, "warning": 3, "information": 4, "info": 4, "verbose": 5, "debug": 5}
_SEVERITIES: Final = {5: 1, 4: 2, 3: 3, 2: 4, 1: 5}
_AUDITS: Final = {
    "audit failure": "0x8010000000000000",
    "审核失败": "0x8010000000000000",
    "audit success": "0x8020000000000000",
    "审核成功": "0x8020000000000000",
}


def level(value: Value) -> Value:
    """Windows' number of a level that is given as a word."""
    return _LEVELS.get(value.lower()) if isinstance(value, str) else None


def level_of_severity(value: Value) -> Value:
    """Windows' number of a level for NXLog's SeverityValue."""
    return _SEVERITIES.get(value) if isinstance(value, int) else None


def keywords(value: Value) -> Value:
    """The mask as event logs write it: out of NXLog's signed number, or beside the words of Winlogbeat."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"0x{value & 0xFFFFFFFFFFFFFFFF:x}"
    if isinstance(value, list):
        masks: list[Value] = [_AUDITS[text] for each in value if (text := str(each).lower()) in _AUDITS]
        return [*value, *masks] if masks else None
    return None


ENVELOPES: Final[Mapping[str, tuple[Derivation, ...]]] = {
    "flat": (
        Derivation("winlog.level", level_of_severity, (("SeverityValue",),), replaces=False, last=True),
        Derivation("winlog.keywords", keywords, (("Keywords",),), replaces=False),
    ),
    "ecs": (
        Derivation("winlog.level", level, (("log.level",),), replaces=False, last=True),
        Derivation("winlog.keywords", keywords, (("winlog.keywords",),), replaces=False),
    ),
    "winlogbeat6": (
        Derivation("winlog.level", level, (("level",),), replaces=False),
        Derivation("winlog.keywords", keywords, (("keywords",),), replaces=False),
    ),
}
"""What a dialect says of every event in another way than event logs do."""

_MAKERS: Final[Mapping[str, tuple[Callable[[Value], Value], bool]]] = {
    "source.ip": (address, True),
    "destination.ip": (address, True),
    "source.port": (number, True),
    "destination.port": (number, True),
    "process.pid": (number, True),
    "process.parent.pid": (number, True),
    "network.transport": (lower, False),
    "user.name": (account, True),
    "winlog.event_data.IntegrityLevel": (integrity, True),
}
_FROM: Final[Mapping[str, tuple[tuple[str, Callable[[Value], Value]], ...]]] = {
    "process.executable": (("process.name", base_name),),
    "process.parent.executable": (("process.parent.name", base_name),),
    "user.name": (("user.domain", domain),),
}
"""Other fields made from the same data."""


@lru_cache(maxsize=512)
def _places(dialect: str, folder: Path, name: str, keys: tuple[str, ...]) -> tuple[Path, ...]:
    if dialect == "ecs":
        return ((name,), *(("winlog.event_data." + key,) for key in keys))
    return tuple((*folder, key) for key in keys)


def derivations(dialect: str, folder: Path, table: Mapping[str, tuple[str, ...]]) -> tuple[Derivation, ...]:
    """What to make for events whose fields read as ``table`` says."""
    steps: list[Derivation] = []
    for name, keys in table.items():
        places = _places(dialect, folder, name, keys)
        if name in _MAKERS:
            make, replaces = _MAKERS[name]
            steps.append(Derivation(name, make, places, replaces))
        for other, make in _FROM.get(name, ()):
            if other not in table:
                steps.append(Derivation(other, make, places, replaces=False))
    return tuple(steps)
