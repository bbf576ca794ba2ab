"""What the embedded event store costs: `.venv/bin/python scripts/bench_parts/eventstore.py`.

Puts syslog-like events in batches of 1,000, each durable before the next, then searches a larger store. Events are made
beforehand, so that `put` alone is measured. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from shouwang.eventstore.base import Batch, Stored
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.model import Event, Shape
from shouwang.query import Query, parse

START_US = 1_795_000_000_000_000
FIELDS = (
    "host.name",
    "user.name",
    "source.ip",
    "event.action",
    "event.outcome",
    "process.name",
    "message",
    "user.domain",
)
SHAPE = Shape(dataset="linux.sshd", parser="bench", paths={name: ((name,),) for name in FIELDS})


def event_of(number: int, chance: random.Random) -> Event:
    host, user = f"srv-{chance.randrange(40):02}", f"user{int(chance.expovariate(0.02))}"
    address = f"203.0.{chance.randrange(256)}.{chance.randrange(256)}"
    said = f"Failed password for {user} from {address} port {chance.randrange(65536)} ssh2 [preauth] seq {number}"
    raw = f"<38>Nov 24 08:00:00 {host} sshd[{number % 32768}]: {said}".encode()
    time_us = START_US + number * 10_000
    id = (time_us // 1000).to_bytes(6, "big") + chance.randbytes(10)
    return event(raw, id, time_us, time_us)


def event(raw: bytes, id: bytes, time_us: int, received_us: int) -> Event:
    words = raw.decode().split(" ", 5)
    said = words[5].split(" ")
    doc = {
        "host.name": words[3], "user.name": said[3], "source.ip": said[5], "event.action": "ssh_login_failed",
        "event.outcome": "failure", "process.name": "sshd", "message": words[5],
    }  # fmt: skip
    return Event(
        time_us=time_us, received_us=received_us, source="file:/var/log/auth.log", shape=SHAPE, doc=doc, raw=raw, id=id,
        context={"log.file.path": "/var/log/auth.log"},
    )  # fmt: skip


def rehydrate(stored: Stored) -> Event:
    return event(stored.raw, stored.id, stored.time_us, stored.received_us)


def batches(first: int, number: int, chance: random.Random) -> Iterator[list[Event]]:
    for start in range(first, first + number, 1000):
        yield [event_of(at, chance) for at in range(start, min(start + 1000, first + number))]


def fill(store: EmbeddedStore, first: int, number: int, chance: random.Random) -> dict[str, float]:
    wall, cpu, slowest = 0.0, 0.0, 0.0
    for events in batches(first, number, chance):
        gc.collect(0)
        began, began_cpu = time.perf_counter(), time.process_time()
        store.put(Batch(events, received_us=events[0].received_us), {"file:/var/log/auth.log": b"%d" % first})
        took = time.perf_counter() - began
        wall, cpu, slowest = wall + took, cpu + time.process_time() - began_cpu, max(slowest, took)
    return {
        "events": number,
        "events_per_cpu_s": round(number / cpu),
        "cpu_us_per_event": round(cpu / number * 1e6, 1),
        "events_per_wall_s": round(number / wall),
        "slowest_batch_ms": round(slowest * 1000, 1),
    }


def best_ms(act: Callable[[], object]) -> float:
    found = []
    for _ in range(3):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return round(min(found), 2)


SEARCHES = (
    "*",
    "user.name:user3",
    'source.ip:"203.0.7.9"',
    "source.ip:203.0.7.0/24",
    "process.name:ss* AND NOT event.outcome:success",
    '"port 31337 ssh2"',
    "nothing-like-this",
    "host.name:srv-0? OR user.name:(user1 OR user2)",
)


def searches(store: EmbeddedStore, last_us: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for text in SEARCHES:
        everything = Query(parse(text))
        hour = Query(parse(text), from_us=last_us - 3600 * 10**6)
        found[text] = {
            "hits": store.count(everything, by=None, bucket_s=None, top=0)[0].count,
            "page_ms": best_ms(lambda q=everything: store.read(q, newest_first=True, after=None, limit=100)),  # type: ignore[misc]  # mypy cannot infer the default
            "page_last_hour_ms": best_ms(lambda q=hour: store.read(q, newest_first=True, after=None, limit=100)),  # type: ignore[misc]  # mypy cannot infer the default
            "count_ms": best_ms(lambda q=everything: store.count(q, by=None, bucket_s=None, top=0)),  # type: ignore[misc]  # mypy cannot infer the default
        }
    everything = Query()
    found["top 10 of source.ip"] = {
        "count_ms": best_ms(lambda: store.count(everything, by="source.ip", bucket_s=None, top=10))
    }
    found["by hour"] = {"count_ms": best_ms(lambda: store.count(everything, by=None, bucket_s=3600, top=0))}
    slow = Query(parse("user.domain:corp"), from_us=last_us - 600 * 10**6)
    found["a field without a column, 60,000 events"] = {
        "page_ms": best_ms(lambda: store.read(slow, newest_first=True, after=None, limit=100))
    }
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=200_000)
    options.add_argument("--search", type=int, default=1_000_000, help="size of the store that is searched; 0: none")
    options.add_argument("--folder", type=Path, help="where to put the store; default a temporary folder")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path, chance = Path(folder) / "events.db", random.Random(24)
        with EmbeddedStore(path, zone=ZoneInfo("Asia/Shanghai"), rehydrate=rehydrate) as store:
            said: dict[str, object] = {"put": fill(store, 0, given.events, chance)}
            if given.search:
                said["put_rest"] = fill(store, given.events, given.search - given.events, chance)
                said["maintain"] = store.maintain(START_US, 60.0)
                said["bytes_per_event"] = round(path.stat().st_size / given.search, 1)
                said["searches"] = searches(store, START_US + given.search * 10_000)
    json.dump(said, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
