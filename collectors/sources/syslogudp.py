"""Syslog over UDP (RFC 5426): a datagram is a message. What the kernel had to drop is read from /proc and booked."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from collectors.sources.base import Deliver
from collectors.sources.inbox import GATHER_S, Endpoint, Inbox, Wire, peer_address
from collectors.sources.lines import Line
from collectors.sources.saying import NOT_STARTED, cannot_listen
from collectors.sources.selfevent import DATAGRAMS_LOST
from shouwang.clock import Clock
from shouwang.model import Level, SourceStatus
from shouwang.words import Words

BUFFER_BYTES: Final = 8 * 1024 * 1024
"""Asked of the kernel; about 25,000 short datagrams (each costs its bookkeeping)."""
KERNEL_BUFFER: Final = "kernel_buffer"
"""Reason of drops: the socket's buffer was full."""
LOOK_S: Final = 1.0
TELL_S: Final = 60.0
"""Losses are told in the stream at most so often; they are booked at once."""

_LONGEST: Final = 65536
_ROUND: Final = 500
_SO_RCVBUFFORCE: Final = 33


class SyslogUdpSource:
    def __init__(self, listen: Endpoint, wire: Wire, clock: Clock, *, buffer_bytes: int = BUFFER_BYTES) -> None:
        self._listen = listen
        self._wire = wire
        self._clock = clock
        self._buffer_bytes = buffer_bytes
        self._level, self._detail = Level.OK, NOT_STARTED
        self.ready = threading.Event()
        self.bound: Endpoint | None = None
        """Where it listens, once ``ready``."""

    @property
    def id(self) -> str:
        return f"syslog:udp:{self._listen}"

    def status(self) -> SourceStatus:
        return SourceStatus(self.id, self._level, self._detail)

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        inbox = Inbox(self.id, self._wire, self._clock, deliver)
        with self._open() as listening:
            losses = _Losses(listening, inbox)
            while not stop.is_set():
                if select.select([listening], [], [], GATHER_S)[0]:
                    _receive(listening, inbox)
                if losses.look():
                    self._level = Level.DEGRADED
                    at, lost = self._at(), losses.total
                    self._detail = Words(
                        f"{at.zh}；内核缓冲区已满，丢失 {lost} 条",
                        f"{at.en}; {lost} datagrams lost: the kernel's buffer was full",
                    )
                inbox.flush()
            while _receive(listening, inbox) == _ROUND:
                pass
            losses.look(at_once=True)
            inbox.flush(all_of_it=True)

    def _open(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._listen.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            listening.bind((self._listen.host, self._listen.port))
        except OSError as error:
            listening.close()
            refused = cannot_listen(f"udp {self._listen}", error)
            self._level, self._detail = Level.BROKEN, refused.message
            raise refused from error
        try:
            listening.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, self._buffer_bytes)
        except PermissionError:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer_bytes)
        name = listening.getsockname()
        self.bound = Endpoint(name[0], name[1])
        self._level, self._detail = Level.OK, self._at()
        self.ready.set()
        return listening

    def _at(self) -> Words:
        return Words(f"监听 udp {self.bound}", f"listening at udp {self.bound}")


def _receive(listening: socket.socket, inbox: Inbox) -> int:
    for number in range(_ROUND):
        try:
            data, address = listening.recvfrom(_LONGEST)
        except BlockingIOError:
            return number
        inbox.take(Line(data.rstrip(b"\r\n\0"), 0), peer_address(address[0]))
    return _ROUND


class _Losses:
    """What the kernel counted for one socket."""

    def __init__(self, listening: socket.socket, inbox: Inbox) -> None:
        self._inode = str(os.fstat(listening.fileno()).st_ino)
        self._inbox = inbox
        self.total = 0
        self._untold = 0
        self._next_look = 0.0
        self._next_tell = 0.0

    def look(self, *, at_once: bool = False) -> bool:
        """Book what is new; whether something is."""
        now = time.monotonic()
        if now < self._next_look and not at_once:
            return False
        self._next_look = now + LOOK_S
        new = max(0, kernel_drops(self._inode) - self.total)
        if new:
            self.total += new
            self._untold += new
            self._inbox.drop(KERNEL_BUFFER, new)
        if self._untold and (now >= self._next_tell or at_once):
            message = f"{self._untold} datagrams were lost: the kernel's buffer was full."
            self._inbox.tell(DATAGRAMS_LOST, message, {"shouwang.records": self._untold})
            self._untold, self._next_tell = 0, now + TELL_S
        return new > 0


def kernel_drops(inode: str) -> int:
    """Of the UDP socket with this inode, since it was opened; 0 when the kernel does not say."""
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            rows = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[9] == inode:
                return int(columns[-1])
    return 0
