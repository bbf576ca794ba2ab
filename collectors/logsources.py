"""Sigma's logsource -> what the stored columns of its events hold: the shapes' tables, read the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from collectors.parsers.programs.table import PROGRAMS
from collectors.shapes.text import firewall_shape, linux_shape
from collectors.shapes.windows import slug
from collectors.shapes.windows_logsources import SERVICES, codes_of
from shouwang.model import Logsource, Shape
from shouwang.query import All, And, Eq, Node, Or, Prefix


@lru_cache(maxsize=1024)
def where(logsource: Logsource) -> Node:
    """A query that every event fulfils for which a rule of this logsource is meant; open where it is not known."""
    match logsource.product:
        case "windows":
            return _windows(logsource)
        case "linux":
            return _any_of("event.dataset", _linux_datasets(logsource))
        case _:
            return All()


def _windows(logsource: Logsource) -> Node:
    parts: list[Node] = []
    if logsource.service is None:
        parts.append(Prefix("event.dataset", "windows."))
    else:
        channels = (channel for channel, services in SERVICES.items() if logsource.service in services)
        parts.append(_any_of("event.dataset", ("windows." + slug(channel) for channel in channels)))
    if logsource.category is not None:
        parts.append(_any_of("event.code", sorted(codes_of(logsource.category))))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _linux_datasets(logsource: Logsource) -> Iterator[str]:
    """Those of Sysmon, of the audit system and of ECS senders are among them always: they have categories of their own,
    or any."""
    yield from ("linux.sysmon", "linux.auditd", "generic.json")
    for shape in linux_shapes():
        if any(logsource.covers(source) for source in shape.logsources):
            yield shape.dataset


def linux_shapes() -> Iterator[Shape]:
    """One for each set of log sources that a Linux host's text logs have."""
    for program in dict.fromkeys(PROGRAMS.values()):
        yield linux_shape(program.dataset, "", *program.services, also=program.logsources)
    yield linux_shape("linux.auth", "", "auth")  # of a program that nobody knows, by its facility
    yield linux_shape("linux.syslog", "")
    yield firewall_shape("")


def _any_of(field: str, values: Iterable[str]) -> Node:
    found = tuple(Eq(field, value) for value in dict.fromkeys(values))
    return found[0] if len(found) == 1 else Or(found)
