"""Event stores over the same two million events of a month (`month.py`): taking them in, their size, how long searches last.

`scripts/bench store`; `.venv/bin/python scripts/bench_parts/store.py --events 100000 --store embedded` for less. One core
is one thread that parses, matches and puts; CPU seconds compare, wall time is noisy. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from collectors.origin import Origin
from collectors.registry import PARSERS
from collectors.rehydrate import rehydrate
from detection.engine import Engine
from detection.rules import load
from scripts.bench_parts import ingest, month, running
from shouwang.eventid import give_ids
from shouwang.eventstore.base import Batch, EventStore
from shouwang.eventstore.embedded import EmbeddedStore
from shouwang.query import Contains, Query, parse

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Shanghai")
EVENTS = 2_000_000
AUTH_LINES = 200_000
ENTITIES = ("host.name", "user.name", "source.ip")
QUARTER_US = 900_000_000


class Side(Protocol):
    """One kind of store in the comparison."""

    name: str

    def open(self, folder: Path) -> AbstractContextManager[EventStore]: ...

    def settle(self, store: EventStore, now_us: int) -> None:
        """What upkeep does of itself, up to now: called each day of the month, and at its end."""

    def size_bytes(self, folder: Path) -> int: ...

    def pids(self) -> list[int]:
        """Of the processes beside this one and its children that are the store."""

    def idle_mb(self, folder: Path) -> float:
        """Of a daemon that has the month and nothing to do."""


class Embedded:
    name = "embedded"

    @contextmanager
    def open(self, folder: Path) -> Iterator[EventStore]:
        """In a home that a daemon has made."""
        home = folder / "home"
        if not home.exists():
            running.make(home, running.QUIET)
            with running.started(home):
                pass
        with EmbeddedStore(home / "events.db", zone=ZONE, rehydrate=rehydrate) as store:
            yield store

    def settle(self, store: EventStore, now_us: int) -> None:
        for _ in range(10):
            if not store.maintain(now_us, 600.0):
                return

    def size_bytes(self, folder: Path) -> int:
        home = folder / "home"
        files = [*home.glob("events.db*"), *(path for path in home.glob("segments/**/*") if path.is_file())]
        return sum(path.stat().st_size for path in files)

    def pids(self) -> list[int]:
        return []

    def idle_mb(self, folder: Path) -> float:
        with running.started(folder / "home") as daemon:
            time.sleep(30)
            processes = [daemon.process, *daemon.process.children(True)]
            return round(sum(each.memory_info().rss for each in processes) / 1e6, 1)


SIDES: Mapping[str, Callable[[], Side]] = {"embedded": Embedded}


class Memory:
    """The most that processes have had at once, by what they run: looked at every 50 ms."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peaks: dict[str, int] = {}

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.05):
            found = [(me, "this process"), *((child, "") for child in me.children(True))]
            found += [(psutil.Process(pid), "server") for pid in self._side.pids() if psutil.pid_exists(pid)]
            for process, name in found:
                with suppress(psutil.Error):
                    label = name or _job(process.cmdline())
                    self.peaks[label] = max(self.peaks.get(label, 0), round(process.memory_info().rss / 1e6))


def _job(command: list[str]) -> str:
    """``store.seal``, ``store.compact``, the query process ..."""
    if any(word.endswith("segments.service") for word in command):
        return "query process"
    return command[4] if len(command) > 4 else "another"


@dataclass
class Spent:
    """CPU and wall seconds of this process, and CPU of its children."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    children_s: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        cpu, wall, children = time.process_time(), time.perf_counter(), _children_s()
        yield
        took = time.process_time() - cpu
        self.cpu_s, self.wall_s = self.cpu_s + took, self.wall_s + time.perf_counter() - wall
        self.children_s += _children_s() - children
        self.parts[part] = self.parts.get(part, 0.0) + took


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def engine_of_linux() -> tuple[Engine, str]:
    """SigmaHQ's Linux rules where they are here, else ours."""
    shared = Path(os.environ.get("SHOUWANG_SHARED", ROOT.parent / "shared")) / "sigma/rules/linux"
    rules = load([shared if shared.is_dir() else ROOT / "detection/rulesets"])
    return Engine(
        rules, ENTITIES
    ), f"{len(rules.rules)} {'SigmaHQ Linux rules' if shared.is_dir() else 'rules of ours'}"


def take_in(store: EventStore, engine: Engine, parser: str, lines: list[month.Line], spent: Spent) -> None:
    """As intake does: parsed, matched, durable."""
    with spent.on("parse"):
        events = [
            PARSERS[parser](each.raw, Origin(each.source, each.time_us, each.time_us, ZONE, live=False))
            for each in lines
        ]
        for event, event_id in zip(events, give_ids(event.received_us for event in events), strict=True):
            event.id = event_id
    with spent.on("match"):
        matches = engine.match(events)
    with spent.on("put"):
        last = lines[-1]
        store.put(Batch(events, list(matches), received_us=last.time_us), {last.source: b"%d" % last.time_us})


def fill(side: Side, store: EventStore, engine: Engine, number: int) -> dict[str, object]:
    spent, upkeep = Spent(), Spent()
    day = 0
    for lines in month.blocks(number):
        take_in(store, engine, "json", lines, spent)
        if (lines[-1].time_us - month.START_US) // month.DAY_US > day:
            day += 1
            with upkeep.on("upkeep"):
                side.settle(store, lines[-1].time_us)
            print(f"day {day} of {month.DAYS}", file=sys.stderr)
    with upkeep.on("upkeep"):
        for days in (3, 4):  # what was marked on the one is sealed on the next
            side.settle(store, month.END_US + days * month.DAY_US)
    return {
        "events_per_cpu_s": round(number / spent.cpu_s),
        "events_per_wall_s": round(number / spent.wall_s),
        "cpu_us_an_event": {name: round(took / number * 1e6, 1) for name, took in spent.parts.items()},
        "upkeep_cpu_us_an_event": round((upkeep.cpu_s + upkeep.children_s) / number * 1e6, 1),
        "events_per_cpu_s_upkeep_included": round(number / (spent.cpu_s + upkeep.cpu_s + upkeep.children_s)),
    }


def auth_lines(store: EventStore, engine: Engine, number: int) -> dict[str, object]:
    """Lines that the Linux rules are for."""
    chance, spent = random.Random(7), Spent()
    for first in range(0, number, 1000):
        lines = [
            month.Line(month.END_US + n * 1000, "file:/var/log/auth.log", ingest.auth(n, chance).encode())
            for n in range(first, first + 1000)
        ]
        take_in(store, engine, "syslog", lines, spent)
    return {
        "events_per_cpu_s": round(number / spent.cpu_s),
        "cpu_us_an_event": {name: round(took / number * 1e6, 1) for name, took in spent.parts.items()},
    }


def best_ms(act: Callable[[], object]) -> str:
    """First, and best of three after it."""
    found = []
    for _ in range(4):
        began = time.perf_counter()
        act()
        found.append((time.perf_counter() - began) * 1000)
    return f"{found[0]:.1f} / {min(found[1:]):.1f}"


def searches(store: EventStore) -> dict[str, dict[str, object]]:
    end_us = month.END_US
    address, by_id = _some(store)
    ten = Query(parse(f"source.ip:{address}"))
    word = Query(Contains("", month.RARE.lower()))
    asked: list[tuple[str, Query, str]] = [
        ("last 15 minutes by level", Query(from_us=end_us - QUARTER_US, to_us=end_us), "by log.level"),
        ("one IP, 30 days", ten, "count"),
        ("one IP, 30 days, newest 100", ten, "page"),
        ("a network, 30 days", Query(parse("source.ip:203.7.0.0/16")), "count"),
        (f"substring {month.RARE.lower()!r} anywhere, 30 days", word, "count"),
        (f"substring {month.RARE.lower()!r} anywhere, newest 100", word, "page"),
        ("substring of digits anywhere, 30 days", Query(Contains("", "31337 ssh2")), "count"),
        ("top 10 of source.ip, 30 days", Query(), "by source.ip"),
        ("top 10 of user.name, failed logins", Query(parse("event.outcome:failure AND user.name:*")), "by user.name"),
        ("by id", Query(ids=(by_id,)), "page"),
        ("newest 100", Query(), "page"),
        ("all, by hour", Query(), "hour"),
        ("a field without a column, one hour", Query(parse("dns.response_code:NXDOMAIN"), end_us - 3_600_000_000, end_us), "count"),
        ("a field without a column, one day", Query(parse("dns.response_code:NXDOMAIN"), end_us - month.DAY_US, end_us), "count"),
    ]  # fmt: skip
    found: dict[str, dict[str, object]] = {}
    for name, query, how in asked:
        act = _act(store, query, how)
        found[name] = {"hits": _hits(store, query), "ms_first_best": best_ms(act)}
    return found


def _act(store: EventStore, query: Query, how: str) -> Callable[[], object]:
    if how == "page":
        return lambda: store.read(query, newest_first=True, after=None, limit=100)
    if how == "hour":
        return lambda: store.count(query, by=None, bucket_s=3600, top=0)
    by = how.removeprefix("by ") if how != "count" else None
    return lambda: store.count(query, by=by, bucket_s=None, top=10)


def _hits(store: EventStore, query: Query) -> int:
    return store.count(query, by=None, bucket_s=None, top=0)[0].count


def _some(store: EventStore) -> tuple[str, bytes]:
    """An address that came some 300 times, and an event of the midst of the month."""
    counted = store.count(Query(), by="source.ip", bucket_s=None, top=5000)
    address = min(counted, key=lambda each: abs(each.count - 300)).key
    middle = month.START_US + month.DAYS * month.DAY_US // 2
    page = store.read(Query(from_us=middle), newest_first=False, after=None, limit=1)
    return str(address), page.items[0].id


def measured(side: Side, folder: Path, number: int) -> dict[str, object]:
    engine, rules = engine_of_linux()
    with side.open(folder) as store, Memory(side) as memory:
        said: dict[str, object] = {"rules": rules, "ingest": fill(side, store, engine, number)}
        said["bytes_an_event"] = round(side.size_bytes(folder) / number, 1)
        said["most_mb_while_taking_in"] = dict(memory.peaks)
    with side.open(folder) as store, Memory(side) as memory:
        said["searches"] = searches(store)
        said["most_mb_while_searching"] = dict(memory.peaks)
        said["auth_lines"] = auth_lines(store, engine, min(AUTH_LINES, number))
    said["idle_mb"] = side.idle_mb(folder)
    return said


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=EVENTS)
    options.add_argument("--store", choices=sorted(SIDES), action="append", help="only this one")
    options.add_argument(
        "--folder", type=Path, help="where to put the stores, and leave them; default a temporary folder"
    )
    given = options.parse_args()
    found = {}
    for name in given.store or sorted(SIDES):
        with tempfile.TemporaryDirectory() as temporary:
            folder = given.folder / name if given.folder else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            found[name] = measured(SIDES[name](), folder, given.events)
    json.dump({"events": given.events, **found}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
