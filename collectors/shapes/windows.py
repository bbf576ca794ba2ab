"""How Windows events read as ECS, in each of the JSON forms that tools write.

``evtx``        {"Event": {"System": ..., "EventData" | "UserData": ...}}: the evtx library and evtx_dump, with
                attributes inside ("#attributes") or beside ("Provider_attributes"); XML is made into this
``flat``        everything at the top: NXLog, OTRF Security-Datasets, PowerShell's ConvertTo-Json
``ecs``         Winlogbeat 7 and later and other ECS senders; the parser has flattened the names
``winlogbeat6`` log_name, source_name, event_id, event_data
``wazuh``       {"win": {"system": ..., "eventdata": ...}}; the parser has undone doubled backslashes and camel case
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from collectors.shapes.derived import DERIVED, ENVELOPES, Derivation, derivations
from collectors.shapes.windows_fields import ALIASES, fields_of
from collectors.shapes.windows_logsources import LINUX_SYSMON, windows_logsources
from shouwang.model import Path, Shape

Places = tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where one form keeps things."""

    envelope: Mapping[str, Places]
    data: Path
    """The folder of event data."""
    hidden: tuple[str, ...] = ()
    """Keys beside the event data that are none of it."""


_SYSTEM: Final = ("Event", "System")


def _evtx_envelope() -> dict[str, Places]:
    def plain(key: str) -> Places:
        return ((*_SYSTEM, key, "#text"), (*_SYSTEM, key))

    def attribute(key: str, name: str) -> Places:
        return (
            (*_SYSTEM, key, "#attributes", name),
            (*_SYSTEM, key + "_attributes", name),
            (*_SYSTEM, key, "@" + name),
        )

    return {
        "winlog.channel": plain("Channel"),
        "winlog.computer_name": plain("Computer"),
        "winlog.event_id": plain("EventID"),
        "winlog.keywords": plain("Keywords"),
        "winlog.level": plain("Level"),
        "winlog.opcode": plain("Opcode"),
        "winlog.task": plain("Task"),
        "winlog.version": plain("Version"),
        "winlog.record_id": plain("EventRecordID"),
        "winlog.provider_name": attribute("Provider", "Name"),
        "winlog.provider_guid": attribute("Provider", "Guid"),
        "winlog.process.pid": attribute("Execution", "ProcessID"),
        "winlog.process.thread.id": attribute("Execution", "ThreadID"),
        "winlog.user.identifier": attribute("Security", "UserID"),
        "message": (("Event", "RenderingInfo", "Message"),),
    }


def _at_top(**names: str) -> dict[str, Places]:
    return {
        "message" if name == "message" else "winlog." + name.replace("__", "."): tuple((key,) for key in keys.split())
        for name, keys in names.items()
    }


_FLAT: Final = _at_top(
    channel="Channel LogName channel",
    computer_name="Hostname Computer ComputerName MachineName",
    event_id="EventID EventId event_id Id",
    keywords="Keywords",
    level="Level",
    opcode="OpcodeValue Opcode",
    task="Task",
    version="Version",
    record_id="RecordNumber EventRecordID RecordId",
    provider_name="SourceName Provider_Name ProviderName Provider",
    provider_guid="ProviderGuid Provider_Guid ProviderId",
    process__pid="ExecutionProcessID",
    process__thread__id="ThreadID",
    user__identifier="UserID",
    message="Message",
)
_FLAT_OTHERS: Final = (
    *(
        "@timestamp",
        "@version",
        "EventTime",
        "EventReceivedTime",
        "TimeCreated",
        "SourceModuleName",
        "SourceModuleType",
    ),
    *("port", "host", "tags", "EventTypeOrignal", "SeverityValue", "ERROR_EVT_UNRESOLVED", DERIVED),
)
_WINLOGBEAT6: Final = _at_top(
    channel="log_name",
    computer_name="computer_name",
    event_id="event_id",
    keywords="keywords",
    level="level",
    opcode="opcode",
    task="task",
    version="version",
    record_id="record_number",
    provider_name="source_name",
    provider_guid="provider_guid",
    process__pid="process_id",
    process__thread__id="thread_id",
    message="message",
)
_ECS: Final[dict[str, Places]] = {
    "winlog.computer_name": (("winlog.computer_name",), ("host.name",), ("host.hostname",)),
    "winlog.channel": (("winlog.channel",),),
    "winlog.provider_name": (("winlog.provider_name",), ("event.provider",)),
    "winlog.event_id": (("winlog.event_id",), ("event.code",)),
    "message": (("message",),),
}


def _wazuh_envelope() -> dict[str, Places]:
    names = {
        "winlog.channel": "channel",
        "winlog.computer_name": "computer",
        "winlog.event_id": "eventID",
        "winlog.keywords": "keywords",
        "winlog.level": "level",
        "winlog.opcode": "opcode",
        "winlog.task": "task",
        "winlog.version": "version",
        "winlog.record_id": "eventRecordID",
        "winlog.provider_name": "providerName",
        "winlog.provider_guid": "providerGuid",
        "winlog.process.pid": "processID",
        "winlog.process.thread.id": "threadID",
        "message": "message",
    }
    return {name: (("win", "system", key),) for name, key in names.items()}


DIALECTS: Final[dict[str, Dialect]] = {
    "evtx": Dialect(_evtx_envelope(), ("Event", "EventData"), ("#attributes",)),
    "flat": Dialect(_FLAT, (), (*(path[0] for places in _FLAT.values() for path in places), *_FLAT_OTHERS)),
    "winlogbeat6": Dialect(_WINLOGBEAT6, ("event_data",)),
    "ecs": Dialect(_ECS, ()),
    "wazuh": Dialect(_wazuh_envelope(), ("win", "eventdata")),
}


class Kind(NamedTuple):
    """What decides a Windows event's shape."""

    parser: str
    dialect: str
    channel: str
    provider: str
    code: str
    event_type: str = ""
    """Sysmon's EventType where it decides (event 12), in lower case."""
    user_data: str = ""
    """The element under UserData, when the data stands there."""


def slug(channel: str) -> str:
    """``Microsoft-Windows-Sysmon/Operational`` -> ``sysmon``; ``Windows PowerShell`` -> ``windows-powershell``."""
    name = channel.lower().removeprefix("microsoft-windows-").removesuffix("/operational")
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")[:64] or "unknown"


@lru_cache(maxsize=4096)
def windows_shape(kind: Kind) -> tuple[Shape, tuple[Derivation, ...]]:
    """The shape of a kind of event, and what to derive from each."""
    dialect = DIALECTS[kind.dialect]
    table = fields_of(kind.channel.lower(), kind.provider.lower(), kind.code)
    steps = (*derivations(kind.dialect, _folder(kind, dialect), table), *ENVELOPES.get(kind.dialect, ()))
    paths: dict[str, Places] = dict(dialect.envelope)
    paths["host.name"] = dialect.envelope["winlog.computer_name"]
    paths["event.provider"] = dialect.envelope["winlog.provider_name"]
    for name, keys in table.items():
        own: Places = ((name,),) if kind.dialect == "ecs" else ()
        paths[name] = own + tuple(_data(kind, dialect, key) for key in keys)
    if kind.dialect == "ecs":
        for name, keys in table.items():
            for key in keys:
                paths.setdefault(_named(key), (_data(kind, dialect, key), (name,)))
    if kind.channel.lower() == "security":
        for alias, keys in ALIASES.get(kind.code, {}).items():
            held = paths.get(_named(alias), (_data(kind, dialect, alias),))
            more = tuple(place for key in keys for place in paths.get(_named(key), (_data(kind, dialect, key),)))
            paths[_named(alias)] = held + more
    _hide(kind, dialect, paths)
    _put_unnamed(kind, dialect, paths)
    for step in steps:
        made, said = ((DERIVED, step.name),), paths.get(step.name, () if kind.dialect != "ecs" else ((step.name,),))
        paths[step.name] = made if step.replaces else (*said, *made) if step.last else (*made, *said)
    for name in ("event.code", "winlog.event_id", "winlog.record_id"):
        paths[name] = ((DERIVED, name), *paths.get(name, ()))
    shape = Shape(
        dataset="linux.sysmon" if kind.provider.lower() == LINUX_SYSMON else "windows." + slug(kind.channel),
        parser=kind.parser,
        code=kind.code,
        dialect=kind.dialect,
        logsources=windows_logsources(kind.channel, kind.provider, kind.code, kind.event_type),
        paths=paths,
        prefixes=_prefixes(kind, dialect),
    )
    return shape, steps


def _named(key: str) -> str:
    return "winlog.event_data." + key


def _folder(kind: Kind, dialect: Dialect) -> Path:
    """Where the data of this kind of event stands."""
    return ("Event", "UserData", kind.user_data) if kind.user_data else dialect.data


def _data(kind: Kind, dialect: Dialect, key: str) -> Path:
    return (_named(key),) if kind.dialect == "ecs" else (*_folder(kind, dialect), key)


def _hide(kind: Kind, dialect: Dialect, paths: dict[str, Places]) -> None:
    for key in dialect.hidden:
        paths.setdefault(_named(key), ())
    if kind.dialect == "ecs":
        paths[DERIVED] = ()
        paths["@timestamp"] = ()


def _put_unnamed(kind: Kind, dialect: Dialect, paths: dict[str, Places]) -> None:
    """``<Data>`` without a name; flat forms have put its text into the message."""
    if kind.dialect == "evtx":
        paths[_named("Data")] = ((*dialect.data, "Data", "#text"), (*dialect.data, "Data"))
    elif kind.dialect == "flat":
        paths[_named("Data")] = (("Data",), ("Message",))
    elif kind.dialect == "ecs":
        paths[_named("Data")] = ((_named("Data"),), (DERIVED, _named("Data")))


def _prefixes(kind: Kind, dialect: Dialect) -> tuple[tuple[str, Path], ...]:
    if kind.dialect == "ecs":
        return (("", ()),)
    held = (("winlog.event_data.", _folder(kind, dialect)),)
    if kind.user_data:
        return (*held, ("winlog.user_data.", _folder(kind, dialect)))
    if kind.dialect == "winlogbeat6":
        return (*held, ("winlog.user_data.", ("user_data",)))
    if kind.dialect == "wazuh":
        return (*held, ("winlog.user_data.", ("win", "userdata")))
    return held
