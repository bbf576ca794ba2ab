"""Every line as often as it was written, however often and wherever the collector is killed while the log rotates.

``SHOUWANG_KILLS`` and ``SHOUWANG_SEED`` make a soak of it.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

import pytest

from collectors.rehydrate import rehydrate
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.query import Query
from tests.unit.sources.following import wait_for

KILLS = int(os.environ.get("SHOUWANG_KILLS", "6"))
SEED = int(os.environ.get("SHOUWANG_SEED", "20261124"))
LINES_PER_S = 1000
AGAIN = 0.1
ROOT = Path(__file__).parents[3]


class Writer:
    """Numbered lines at a steady rate; now and then the log is rotated, while the old descriptor is still written.

    A tenth of the lines come once more, byte for byte: the same line twice is two events.
    """

    def __init__(self, log: Path, chance: random.Random) -> None:
        self.numbers: list[int] = []
        """Of the lines written, in order; some stand twice."""
        self._log = log
        self._chance = chance
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join(10)

    @property
    def written(self) -> int:
        return len(self.numbers)

    def await_lines(self, more: int) -> None:
        until = self.written + more
        wait_for(lambda: self.written >= until, f"{more} more lines were written")

    def _run(self) -> None:
        file = self._log.open("ab", buffering=0)
        rotate_at, late = self._chance.randint(200, 900), 0
        number, line = -1, b""
        while not self._stop.wait(0.01):
            for _ in range(LINES_PER_S // 100):
                if number < 0 or self._chance.random() > AGAIN:
                    number += 1
                    line = b"n=%d %s\n" % (number, b"x" * self._chance.randint(0, 80))
                cut = self._chance.randint(0, len(line))
                file.write(line[:cut])
                file.write(line[cut:])
                self.numbers.append(number)
            if self.written >= rotate_at and not late:
                self._rotate()
                late = self.written + self._chance.randint(0, 100)
            if late and self.written >= late:
                file.close()
                file = self._log.open("ab", buffering=0)
                rotate_at, late = self.written + self._chance.randint(300, 2500), 0
        file.close()

    def _rotate(self) -> None:
        """As logrotate with ``delaycompress``."""
        former = self._log.with_name
        for number in range(200, 0, -1):
            for ending in (".gz", ""):
                old = former(f"app.log.{number}{ending}")
                if old.exists():
                    old.rename(former(f"app.log.{number + 1}{ending}"))
        second = former("app.log.2")
        if second.exists():
            packed = former("app.log.2.gz")
            with second.open("rb") as plain, gzip.open(packed, "wb") as target:
                shutil.copyfileobj(plain, target)
            shutil.copystat(second, packed)
            second.unlink()
        self._log.rename(former("app.log.1"))


def started(store: Path, log: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.sources.collector", str(store), str(log)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def has_cursors(store_path: Path) -> bool:
    with EmbeddedStore(store_path, zone=UTC, rehydrate=rehydrate) as store:
        return bool(store.cursors())


def numbers(store_path: Path) -> list[int]:
    """Of what is stored; and the ledger says the same."""
    with EmbeddedStore(store_path, zone=UTC, rehydrate=rehydrate) as store:
        events = [
            event
            for event in store.read(Query(), newest_first=False, after=None, limit=10_000_000).items
            if event.shape.dataset != "shouwang.self"
        ]
        assert not [event for event in events if "fragment" in str(event.context.get("tags"))]
        ledger = store.days()
        assert sum(day.received for day in ledger) == sum(day.stored + sum(day.dropped.values()) for day in ledger)
        return sorted(int(event.raw.split()[0][2:]) for event in events)


@pytest.mark.parametrize("round_", range(1 if KILLS <= 6 else KILLS // 6))
def test_every_line_as_often_as_it_was_written_over_kills_and_rotations(tmp_path: Path, round_: int) -> None:
    chance = random.Random(SEED + round_)
    store, log = tmp_path / "events.db", tmp_path / "app.log"
    log.touch()
    first = started(store, log)
    wait_for(lambda: has_cursors(store), "the file was seen")
    first.kill()
    first.wait()
    writer = Writer(log, chance)
    with writer.at_work():
        for _ in range(min(KILLS, 6)):
            process = started(store, log)
            writer.await_lines(chance.randint(20, 900))
            process.kill()
            process.wait()
            writer.await_lines(chance.choice((0, 0, chance.randint(0, 1500))))
    last = started(store, log)
    deadline = time.monotonic() + 30
    while True:
        found = numbers(store)
        if len(found) >= writer.written or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    last.terminate()
    assert last.wait(10) == 0
    assert numbers(store) == writer.numbers, f"seed {SEED + round_}"
