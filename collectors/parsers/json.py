"""One JSON object a record: Windows events in every dialect, ECS senders, and whatever else is JSON."""

from __future__ import annotations

from typing import Final

from collectors.origin import Origin
from collectors.parsers import access, postgresql, windows
from collectors.parsers.addresses import check_addresses
from collectors.parsers.dead import dead_event
from collectors.parsers.flags import TIME_ASSUMED_ZONE, UNKNOWN_ACTION, Doc
from collectors.parsers.json_text import Unreadable, flatten, load
from collectors.parsers.programs.table import program_of
from collectors.parsers.record import text_event
from collectors.parsers.times import read_time
from collectors.shapes import device, ecs
from collectors.shapes.generic import flat_shape
from shouwang.model import Event, Logsource, Shape

_TIMES: Final = ("@timestamp", "timestamp", "time", "ts", "datetime")
_WINDOWS_SIGNS: Final = frozenset(
    ("Event", "EventID", "log_name", "win", "data", "LogName", "winlog", "winlog.channel", "winlog.event_id")
)
"""One of them is in every Windows event, in any dialect."""
_METRICS: Final = flat_shape("host.metrics", "metrics", frozenset((Logsource("shouwang", None, "metrics"),)))
_SELF: Final = flat_shape("shouwang.self", "self", frozenset((Logsource("shouwang", None, "self"),)))


def parse(raw: bytes, origin: Origin) -> Event:
    """Any JSON object; anything else is a dead letter."""
    return parse_as("json", raw, origin)


def parse_as(parser: str, raw: bytes, origin: Origin) -> Event:
    """``parser`` is the name under which the event is to be read again."""
    try:
        doc, flags = load(raw, origin)
    except Unreadable as error:
        return dead_event(raw, origin, "json_invalid", str(error), parser)
    if not isinstance(doc, dict):
        return dead_event(raw, origin, "json_no_object", "the record is JSON but no object", parser)
    found = windows_event(raw, origin, doc, parser, flags)
    if found is not None:
        return found
    flat = flatten(doc)
    if access.is_access(flat):
        return access.json_event((raw, origin), flat, flags)
    if postgresql.is_jsonlog(flat):
        return postgresql.json_event((raw, origin), flat, flags)
    return _generic(raw, origin, flat, parser, flags)


def windows_event(raw: bytes, origin: Origin, doc: Doc, parser: str, flags: tuple[str, ...]) -> Event | None:
    """``None``: no Windows event in any dialect."""
    if _WINDOWS_SIGNS.isdisjoint(doc):
        return None
    event = doc.get("Event")
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return windows.evtx_event(raw, origin, doc, parser, flags)
    if "EventID" in doc and not isinstance(doc["EventID"], dict) and _is_flat(doc):
        return windows.flat_event(raw, origin, doc, parser, flags)
    if "log_name" in doc and "event_id" in doc:
        return windows.winlogbeat6_event(raw, origin, doc, parser, flags)
    win = doc.get("win")
    if isinstance(win, dict) and "system" in win:
        return windows.wazuh_event(raw, origin, doc, parser, flags)
    inner = doc.get("data")
    if isinstance(inner, dict) and isinstance(inner.get("win"), dict):
        return windows.wazuh_event(raw, origin, {**doc, "win": inner["win"]}, parser, flags)
    if "LogName" in doc and "Id" in doc:
        return windows.flat_event(raw, origin, doc, parser, flags)
    if "winlog" in doc or "winlog.channel" in doc or "winlog.event_id" in doc:
        flat = flatten(doc)
        if "winlog.channel" in flat or "winlog.event_id" in flat:
            return windows.ecs_event(raw, origin, flat, parser, (*flags, *check_addresses(flat)))
    return None


def _is_flat(doc: Doc) -> bool:
    return any(key in doc for key in ("Channel", "SourceName", "Provider_Name", "ProviderName", "LogName", "Hostname"))


def _generic(raw: bytes, origin: Origin, flat: Doc, parser: str, flags: tuple[str, ...]) -> Event:
    flags = (*flags, *check_addresses(flat))
    moment = None
    for key in _TIMES:
        if key in flat:
            moment = read_time(flat[key], origin.zone)
            break
    if moment is not None and moment.assumed:
        flags = (*flags, TIME_ASSUMED_ZONE)
    dataset = ecs.dataset_of(flat)
    if device.is_device(dataset):
        flags = flags if device.is_known(flat) else (*flags, UNKNOWN_ACTION)
        return text_event((raw, origin), device.shape_of(dataset, parser), flat, moment, flags)
    shape = _program_shape(dataset, parser, flat) if dataset in ecs.LINUX else ecs.ecs_shape(dataset, parser, flat)
    return text_event((raw, origin), shape, flat, moment, flags)


def _program_shape(dataset: str, parser: str, flat: Doc) -> Shape:
    """Of a Linux host's log of many programs: what the same line is that came as text."""
    if flat.get("host.os.platform") == "darwin":
        return ecs.ecs_shape("", parser, flat)
    name = flat.get("process.name")
    program = program_of(name if isinstance(name, str) else "")
    also = frozenset(program.logsources).union(Logsource("linux", None, service) for service in program.services)
    return flat_shape("generic.json", parser, ecs.DATASETS[dataset] | also)


def parse_metrics(raw: bytes, origin: Origin) -> Event:
    """What our own host metrics source writes."""
    return _own(raw, origin, "metrics")


def parse_self(raw: bytes, origin: Origin) -> Event:
    """What we say about ourselves: gaps, restarts, sources that are away."""
    return _own(raw, origin, "self")


def _own(raw: bytes, origin: Origin, parser: str) -> Event:
    try:
        doc, flags = load(raw, origin)
    except Unreadable as error:
        return dead_event(raw, origin, "json_invalid", str(error), parser)
    if not isinstance(doc, dict):
        return dead_event(raw, origin, "json_no_object", "the record is JSON but no object", parser)
    flat = flatten(doc)
    flags = (*flags, *check_addresses(flat))
    shape = _METRICS if parser == "metrics" else _SELF
    return text_event((raw, origin), shape, flat, read_time(flat.get("@timestamp"), origin.zone), flags)
