"""An event as a check sees it: from a parser, or from a command's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from collectors.parsers.times import rfc3339
from shouwang.model import Found, Value


class Seen(Protocol):
    @property
    def time_us(self) -> int: ...
    @property
    def received_us(self) -> int: ...
    def get(self, ecs_name: str, /) -> Found: ...
    def fields(self) -> Mapping[str, Value]: ...


def view(event: Seen, *names: str) -> dict[str, Value]:
    """Those of the names that the event has."""
    fields = event.fields()
    return {name: fields[name] for name in names if name in fields}


def tags(event: Seen) -> list[Value]:
    held = event.get("tags")
    return held if isinstance(held, list) else []


def clock(event: Seen) -> str:
    """Its time of day, in UTC."""
    return rfc3339(event.time_us)[11:]
