"""How this host does, by psutil: processor, memory, file systems, network, temperatures, as events of ``host.metrics``.

One event for the processor and one for the memory, one for each file system, network interface and sensor. Shares
(``.pct``) are 0 to 1, sizes bytes, temperatures degrees Celsius, counters grow from the host's start.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Final

import orjson
import psutil

from collectors.origin import Origin
from collectors.parsers.json import parse_metrics
from collectors.sources.base import Chunk, Deliver
from shouwang.clock import Clock
from shouwang.model import Event, Level, SourceStatus, Value
from shouwang.timespan import rfc3339
from shouwang.words import Words

Doc = dict[str, Value]

NO_STORAGE: Final = frozenset({"squashfs", "iso9660", "udf", "autofs", "tmpfs", "devtmpfs", "overlay", "ramfs"})
"""File systems that are full by design, or hold nothing that lasts; the root is always measured."""


class MetricsSource:
    def __init__(self, clock: Clock, interval_s: float = 10.0) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._host = socket.gethostname()
        self._received = 0
        self._last_us = 0

    @property
    def id(self) -> str:
        return "metrics"

    def status(self) -> SourceStatus:
        detail = Words(f"本机，每 {self._interval_s:g} 秒", f"this host, every {self._interval_s:g} s")
        return SourceStatus(self.id, Level.OK, detail, last_event_us=self._last_us, received=self._received)

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        """Metrics have no past: what was not measured is gone, and no cursor says otherwise."""
        psutil.cpu_percent()  # the first answer has nothing to compare with
        due = time.monotonic() + min(1.0, self._interval_s)
        while not stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._interval_s, time.monotonic())
            events = [self._event(doc) for doc in measured()]
            deliver(Chunk(events, {}))
            self._received += len(events)
            self._last_us = self._clock.now_us()

    def _event(self, doc: Doc) -> Event:
        now_us = self._clock.now_us()
        whole = {"@timestamp": rfc3339(now_us, UTC), "event.kind": "metric", "host.name": self._host, **doc}
        origin = Origin(source=self.id, received_us=now_us, reference_us=now_us, zone=UTC, live=True)
        return parse_metrics(orjson.dumps(whole), origin)


def measured() -> Iterator[Doc]:
    """All that this host can tell now; what it cannot is left out."""
    yield _processor()
    yield _memory()
    yield from _file_systems()
    yield from _network()
    yield from _temperatures()


def _processor() -> Doc:
    cores = psutil.cpu_count() or 1
    one, five, fifteen = os.getloadavg()
    return {
        "system.cpu.total.norm.pct": round(psutil.cpu_percent() / 100, 4),
        "system.cpu.cores": cores,
        "system.load.1": round(one, 2),
        "system.load.5": round(five, 2),
        "system.load.15": round(fifteen, 2),
        "system.load.norm.5": round(five / cores, 2),
    }


def _memory() -> Doc:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {
        "system.memory.total": memory.total,
        "system.memory.actual.free": memory.available,
        "system.memory.actual.used.pct": round(1 - memory.available / memory.total, 4),
        "system.memory.swap.total": swap.total,
        "system.memory.swap.used.pct": round(swap.percent / 100, 4),
    }


def _file_systems() -> Iterator[Doc]:
    """The root, also where no table of mounts names it, and each device once: a bind mount is no disk of its own."""
    parts = sorted(psutil.disk_partitions(all=True), key=lambda part: len(part.mountpoint))
    roots = [(part.device, part.fstype) for part in parts if part.mountpoint == "/"]
    device, kind = roots[-1] if roots else ("", "")
    yield from _file_system("/", device, kind)
    seen = {device}
    for part in parts:
        if part.device.startswith("/") and part.device not in seen and part.fstype not in NO_STORAGE:
            seen.add(part.device)
            yield from _file_system(part.mountpoint, part.device, part.fstype)


def _file_system(mount_point: str, device: str, kind: str) -> Iterator[Doc]:
    try:
        usage = psutil.disk_usage(mount_point)
    except OSError:
        return
    if usage.total:
        yield {
            "system.filesystem.mount_point": mount_point,
            "system.filesystem.device_name": device,
            "system.filesystem.type": kind,
            "system.filesystem.total": usage.total,
            "system.filesystem.free": usage.free,
            "system.filesystem.used.pct": round(usage.percent / 100, 4),
        }


def _network() -> Iterator[Doc]:
    """Interfaces that ever carried anything."""
    for name, counted in sorted(psutil.net_io_counters(pernic=True).items()):
        if name != "lo" and counted.packets_recv + counted.packets_sent:
            yield {
                "system.network.name": name,
                "system.network.in.bytes": counted.bytes_recv,
                "system.network.out.bytes": counted.bytes_sent,
                "system.network.in.packets": counted.packets_recv,
                "system.network.out.packets": counted.packets_sent,
                "system.network.in.errors": counted.errin,
                "system.network.out.errors": counted.errout,
                "system.network.in.dropped": counted.dropin,
            }


def _temperatures() -> Iterator[Doc]:
    for chip, sensors in sorted(psutil.sensors_temperatures().items()):
        for number, sensor in enumerate(sensors):
            doc: Doc = {
                "system.temperature.sensor": f"{chip}/{sensor.label or number}",
                "system.temperature.celsius": round(sensor.current, 1),
            }
            if sensor.critical:
                doc["system.temperature.critical_celsius"] = round(sensor.critical, 1)
            yield doc
