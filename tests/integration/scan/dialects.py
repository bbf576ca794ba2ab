"""One Windows event as the tools in use write it: made here from the nested JSON of an EVTX record, and by nothing of
the product's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from xml.etree import ElementTree

import orjson

from shouwang.model import Value

Doc = dict[str, Value]
ATTRIBUTES = "#attributes"
LEVELS = {0: "information", 1: "critical", 2: "error", 3: "warning", 4: "information", 5: "verbose"}
"""Winlogbeat's words."""


class Record:
    """What a nested JSON record says, taken apart."""

    def __init__(self, whole: Mapping[str, Value]) -> None:
        event = whole["Event"]
        assert isinstance(event, dict)
        self.event = event
        system = event["System"]
        assert isinstance(system, dict)
        self.system = system
        data = event.get("EventData")
        self.data: Doc = {k: v for k, v in data.items() if k != ATTRIBUTES} if isinstance(data, dict) else {}
        self.user: Doc = {}
        self.user_element = ""
        user = event.get("UserData")
        if isinstance(user, dict):
            for key, held in user.items():
                if isinstance(held, dict) and key != ATTRIBUTES:
                    self.user_element = key
                    self.user = {k: v for k, v in held.items() if k != ATTRIBUTES}

    def attribute(self, element: str, name: str) -> Value:
        held = self.system.get(element)
        inside = held.get(ATTRIBUTES) if isinstance(held, dict) else None
        return inside.get(name) if isinstance(inside, dict) else None

    @property
    def code(self) -> int:
        code = self.system["EventID"]
        found = code["#text"] if isinstance(code, dict) else code
        return int(str(found))

    @property
    def provider(self) -> str:
        return str(self.attribute("Provider", "Name") or "")

    @property
    def level(self) -> int | None:
        held = self.system.get("Level")
        return None if held is None else int(str(held))

    @property
    def keywords(self) -> list[Value]:
        audits = {"0x8010000000000000": "Audit Failure", "0x8020000000000000": "Audit Success"}
        held = self.system.get("Keywords")
        return [audits[held]] if isinstance(held, str) and held in audits else []

    @property
    def channel(self) -> str:
        return str(self.system.get("Channel") or "")

    @property
    def named(self) -> Doc:
        """Event data by name; without it what UserData holds."""
        return {k: v for k, v in (self.data or self.user).items() if k != "Data"}

    @property
    def unnamed(self) -> list[Value]:
        data = self.data.get("Data")
        if isinstance(data, dict):
            data = data.get("#text")
        return [] if data is None else list(data) if isinstance(data, list) else [data]


def made(
    channel: str, provider: str, code: int, *, level: int = 4, keywords: str = "0x80000000000000", **rest: Value
) -> bytes:
    """A nested record; ``rest``: EventData or UserData."""
    system: Doc = {
        "Provider": {ATTRIBUTES: {"Name": provider}},
        "EventID": {ATTRIBUTES: {"Qualifiers": "0"}, "#text": code},
        "Level": level,
        "Keywords": keywords,
        "TimeCreated": {ATTRIBUTES: {"SystemTime": "2026-11-24T00:15:30.123456Z"}},
        "EventRecordID": code,
        "Channel": channel,
        "Computer": "ws-07.example.com",
    }
    return orjson.dumps({"Event": {"System": system, **rest}})


def unnamed(*texts: str) -> Doc:
    return {"Data": {"#text": list(texts) if len(texts) > 1 else texts[0]}}


def as_it_is(record: Record) -> Doc:
    return {"Event": record.event}


def beside(record: Record) -> Doc:
    """evtx_dump with attributes in keys of their own."""

    def moved(value: Value) -> Value:
        if not isinstance(value, dict):
            return value
        out: Doc = {}
        for key, held in value.items():
            if isinstance(held, dict) and ATTRIBUTES in held:
                out[key + "_attributes"] = held[ATTRIBUTES]
                rest = {k: v for k, v in held.items() if k != ATTRIBUTES}
                if set(rest) == {"#text"}:
                    out[key] = rest["#text"]
                elif rest:
                    out[key] = moved(rest)
            else:
                out[key] = moved(held)
        return out

    return {"Event": moved(record.event)}


def flat(record: Record) -> Doc:
    """All at the top, as lake exports have it."""
    made: Doc = {
        **record.named,
        "@timestamp": record.attribute("TimeCreated", "SystemTime"),
        "Hostname": record.system.get("Computer"),
        "Channel": record.channel,
        "EventID": record.code,
        "SourceName": record.provider,
        "RecordNumber": record.system.get("EventRecordID"),
        "Keywords": record.system.get("Keywords"),
    }
    if record.level is not None:
        made["Level"] = str(record.level)
    if record.unnamed:
        made["Message"] = "\n".join(map(str, record.unnamed))
    return made


def nxlog(record: Record) -> Doc:
    """Words of its own around the data; where the data has a field EventType, its own stands there."""
    made = {key: value for key, value in flat(record).items() if key != "Level"}
    mask = int(str(record.system.get("Keywords") or "0x0"), 16)
    return {
        **made,
        "EventType": "AUDIT_SUCCESS",
        "Keywords": mask - (mask >> 63 << 64),
        "SeverityValue": {1: 5, 2: 4, 3: 3, 4: 2, 0: 2, 5: 1}[record.level or 0],
        "SourceModuleType": "im_msvistalog",
    }


def winlogbeat(record: Record) -> Doc:
    log: Doc = {
        "channel": record.channel,
        "provider_name": record.provider,
        "provider_guid": record.attribute("Provider", "Guid"),
        "event_id": str(record.code),
        "record_id": str(record.system.get("EventRecordID")),
        "computer_name": record.system.get("Computer"),
        "process": {"pid": record.attribute("Execution", "ProcessID")},
        "keywords": record.keywords,
        "api": "wineventlog",
    }
    params: Doc = {f"param{number}": value for number, value in enumerate(record.unnamed, 1)}
    if record.data:
        log["event_data"] = {**{k: v for k, v in record.data.items() if k != "Data"}, **params}
    if record.user:
        log["user_data"] = {**record.user, "xml_name": record.user_element}
    return {
        "@timestamp": record.attribute("TimeCreated", "SystemTime"),
        "winlog": log,
        "event": {"code": str(record.code), "provider": record.provider, "kind": "event"},
        "host": {"name": record.system.get("Computer")},
        "log": {"level": LEVELS[record.level or 0]},
        "agent": {"type": "winlogbeat", "version": "8.17.0"},
    }


def ecs(record: Record) -> Doc:
    """Dotted names, and what Winlogbeat's modules add."""
    made = dict(_dotted("", winlogbeat(record)))
    sysmon = record.channel == "Microsoft-Windows-Sysmon/Operational"
    if sysmon and record.code == 1:
        made |= _renamed(
            record,
            {
                "Image": "process.executable",
                "CommandLine": "process.command_line",
                "ParentImage": "process.parent.executable",
                "ParentCommandLine": "process.parent.command_line",
                "CurrentDirectory": "process.working_directory",
            },
        )
    elif record.channel == "Security" and record.code == 4688:
        made |= _renamed(record, {"NewProcessName": "process.executable", "CommandLine": "process.command_line"})
    return made


def _renamed(record: Record, names: Mapping[str, str]) -> Doc:
    return {new: record.named[old] for old, new in names.items() if old in record.named}


def _dotted(prefix: str, value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _dotted(f"{prefix}.{key}" if prefix else key, held)
    else:
        yield prefix, value


def winlogbeat6(record: Record) -> Doc:
    params: Doc = {f"param{number}": value for number, value in enumerate(record.unnamed, 1)}
    made: Doc = {
        "@timestamp": record.attribute("TimeCreated", "SystemTime"),
        "log_name": record.channel,
        "source_name": record.provider,
        "event_id": record.code,
        "computer_name": record.system.get("Computer"),
        "record_number": str(record.system.get("EventRecordID")),
        "level": LEVELS[record.level or 0].capitalize(),
        "keywords": record.keywords,
    }
    if record.data:
        made["event_data"] = {**{k: v for k, v in record.data.items() if k != "Data"}, **params}
    if record.user:
        made["user_data"] = {**record.user, "xml_name": record.user_element}
    return made


def forwarded(record: Record) -> Doc:
    """As a collector's log ForwardedEvents keeps it: the event unchanged, its text beside it."""
    rendering: Doc = {
        ATTRIBUTES: {"Culture": "zh-CN"},
        "Message": "已转发。",
        "Level": "信息",
        "Channel": "转发的事件",
        "Provider": "转发",
    }
    return {"Event": {**record.event, "RenderingInfo": rendering}}


def forwarded_by_winlogbeat(record: Record) -> Doc:
    """Winlogbeat on the collector says the channel of the event, and in ``log`` where it was read."""
    made = winlogbeat(record)
    return {**made, "log": {"name": "ForwardedEvents", "level": LEVELS[record.level or 0]}, "tags": ["forwarded"]}


def wazuh(record: Record) -> Doc:
    """Names in camel case, every backslash doubled."""
    data = {key[:1].lower() + key[1:]: _doubled(value) for key, value in record.named.items()}
    if record.unnamed:
        data["data"] = _doubled(", ".join(map(str, record.unnamed)))
    system: Doc = {
        "providerName": record.provider,
        "providerGuid": record.attribute("Provider", "Guid"),
        "eventID": str(record.code),
        "systemTime": record.attribute("TimeCreated", "SystemTime"),
        "eventRecordID": str(record.system.get("EventRecordID")),
        "level": str(record.level),
        "keywords": record.system.get("Keywords"),
        "channel": record.channel,
        "computer": record.system.get("Computer"),
    }
    element = record.user_element[:1].lower() + record.user_element[1:]
    return {"win": {"system": system, element or "eventdata": data}}


def _doubled(value: Value) -> Value:
    return value.replace("\\", "\\\\") if isinstance(value, str) else value


JSON: dict[str, Callable[[Record], Doc]] = {
    each.__name__: each
    for each in (as_it_is, beside, flat, winlogbeat, ecs, winlogbeat6, wazuh, forwarded, forwarded_by_winlogbeat)
}


def syslog(record: Record) -> bytes:
    """NXLog's JSON behind a BSD head."""
    return b"<14>Nov 24 08:15:30 ws-07 Microsoft-Windows[4711]: " + orjson.dumps(flat(record))


def syslog_new(record: Record) -> bytes:
    """Winlogbeat's JSON behind a head of RFC 5424."""
    return b"<14>1 2026-11-24T00:15:30Z ws-07 winlogbeat 4711 - - " + orjson.dumps(winlogbeat(record))


def xml(record: Record) -> bytes:
    return ElementTree.tostring(_element("Event", record.event))


def _element(name: str, value: Value) -> ElementTree.Element:
    made = ElementTree.Element(name)
    if isinstance(value, dict):
        attributes = value.get(ATTRIBUTES)
        if isinstance(attributes, dict):
            made.attrib.update({key: _text(held) for key, held in attributes.items() if not key.startswith("xmlns")})
        for key, held in value.items():
            if key == "#text":
                made.text = _text(held[0] if isinstance(held, list) else held)
            elif key != ATTRIBUTES:
                made.extend(_children(name, key, held))
    elif value is not None:
        made.text = _text(value)
    return made


def _children(parent: str, key: str, held: Value) -> Iterator[ElementTree.Element]:
    if parent == "EventData" and key != "Data" and key != "Binary":
        child = _element("Data", held)
        child.set("Name", key)
        yield child
    elif key == "Data" and isinstance(held, dict) and isinstance(texts := held.get("#text"), list):
        for each in texts:
            yield _element("Data", each)
    elif isinstance(held, list):
        for each in held:
            yield _element(key, each)
    else:
        yield _element(key, held)


def _text(value: Value) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
