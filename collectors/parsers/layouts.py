"""Which bytes of a Windows event decide how the whole of it is read (see ``shouwang.model.layout``). Pure.

Must say the same as ``collectors.parsers.windows`` does; a law in the tests compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from collectors.parsers.windows import key_event_of, text_of
from collectors.shapes.derived import DERIVED
from collectors.shapes.windows import Kind, windows_shape
from shouwang.model import ABSENT, Event, Path, Value, value_at
from shouwang.model.layout import Layout

_SYSTEM: Final = ("Event", "System")
_PROVIDERS: Final = ("SourceName", "Provider_Name", "ProviderName", "Provider")
_CHANNELS: Final = ("Channel", "LogName", "channel")
_ADDED: Final = frozenset(("tags", "event.created", "log.encoding"))


def layout_of(event: Event) -> Layout | None:
    """For events of the dialects ``flat`` and ``evtx`` in their usual spelling; others have none."""
    found = None
    if event.shape.dialect == "flat":
        found = _flat(event.doc)
    elif event.shape.dialect == "evtx":
        found = _evtx(event.doc)
    if found is None:
        return None
    places, missing = found
    kind = _kind(event, places)
    shape, steps = windows_shape(kind)
    if shape is not event.shape:
        return None
    return Layout(
        decisive=tuple(filter(None, places)),
        missing=missing,
        derived={(DERIVED, step.name): (step.places, step.make) for step in steps},
        filled=frozenset((DERIVED, name) for name in ("event.code", "winlog.event_id", "winlog.record_id")),
        added=_ADDED,
    )


Places = tuple[Path, Path, Path, Path]
"""Of channel, provider, event id, event type; ``()``: nowhere."""


def _kind(event: Event, places: Places) -> Kind:
    channel, provider, code, event_type = (
        text_of(held) if place and (held := value_at(event.doc, place)) is not ABSENT else "" for place in places
    )
    return Kind(event.shape.parser, event.shape.dialect, channel, provider, code, key_event_of(code, event_type))


def _flat(doc: Mapping[str, Value]) -> tuple[Places, tuple[Path, ...]] | None:
    channel, provider = _first(doc, _CHANNELS), _first(doc, _PROVIDERS)
    if channel is None or provider is None or not _is_plain(doc.get("EventID")) or not doc.get(channel):
        return None
    before = (*_before(channel, _CHANNELS), *_before(provider, _PROVIDERS))
    code = text_of(doc["EventID"])
    places = ((channel,), (provider,), ("EventID",), ("EventType",) if code == "12" else ())
    return places, (("Event",), *((key,) for key in before))


def _first(doc: Mapping[str, Value], keys: Iterable[str]) -> str | None:
    """The first of the keys that is there; ``None`` when its value is no text."""
    key = next((key for key in keys if key in doc), None)
    return key if key is not None and isinstance(doc[key], str) else None


def _before(key: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    return keys[: keys.index(key)]


def _evtx(doc: Mapping[str, Value]) -> tuple[Places, tuple[Path, ...]] | None:
    code: Path = (*_SYSTEM, "EventID")
    if isinstance(value_at(doc, code), dict):
        code = (*code, "#text")
    provider: Path = (*_SYSTEM, "Provider", "#attributes", "Name")
    channel: Path = (*_SYSTEM, "Channel")
    missing: tuple[Path, ...] = (("Event", "UserData"), (*_SYSTEM, "Provider_attributes"))
    if not _is_plain(value_at(doc, code)) or not all(
        isinstance(value_at(doc, place), str) for place in (provider, channel)
    ):
        return None
    if any(value_at(doc, place) is not ABSENT for place in missing):
        return None
    event_type: Path = ("Event", "EventData", "EventType") if str(value_at(doc, code)) == "12" else ()
    return (channel, provider, code, event_type), missing


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
