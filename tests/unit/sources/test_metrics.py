"""The host's own metrics: measured at once when asked, in the names that our rules use."""

from __future__ import annotations

import threading

from collectors.sources.base import Chunk
from collectors.sources.metrics import MetricsSource, measured
from shouwang.clock import ManualClock
from shouwang.words import Words, words

NOW_US = 1_795_482_000_000_000


def test_this_host_tells_its_processor_memory_and_root_file_system() -> None:
    named = {name for doc in measured() for name in doc}
    assert {"system.cpu.total.norm.pct", "system.load.norm.5", "system.memory.actual.used.pct"} <= named
    (root,) = [doc for doc in measured() if doc.get("system.filesystem.mount_point") == "/"]
    used = root["system.filesystem.used.pct"]
    assert isinstance(used, float)
    assert 0 <= used <= 1


def test_a_round_is_delivered_as_metrics_events_and_the_source_stops_when_told() -> None:
    stop = threading.Event()
    chunks: list[Chunk] = []

    def deliver(chunk: Chunk) -> None:
        chunks.append(chunk)
        stop.set()

    source = MetricsSource(ManualClock(NOW_US), interval_s=0.01)
    source.run(deliver, {}, stop)
    (chunk,) = chunks
    assert {event.shape.dataset for event in chunk.events} == {"host.metrics"}
    assert {event.time_us for event in chunk.events} == {NOW_US}
    assert all(isinstance(event.get("host.name"), str) for event in chunk.events)
    assert source.status().received == len(chunk.events)
    assert words(source.status().detail) == Words("本机，每 0.01 秒", "this host, every 0.01 s")
