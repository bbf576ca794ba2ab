"""One ``<Event>`` of a Windows event log exported as XML: made into what the evtx library would have given."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

from collectors.origin import Origin
from collectors.parsers.dead import dead_event
from collectors.parsers.flags import Doc
from collectors.parsers.record import decode
from collectors.parsers.windows import evtx_event
from shouwang.model import Event, Value

NAME: Final = "xml"
_DEEPEST: Final = 32


def parse(raw: bytes, origin: Origin) -> Event:
    """A document type, and with it every entity of one's own, is refused: events have none."""
    text = decode(raw, origin)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return dead_event(raw, origin, "xml_doctype", "an event has no document type", NAME)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # without a document type nothing can expand
    except (ElementTree.ParseError, ValueError) as error:
        return dead_event(raw, origin, "xml_invalid", str(error), NAME)
    if _local(root) != "Event":
        return dead_event(raw, origin, "xml_no_event", f"the element is {_local(root)!r}", NAME)
    event: Doc = {}
    for child in root:
        name = _local(child)
        event[name] = _event_data(child) if name == "EventData" else _value(child, 0)
    if not isinstance(event.get("System"), dict):
        return dead_event(raw, origin, "xml_no_system", "the event has no System element", NAME)
    return evtx_event(raw, origin, {"Event": event}, NAME, ())


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: ElementTree.Element, depth: int) -> Value:
    """Text, or an object of children; attributes under ``#attributes``, as the evtx library does."""
    held: Doc = {}
    if element.attrib:
        held["#attributes"] = dict(element.attrib)
    children = list(element) if depth < _DEEPEST else []
    for child in children:
        _add(held, _local(child), _value(child, depth + 1))
    text = (element.text or "") if not children else ""
    if not held:
        return text or None
    if text.strip():
        held["#text"] = text
    return held


def _add(held: Doc, name: str, value: Value) -> None:
    if name not in held:
        held[name] = value
        return
    before = held[name]
    held[name] = [*(before if isinstance(before, list) else [before]), value]


def _event_data(element: ElementTree.Element) -> Value:
    """``<Data Name="x">`` by name, those without a name as a list, anything else as it stands."""
    held: Doc = {}
    unnamed: list[Value] = []
    for child in element:
        if _local(child) != "Data":
            _add(held, _local(child), _value(child, 0))
        elif name := child.get("Name"):
            _add(held, name, child.text or "")
        else:
            unnamed.append(child.text or "")
    if unnamed:
        held["Data"] = {"#text": unnamed}
    return held or None
