"""One Windows event that came as JSON, in any dialect (see ``collectors.shapes.windows``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Final

from collectors.origin import Origin
from collectors.parsers.flags import TIME_ASSUMED_ZONE, Doc
from collectors.parsers.record import text_event
from collectors.parsers.times import Moment, read_time
from collectors.shapes.derived import DERIVED, Derivation
from collectors.shapes.windows import Kind, windows_shape
from collectors.shapes.windows_logsources import AUDITING, SYSMON
from shouwang.model import ABSENT, Event, Value, value_at

_ATTRIBUTES: Final = "#attributes"
_TEXT: Final = "#text"
_DEEPEST: Final = 32
_SCALARS: Final = frozenset((str, int, float, bool, type(None)))
_KEY_EVENTS: Final = frozenset(("createkey", "deletekey", "deletevalue"))
_CHANNEL_OF: Final = {SYSMON: "Microsoft-Windows-Sysmon/Operational", AUDITING: "Security"}


def text_of(value: Value) -> str:
    """A value that should be text: numbers too, ``{"#text": ...}``, the first of a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return text_of(value.get(_TEXT))
    if isinstance(value, list):
        return text_of(value[0]) if value else ""
    return "" if value is None or isinstance(value, bool) else str(value)


def _attribute(system: dict[str, Value], key: str, name: str) -> Value:
    """``<key name="...">`` in the forms that converters give it."""
    beside = system.get(key + "_attributes")
    if isinstance(beside, dict):
        return beside.get(name)
    element = system.get(key)
    if isinstance(element, dict):
        inside = element.get(_ATTRIBUTES)
        if isinstance(inside, dict):
            return inside.get(name)
        return element.get("@" + name, element.get(name))
    return element


def key_event_of(code: str, value: Value) -> str:
    """Sysmon's EventType where it decides the shape, in lower case; else empty."""
    if code != "12":
        return ""
    text = text_of(value).lower()
    return text if text in _KEY_EVENTS else ""


def evtx_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    """Nested, as the evtx library writes it. ``doc["Event"]["System"]`` is an object."""
    event = doc["Event"]
    assert isinstance(event, dict)
    system = event["System"]
    assert isinstance(system, dict)
    data, user = event.get("EventData"), event.get("UserData")
    code = text_of(system.get("EventID"))
    user_data = (
        next((key for key, held in user.items() if isinstance(held, dict) and key[:1] != "#"), "")
        if (isinstance(user, dict))
        else ""
    )
    if isinstance(data, dict) and not _SCALARS.issuperset(map(type, data.values())):
        event["EventData"] = data = _fields_in(data)
    elif not isinstance(data, dict) and isinstance(user, dict) and isinstance(held := user.get(user_data), dict):
        user[user_data] = _fields_in(held)
    kind = Kind(
        parser=parser,
        dialect="evtx",
        channel=text_of(system.get("Channel")),
        provider=text_of(_attribute(system, "Provider", "Name")),
        code=code,
        event_type=key_event_of(code, data.get("EventType") if isinstance(data, dict) else None),
        user_data="" if isinstance(data, dict) else user_data,
    )
    moment = read_time(_attribute(system, "TimeCreated", "SystemTime"), origin.zone)
    return _finish((raw, origin), doc, kind, number=text_of(system.get("EventRecordID")), moment=moment, flags=flags)


def _fields_in(element: dict[str, Value], depth: int = 0) -> dict[str, Value]:
    """What XML became in JSON, as fields: an element's text under its name, its attributes under ``name_attribute``;
    name spaces are none. ``Data`` without a name has places of its own in the shape."""
    if depth >= _DEEPEST:
        return element
    fields: dict[str, Value] = {}
    for key, value in element.items():
        if key in (_ATTRIBUTES, _TEXT):
            continue
        fields[key] = value if key == "Data" else _content(value, depth)
        attributes = value.get(_ATTRIBUTES) if isinstance(value, dict) and key != "Data" else None
        if isinstance(attributes, dict):
            for name, said in attributes.items():
                if not name.startswith("xmlns"):
                    fields.setdefault(f"{key}_{name}", said)
    return fields


def _content(value: Value, depth: int) -> Value:
    if isinstance(value, list):
        return [_content(item, depth + 1) for item in value] if depth < _DEEPEST else value
    if not isinstance(value, dict):
        return value
    fields = _fields_in(value, depth + 1)
    return fields or value.get(_TEXT) if value.keys() & {_ATTRIBUTES, _TEXT} else fields


def flat_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    """Everything at the top."""
    provider = _first(doc, "SourceName", "Provider_Name", "ProviderName", "Provider")
    code = _first(doc, "EventID", "EventId", "event_id", "Id")
    channel = _first(doc, "Channel", "LogName", "channel") or _CHANNEL_OF.get(provider.lower(), "")
    kind = Kind(parser, "flat", channel, provider, code, key_event_of(code, doc.get("EventType")))
    record = _first(doc, "RecordNumber", "EventRecordID", "RecordId")
    return _finish((raw, origin), doc, kind, number=record, moment=_flat_time(doc, origin.zone), flags=flags)


def _first(doc: Doc, *keys: str) -> str:
    for key in keys:
        if (value := doc.get(key)) is not None:
            return text_of(value)
    return ""


def _flat_time(doc: Doc, zone: tzinfo) -> Moment | None:
    """A time with its own zone first; then Sysmon's UtcTime; then the shipper's; a bare local time last."""
    bare: Moment | None = None
    for key in ("TimeCreated", "EventTime"):
        moment = read_time(doc.get(key), zone)
        if moment is None:
            continue
        if not moment.assumed:
            return moment
        bare = bare or moment
    utc = doc.get("UtcTime")
    if isinstance(utc, str) and (moment := read_time(utc.strip().removesuffix("Z") + "Z", zone)) is not None:
        return moment
    shipped = read_time(doc.get("@timestamp"), zone)
    if shipped is not None and not shipped.assumed:
        return shipped
    return bare or shipped


def winlogbeat6_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    """``log_name``, ``source_name``, ``event_id``, ``event_data`` or ``user_data``."""
    data = doc.get("event_data")
    if not isinstance(data, dict) and isinstance(user := doc.get("user_data"), dict):
        doc["event_data"] = data = user
    if isinstance(data, dict) and (unnamed := _unnamed(data, "")):
        data.setdefault("Data", unnamed)
    code = text_of(doc.get("event_id"))
    kind = Kind(
        parser,
        "winlogbeat6",
        text_of(doc.get("log_name")),
        text_of(doc.get("source_name")),
        code,
        key_event_of(code, data.get("EventType") if isinstance(data, dict) else None),
    )
    moment = read_time(doc.get("@timestamp"), origin.zone)
    return _finish((raw, origin), doc, kind, number=text_of(doc.get("record_number")), moment=moment, flags=flags)


def ecs_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    """Flattened; ``winlog.*`` names are there."""
    code = text_of(doc.get("winlog.event_id", doc.get("event.code")))
    kind = Kind(
        parser,
        "ecs",
        text_of(doc.get("winlog.channel")),
        text_of(doc.get("winlog.provider_name", doc.get("event.provider"))),
        code,
        key_event_of(code, doc.get("winlog.event_data.EventType")),
    )
    for name in [name for name in doc if name.startswith("winlog.user_data.")]:
        doc.setdefault("winlog.event_data." + name[17:], doc[name])
    if unnamed := _unnamed(doc, "winlog.event_data."):
        doc.setdefault("winlog.event_data.Data", unnamed)
    moment = read_time(doc.get("@timestamp"), origin.zone)
    return _finish((raw, origin), doc, kind, number=text_of(doc.get("winlog.record_id")), moment=moment, flags=flags)


def _unnamed(data: Doc, prefix: str) -> list[Value]:
    """What Winlogbeat makes of ``<Data>`` without a name: param1, param2 ..."""
    return [data[key] for n in range(1, 33) if (key := f"{prefix}param{n}") in data]


def wazuh_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    """``win.system`` and ``win.eventdata``, backslashes doubled once more than JSON does, names in camel case.
    What UserData held stands under its element's own name."""
    win = doc["win"]
    assert isinstance(win, dict)
    system, data = win.get("system"), win.get("eventdata")
    if not isinstance(system, dict):
        system = {}
    user = not isinstance(data, dict)
    if user:
        data = next((held for key, held in win.items() if key != "system" and isinstance(held, dict)), None)
    if isinstance(data, dict):
        named = {
            key[:1].upper() + key[1:]: value.replace("\\\\", "\\") if isinstance(value, str) else value
            for key, value in data.items()
        }
        doc = {**doc, "win": {**win, "eventdata": named} | ({"userdata": named} if user else {})}
        event_type = named.get("EventType")
    else:
        event_type = None
    code = text_of(system.get("eventID"))
    kind = Kind(
        parser,
        "wazuh",
        text_of(system.get("channel")),
        text_of(system.get("providerName")).strip('"'),
        code,
        key_event_of(code, event_type),
    )
    moment = read_time(system.get("systemTime"), origin.zone)
    return _finish((raw, origin), doc, kind, number=text_of(system.get("eventRecordID")), moment=moment, flags=flags)


def _derive(doc: Doc, steps: Iterable[Derivation], derived: Doc) -> None:
    for step in steps:
        for place in step.places:
            found = value_at(doc, place)
            if found is not ABSENT:
                made = step.make(found)
                if made is not None:
                    derived[step.name] = made
                break


def _finish(
    record: tuple[bytes, Origin],
    doc: Doc,
    kind: Kind,
    *,
    number: str,
    moment: Moment | None,
    flags: tuple[str, ...],
) -> Event:
    shape, steps = windows_shape(kind)
    derived: Doc = {"event.code": kind.code, "winlog.event_id": kind.code}
    if number:
        derived["winlog.record_id"] = number
    _derive(doc, steps, derived)
    doc[DERIVED] = derived
    if moment is not None and moment.assumed:
        flags = (*flags, TIME_ASSUMED_ZONE)
    return text_event(record, shape, doc, moment, flags)
