"""Syslog over TCP (RFC 6587): many senders, none of whom can hold us up or fill the memory."""

from __future__ import annotations

import asyncio
import resource
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from collectors.sources.base import Deliver
from collectors.sources.framing import Framer
from collectors.sources.inbox import GATHER_S, Endpoint, Inbox, Wire, peer_address
from collectors.sources.saying import NOT_STARTED, cannot_listen
from collectors.sources.selfevent import STREAM_BROKEN
from shouwang.clock import Clock
from shouwang.model import Level, SourceStatus
from shouwang.words import NOTHING, Words

_BLOCK_BYTES: Final = 16 * 1024
_SPARE_DESCRIPTORS: Final = 1024
_END_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    connections: int = 1000
    connections_per_peer: int = 200
    frame_s: float = 60.0
    """A message must be complete so long after its first byte: slow writers hold nothing open."""
    idle_s: float = 24 * 3600.0
    """Between messages a sender may be quiet; closing on it would cost it the next message."""
    held_bytes: int = 64 * 1024 * 1024
    """Of unfinished messages, all senders together."""


class SyslogTcpSource:
    def __init__(self, listen: Endpoint, wire: Wire, clock: Clock, limits: Limits | None = None) -> None:
        self._listen = listen
        self._wire = wire
        self._clock = clock
        self._limits = limits or Limits()
        self._broken = NOTHING
        self._talks: _Talks | None = None
        self.ready = threading.Event()
        self.bound: Endpoint | None = None
        """Where it listens, once ``ready``."""

    @property
    def id(self) -> str:
        return f"syslog:tcp:{self._listen}"

    def status(self) -> SourceStatus:
        if self._broken:
            return SourceStatus(self.id, Level.BROKEN, self._broken)
        if self.bound is None or self._talks is None:
            return SourceStatus(self.id, Level.OK, NOT_STARTED)
        now, refused = self._talks.connections, self._talks.refused
        detail = Words(f"监听 tcp {self.bound}，{now} 个连接", f"listening at tcp {self.bound}, {now} connections")
        if refused:
            detail = Words(f"{detail.zh}；连接过多，拒绝 {refused} 个", f"{detail.en}; {refused} refused: too many")
        return SourceStatus(self.id, Level.DEGRADED if refused else Level.OK, detail)

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        _allow_descriptors(self._limits.connections + _SPARE_DESCRIPTORS)
        asyncio.run(self._serve(Inbox(self.id, self._wire, self._clock, deliver), stop))

    async def _serve(self, inbox: Inbox, stop: threading.Event) -> None:
        talks = self._talks = _Talks(self._limits, inbox)
        try:
            server = await asyncio.start_server(
                talks.talk, self._listen.host, self._listen.port, limit=_BLOCK_BYTES, backlog=512
            )
        except OSError as error:
            refused = cannot_listen(f"tcp {self._listen}", error)
            self._broken = refused.message
            raise refused from error
        name = server.sockets[0].getsockname()
        self._broken, self.bound = NOTHING, Endpoint(name[0], name[1])
        self.ready.set()
        try:
            while not stop.is_set() and talks.failure is None:
                await asyncio.sleep(GATHER_S)
                inbox.flush()
        finally:
            server.close()
            await talks.end()
        if talks.failure is not None:
            raise talks.failure
        inbox.flush(all_of_it=True)


class _Talks:
    """The connections of one run."""

    def __init__(self, limits: Limits, inbox: Inbox) -> None:
        self._limits = limits
        self._inbox = inbox
        self._of_peer: Counter[str] = Counter()
        self._held_bytes = 0
        self._open: dict[asyncio.Task[None], tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self.connections = 0
        self.refused = 0
        self.failure: Exception | None = None
        """What handing over raised."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until its sender or a limit ends it."""
        peer, limits = _peer(writer), self._limits
        if self.connections >= limits.connections or self._of_peer[peer] >= limits.connections_per_peer:
            self.refused += 1
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = reader, writer
        self.connections += 1
        self._of_peer[peer] += 1
        framer = Framer()
        try:
            await self._read(reader, framer, peer)
            self._leave(framer, peer)
        except ConnectionError:
            self._leave(framer, peer)
        except Exception as failure:  # noqa: BLE001  # raised again by the source's own run
            self.failure = failure
        finally:
            del self._open[task]
            self.connections -= 1
            self._of_peer[peer] -= 1
            if not self._of_peer[peer]:
                del self._of_peer[peer]
            writer.close()

    async def end(self) -> None:
        """What has arrived is read still, what follows is not."""
        for reader, writer in self._open.values():
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
            reader.feed_eof()
        if self._open:
            await asyncio.wait(list(self._open), timeout=_END_S)

    async def _read(self, reader: asyncio.StreamReader, framer: Framer, peer: str) -> None:
        began = time.monotonic()
        while True:
            allowed_s = began + self._limits.frame_s - time.monotonic() if framer.held_bytes else self._limits.idle_s
            try:
                async with asyncio.timeout(max(0.0, allowed_s)):
                    data = await reader.read(_BLOCK_BYTES)
            except TimeoutError:
                return
            if not data:
                return
            before = framer.held_bytes
            frames = framer.feed(data)
            self._held_bytes += framer.held_bytes - before
            for frame in frames:
                self._inbox.take(frame, peer)
            if frames or not before:
                began = time.monotonic()
            if framer.broken or self._held_bytes > self._limits.held_bytes:
                return

    def _leave(self, framer: Framer, peer: str) -> None:
        """A half message is kept, flagged; a stream that could not be followed is told."""
        self._held_bytes -= framer.held_bytes
        rest = framer.close()
        if rest is not None:
            self._inbox.take(rest, peer)
        if framer.broken:
            message = f"The stream from {peer} cannot be followed and was closed: {framer.broken}."
            self._inbox.tell(STREAM_BROKEN, message, {"log.source.address": peer})


def _peer(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return peer_address(str(name[0])) if name else "unknown"


def _allow_descriptors(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted and (hard == resource.RLIM_INFINITY or hard > soft):
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
