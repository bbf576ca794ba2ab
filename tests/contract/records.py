"""Events for tests of stores, and the small parser that reads them back: one JSON object, or a line of text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from shouwang.eventstore.base import Stored
from shouwang.model import DEAD_DATASET, Event, Match, Severity, Shape, Value

NOON_US: Final = 1_795_492_800_000_000
"""2026-11-24T04:00:00Z, noon in Shanghai."""
DAY_US: Final = 86_400_000_000

NAMES: Final = (
    "host.name", "user.name", "source.ip", "destination.ip", "destination.port", "event.code", "event.action",
    "event.category", "event.outcome", "process.name", "log.level", "url.path", "message", "user.domain", "labels.note",
    "error.code",
)  # fmt: skip
PATHS: Final = {name: ((name,),) for name in NAMES}
SHAPES: Final = {
    "object": Shape(dataset="test.object", parser="object", paths=PATHS, prefixes=(("extra.", ("extra",)),)),
    "coded": Shape(
        dataset="test.coded", parser="coded", code="4625", paths={"user.name": (("u", "n"), ("user.name",))}
    ),
    "line": Shape(dataset="test.line", parser="line", paths={"message": (("message",),)}),
    "dead": Shape(dataset=DEAD_DATASET, parser="dead", paths={"error.code": (("error.code",),)}),
}


def rehydrate(stored: Stored) -> Event:
    return event_of(
        stored.parser,
        stored.raw,
        id=stored.id,
        time_us=stored.time_us,
        received_us=stored.received_us,
        source=stored.source,
        context=stored.context,
        asset_id=stored.asset_id,
    )


def event_of(
    parser: str,
    raw: bytes,
    *,
    id: bytes,
    time_us: int = NOON_US,
    received_us: int = NOON_US,
    source: str = "file:/var/log/test.log",
    context: Mapping[str, Value] | None = None,
    asset_id: str = "",
) -> Event:
    doc: dict[str, Value]
    if parser in ("object", "coded"):
        doc = json.loads(raw)
    elif parser == "dead":
        doc = {"error.code": raw.decode("utf-8", "replace")}
    else:
        doc = {"message": raw.decode("utf-8", "backslashreplace")}
    return Event(
        id=id,
        time_us=time_us,
        received_us=received_us,
        source=source,
        shape=SHAPES[parser],
        doc=doc,
        raw=raw,
        context=context,
        asset_id=asset_id,
    )


def id_of(number: int, received_us: int = NOON_US) -> bytes:
    return (received_us // 1000).to_bytes(6, "big") + number.to_bytes(10, "big")


def numbered(number: int, *, time_us: int | None = None, received_us: int = NOON_US, **fields: Value) -> Event:
    """An event whose message tells its number; keyword ``user_name`` becomes ``user.name``."""
    doc: dict[str, Value] = {name.replace("_", ".", 1): value for name, value in fields.items()}
    doc["message"] = f"event {number}"
    return event_of(
        "object",
        json.dumps(doc).encode(),
        id=id_of(number, received_us),
        time_us=NOON_US + number * 1_000_000 if time_us is None else time_us,
        received_us=received_us,
    )


def match_on(event: Event, rule_id: str = "rule-1") -> Match:
    return Match(
        rule_id=rule_id,
        title="登录失败",
        severity=Severity.HIGH,
        event_id=event.id,
        time_us=event.time_us,
        received_us=event.received_us,
        source=event.source,
        fields={"user.name": "root", "source.ip": ["10.0.0.1", "10.0.0.2"]},
        tags=("attack.t1110",),
    )


def same(one: Event, other: Event) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("id", "time_us", "received_us", "source", "shape", "doc", "raw", "context", "asset_id")
    )
