"""Fault 18: the power fails on a real file system. What ``put`` acknowledged is there, and so is what was sealed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.query import Query
from tests.contract.eventstore import ROOT, all_of
from tests.contract.records import NOON_US
from tests.peers import IS_ROOT, needs, require
from tests.unit.segments.making import HOUR_US, files, hot, named, open_at

pytestmark = [
    needs("root", IS_ROOT, "a file system of its own is mounted"),
    needs("xfsprogs", shutil.which("xfs_io") is not None, "xfs_io cuts the power of a file system"),
]

WRITER = """
import os, sys
from pathlib import Path
from shouwang.eventstore.base import Batch
from tests.contract.records import NOON_US, match_on, numbered
from tests.unit.segments.making import HOUR_US, open_at

store = open_at(Path(sys.argv[1]), in_process=True)
for batch in range(1000):
    at_us = NOON_US + batch * HOUR_US // 2
    events = [numbered(batch * 20 + n, received_us=at_us) for n in range(20)]
    store.put(Batch(events, [match_on(events[0])], received_us=at_us), {"batch": b"%d" % batch})
    os.write(1, b"put %d\\n" % batch)
    for line in store.maintain(at_us, 60.0):
        os.write(1, line.encode() + b"\\n")
"""


@pytest.fixture(params=["ext4", "xfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A mounted file system in a file."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(1 << 30)
    folder.mkdir()
    subprocess.run([f"mkfs.{request.param}", "-q", str(image)], check=True)
    mount(image, folder)
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def mount(image: Path, folder: Path) -> None:
    done = subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=False, capture_output=True, text=True)
    require("loop", done.returncode == 0, f"no file system in a file can be mounted here: {done.stderr}")


@pytest.mark.parametrize("lines", [9, 60])
def test_what_was_acknowledged_and_what_was_sealed_outlive_the_loss_of_power(disk: Path, lines: int) -> None:
    told = run_until_the_power_fails(disk, lines)
    acknowledged = sum(line.startswith("put") for line in told)
    with open_at(disk) as store:
        batches = int(store.cursors()["batch"]) + 1
        assert batches >= acknowledged
        found = all_of(store, Query(from_us=0), limit=1000)
        assert sorted(str(event.get("message")) for event in found) == sorted(f"event {n}" for n in range(batches * 20))
        assert len(store.tail("matches", None, 5000).items) == batches
        assert sum(row.stored for row in store.days()) == batches * 20
        for hour in (0, 1, 24, 25):
            store.maintain(NOON_US + batches * HOUR_US // 2 + hour * HOUR_US, 60.0)
        assert hot(store) == 0
        assert files(disk) == named(store)
        assert store.health() == []
        assert len(all_of(store, Query(from_us=0), limit=1000)) == batches * 20


def run_until_the_power_fails(disk: Path, lines: int) -> list[str]:
    """What the writer said before."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(disk)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(lines)]
        subprocess.run(["xfs_io", "-x", "-c", "shutdown", str(disk)], check=True)
        writer.kill()
        told += writer.stdout.read().splitlines()
    assert any("sealed" in line for line in told) or lines < 9
    subprocess.run(["umount", str(disk)], check=True)
    mount(disk.with_name("image"), disk)
    return told


def test_the_loss_of_power_in_this_way_loses_what_was_not_synced(disk: Path) -> None:
    """Else the test above would prove nothing."""
    for name, durable in (("kept", True), ("lost", False)):
        file = os.open(disk / name, os.O_WRONLY | os.O_CREAT)
        os.write(file, b"x" * 10_000)
        if durable:
            os.fsync(file)
        os.close(file)
    subprocess.run(["xfs_io", "-x", "-c", "shutdown", str(disk)], check=True)
    subprocess.run(["umount", str(disk)], check=True)
    mount(disk.with_name("image"), disk)
    assert (disk / "kept").stat().st_size == 10_000
    assert not (disk / "lost").exists() or (disk / "lost").stat().st_size == 0
