"""The data sets of Filebeat, Auditbeat and Elastic Agent: which logs they are to Sigma.

Each is what our own parsers make of the same log's lines. Source: the modules' exported fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from collectors.parsers.flags import Doc
from collectors.shapes.generic import PATHS, flat_shape
from collectors.shapes.text import LINUX_AUTH, LINUX_SYSLOG, access_shape, database_shape, error_shape, firewall_shape
from shouwang.model import Logsource, Path, Shape

_Logsources = frozenset[Logsource]
_NONE: Final[_Logsources] = frozenset()
_AUDITD: Final = frozenset((Logsource("linux", None, "auditd"),))
_STARTED: Final = frozenset((Logsource("linux", "process_creation", "auditd"),))

DATASETS: Final[Mapping[str, _Logsources]] = {
    "system.auth": frozenset((LINUX_SYSLOG, LINUX_AUTH)),
    "system.syslog": frozenset((LINUX_SYSLOG,)),
    "iptables.log": firewall_shape("").logsources,
    **dict.fromkeys(("auditd.log", "auditd_manager.auditd"), _AUDITD),
    **{f"{server}.access": access_shape(server, "").logsources for server in ("nginx", "apache")},
    **{f"{server}.error": error_shape(server, "").logsources for server in ("nginx", "apache")},
    "iis.access": access_shape("", "").logsources,
    **dict.fromkeys(("mysql.error", "mysql.slowlog"), database_shape("mysql", "").logsources),
    "postgresql.log": database_shape("postgresql", "").logsources,
    "platform.api": frozenset((Logsource("platform", "webserver", "api"),)),
    "suricata.eve": frozenset((Logsource("suricata", None, "eve"),)),
}
OF_MODULE: Final = {
    "auditd": "auditd.log",
    "iptables": "iptables.log",
    "postgresql": "postgresql.log",
    "suricata": "suricata.eve",
}
"""What the record of a module with one log is."""
LINUX: Final = frozenset(("system.auth", "system.syslog"))
"""Logs of any program of a Linux host: ``process.name`` says which."""

_AUDIT_PATHS: Final[Mapping[str, tuple[Path, ...]]] = {
    **PATHS,
    "auditd.log.type": (("auditd.log.type",), ("auditd.log.record_type",), ("auditd.message_type",)),
}
_AUDIT: Final = frozenset(("auditd.log", "auditd_manager.auditd"))


def dataset_of(flat: Doc) -> str:
    """The record's data set by its own word, else by its module's; empty when it names neither."""
    for name in ("event.dataset", "data_stream.dataset"):
        if isinstance(said := flat.get(name), str) and said:
            return said
    for name in ("event.module", "fileset.module", "service.type"):
        if isinstance(module := flat.get(name), str) and module:
            part = flat.get("fileset.name")
            return f"{module}.{part}" if isinstance(part, str) else OF_MODULE.get(module, "")
    return ""


def ecs_shape(dataset: str, parser: str, flat: Doc) -> Shape:
    """Of a record whose program does not matter. One of an unknown data set belongs to no logsource, and only rules
    without one see it."""
    if dataset in _AUDIT:
        return _audit_shape(parser, _starts_program(flat))
    return _shape(dataset, parser) if dataset in DATASETS or dataset.startswith("zeek.") else _other(parser)


def _starts_program(flat: Doc) -> bool:
    """A record of EXECVE, or Auditbeat's event made of all records of one: with the command line."""
    if flat.get("auditd.log.record_type") == "EXECVE":
        return True
    categories, types = flat.get("event.category"), flat.get("event.type")
    return (
        (categories == "process" or (isinstance(categories, list) and "process" in categories))
        and (types == "start" or (isinstance(types, list) and "start" in types))
        and ("process.args" in flat or "process.command_line" in flat)
    )


@lru_cache(maxsize=16)
def _other(parser: str) -> Shape:
    return flat_shape("generic.json", parser, _NONE)


@lru_cache(maxsize=256)
def _shape(dataset: str, parser: str) -> Shape:
    if dataset.startswith("zeek."):
        return flat_shape("generic.json", parser, frozenset((Logsource("zeek", None, dataset.removeprefix("zeek.")),)))
    return flat_shape("generic.json", parser, DATASETS[dataset])


@lru_cache(maxsize=16)
def _audit_shape(parser: str, started: bool) -> Shape:
    return Shape(
        dataset="generic.json",
        parser=parser,
        dialect="generic",
        logsources=_STARTED if started else _AUDITD,
        paths=_AUDIT_PATHS,
        prefixes=(("", ()),),
    )
