"""What came over the network, gathered into chunks. One thread's."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from collectors.origin import Origin, Parser
from collectors.sources.base import Chunk, Deliver
from collectors.sources.lines import Line
from collectors.sources.reading import marked, read_record
from collectors.sources.selfevent import self_event
from shouwang.clock import Clock
from shouwang.errors import UsageError
from shouwang.model import Event, Value
from shouwang.words import Words

CHUNK_EVENTS: Final = 1000
GATHER_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def endpoint(text: str) -> Endpoint:
    """``127.0.0.1:5514``, ``[::]:5514``; port 0 is any free one. Raises ``UsageError``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError(
            Words(f"{text!r} 不是带端口的地址。", f"{text!r} is no address with port."),
            hint=Words("请写 127.0.0.1:5514 或 [::]:5514。", "Write 127.0.0.1:5514 or [::]:5514."),
        )
    return Endpoint(host.strip("[]"), int(port))


def peer_address(host: str) -> str:
    """Without zone index; IPv4 inside IPv6 as IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


@dataclass(frozen=True, slots=True)
class Wire:
    """How messages of a listener are read."""

    parser_name: str
    parser: Parser
    zone: tzinfo = UTC
    encoding: str = "utf-8"


class Inbox:
    """``deliver`` blocks while intake is full: the thread does not read from its sockets then."""

    def __init__(self, source: str, wire: Wire, clock: Clock, deliver: Deliver) -> None:
        self._source = source
        self._wire = wire
        self._clock = clock
        self._deliver = deliver
        self._events: list[Event] = []
        self._drops: Counter[tuple[str, str]] = Counter()
        self._since = time.monotonic()

    def take(self, message: Line, peer: str) -> None:
        """One message from the address."""
        if not message.raw.strip():
            return
        now_us, wire = self._clock.now_us(), self._wire
        origin = Origin(
            source=self._source,
            received_us=now_us,
            reference_us=now_us,
            zone=wire.zone,
            live=True,
            encoding=wire.encoding,
            context={"log.source.address": peer},
        )
        self._add(read_record(wire.parser, message.raw, marked(origin, message), wire.parser_name))

    def drop(self, reason: str, number: int) -> None:
        """So many messages were received by this host, and lost."""
        self._drops[self._source, reason] += number

    def tell(self, action: str, message: str, fields: dict[str, Value]) -> None:
        self._add(self_event(self._source, self._clock.now_us(), action, message, fields))

    def flush(self, *, all_of_it: bool = False) -> None:
        """When it has gathered for long enough."""
        if (self._events or self._drops) and (all_of_it or time.monotonic() - self._since >= GATHER_S):
            chunk = Chunk(self._events, {}, dict(self._drops))
            self._events, self._drops = [], Counter()
            self._deliver(chunk)

    def _add(self, event: Event) -> None:
        if not self._events:
            self._since = time.monotonic()
        self._events.append(event)
        if len(self._events) >= CHUNK_EVENTS:
            self.flush(all_of_it=True)
