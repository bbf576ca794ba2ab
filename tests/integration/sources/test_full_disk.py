"""The disk fills under a watching daemon: its sources wait, nothing is lost or twice, and it goes on by itself."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shouwang.clock import SystemClock
from shouwang.config import load
from shouwang.firstconfig import first_config
from shouwang.home import Home, Lock
from shouwang.model import Level
from shouwang.query import Query
from shouwang.watch import Watching
from shouwang.wiring import Services, build
from tests.integration.daemon.conftest import wait_for
from tests.peers import IS_ROOT, require

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    require("root", IS_ROOT, "a full disk is made with a small tmpfs")
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=False).returncode:
        pytest.skip("a full disk is made with a small tmpfs, which cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """On another disk."""
    (tmp_path / "app.log").write_text("")
    return tmp_path / "app.log"


@pytest.fixture
def services(disk: Path, log: Path) -> Iterator[Services]:
    home = Home.at(disk / "home")
    home.make_folders()
    text = first_config(name="x", quiet=True).replace("reserve_mb = 0", "reserve_mb = 16")
    home.config.write_text(f'{text}\n[[source]]\ntype = "file"\npath = "{log}"\nformat = "text"\n')
    config = load(home.config)
    with Lock(home, config.site.zone), build(home, config, SystemClock()) as built:
        yield built


def write(log: Path, first: int, number: int) -> None:
    with log.open("a") as file:
        file.writelines(f"record {n} {'x' * 400}\n" for n in range(first, first + number))


def stored(services: Services) -> int:
    return services.events.count(Query(), by=None, bucket_s=None, top=0)[0].count


def free_bytes(disk: Path) -> int:
    return os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize


def maintain(services: Services) -> list[str]:
    return services.events.maintain(services.clock.now_us(), 5.0)


def test_sources_wait_while_the_disk_is_full_and_go_on_when_it_is_not(
    services: Services, disk: Path, log: Path
) -> None:
    with Watching(services, threading.Event()) as watching:
        assert "made the reserve" in maintain(services)
        write(log, 0, 2000)
        wait_for(lambda: stored(services) == 2000)
        other = disk / "somebody-elses"
        with other.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free_bytes(disk) - 2 * MIB)
        write(log, 2000, 4000)
        wait_for(lambda: any("takes nothing" in found.what.en for found in watching.running.findings()))
        assert Level.BROKEN in [found.level for found in services.events.health()]
        assert "gave up the reserve to clean up" in maintain(services)
        acknowledged = stored(services)
        assert acknowledged < 6000
        assert maintain(services) == []
        assert stored(services) == acknowledged
        other.unlink()
        wait_for(lambda: stored(services) == 6000, 60)
        assert services.events.facts(services.clock.now_us()).reserved_bytes == 16 * MIB
        assert not any("takes nothing" in found.what.en for found in watching.running.findings())
    (row,) = services.events.days()
    assert (row.received, row.stored, dict(row.dropped)) == (6000, 6000, {})
    texts = {event.raw for event in services.events.read(Query(), newest_first=False, after=None, limit=9000).items}
    assert len(texts) == 6000
