"""A million indicators: memory of the process that uses them, of the one that makes them, and what an event costs."""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from collectors.origin import Origin
from collectors.registry import PARSERS
from detection.intel.csvfile import read
from detection.intel.head import Head
from detection.intel.index import build
from detection.intel.library import Library
from detection.intel.lookout import Lookout
from shouwang.model import Event

MILLION = 1_000_000
EVENTS = 20_000
ROUNDS = 5


def value(number: int) -> str:
    """A quarter each of addresses, names, hashes, URLs."""
    match number % 4:
        case 0:
            return f"{11 + number % 80}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        case 1:
            return f"h{number}.evil{number % 1000}.example.org"
        case 2:
            return hashlib.sha256(str(number).encode()).hexdigest()
        case _:
            return f"http://h{number}.example.net/p/{number}"


def made(folder: Path) -> tuple[float, float]:
    """CPU seconds and the most memory, MB, of a process that makes the set."""
    source = folder / "feed.csv"
    with source.open("w", encoding="utf-8") as file:
        file.write("indicator,confidence,comment\n")
        file.writelines(f"{value(number)},{number % 100},entry {number}\n" for number in range(MILLION))
    child = os.fork()
    if not child:
        with source.open("rb") as file:
            head = build(read(file), Head("feed", "", None, 0, 0, ""), folder / "feed.idx")
        os._exit(head.total != MILLION)
    _, status, used = os.wait4(child, 0)
    assert status == 0, "the set holds them all"
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def events() -> Iterator[Event]:
    """Failed logins: of 2,000 addresses, one in a hundred known."""
    zone = ZoneInfo("Asia/Shanghai")
    for number in range(EVENTS):
        address = (
            value(number % 20 * 4 * 977)
            if number % 100 == 0
            else f"198.{18 + number % 2}.{number // 8 % 250}.{number % 8}"
        )
        raw = f"<38>Nov 25 12:00:00 gw sshd[77]: Failed password for root from {address} port {1024 + number} ssh2".encode()
        origin = Origin(
            live=True, source="bench", received_us=1_795_000_000_000_000, reference_us=1_795_000_000_000_000, zone=zone
        )
        yield PARSERS["syslog"](raw, origin)


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        seconds, most_mb = made(folder)
        print(
            f"making the set: {seconds:.1f} CPU s, at most {most_mb:.0f} MB; file {(folder / 'feed.idx').stat().st_size / 1e6:.0f} MB"
        )
        (folder / "feed.csv").unlink()
        batch = list(events())
        before = resident_mb()
        library = Library(folder)
        first, warm, hits = [], [], 0
        for _ in range(ROUNDS):
            lookout = Lookout(library, ("host.name", "source.ip"))
            for costs in (first, warm):
                start = time.process_time()
                hits = len(lookout.match(batch))
                costs.append((time.process_time() - start) / EVENTS * 1e6)
        none = Lookout(Library(folder / "none"), ())
        start = time.process_time()
        for _ in range(100):
            none.match(batch[:200])
        idle = (time.process_time() - start) / EVENTS * 1e6
        print(f"using it: {resident_mb() - before:.0f} MB more than without, {resident_mb():.0f} MB in all")
        print(
            f"an event: {statistics.median(first):.2f} us with new values, {statistics.median(warm):.2f} us with values seen,"
            f" {idle:.3f} us without sets ({hits} hits of {EVENTS} events)"
        )


main()
