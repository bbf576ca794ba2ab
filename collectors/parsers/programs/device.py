"""A device's event as JSON in a syslog message of the program ``device``. The head's host is the one that reports."""

from __future__ import annotations

import orjson

from collectors.parsers.addresses import check_addresses
from collectors.parsers.flags import UNKNOWN_ACTION, Doc
from collectors.parsers.json_text import flatten
from collectors.shapes import device
from shouwang.model import Shape


def read(parser: str, message: str, doc: Doc) -> tuple[Shape, tuple[str, ...]] | None:
    """What the object says joins what the head says, which outranks it; ``None``: no device's event."""
    try:
        value = orjson.loads(message)
    except orjson.JSONDecodeError:
        return None
    flat = flatten(value) if isinstance(value, dict) else {}
    dataset = flat.get("event.dataset")
    if not isinstance(dataset, str) or not device.is_device(dataset):
        return None
    flags = check_addresses(flat)
    reporter = doc.pop("host.name", None)
    flat.setdefault("message", message)
    for transport in ("message", "process.name", "process.pid"):
        doc.pop(transport, None)
    doc.update({**flat, **doc})
    if reporter is not None:
        doc.setdefault("observer.name", reporter)
    if not device.is_known(doc):
        flags += (UNKNOWN_ACTION,)
    return device.shape_of(dataset, parser), flags
