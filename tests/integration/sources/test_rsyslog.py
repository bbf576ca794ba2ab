"""A real rsyslog forwards over UDP and TCP, in both framings; every message arrives once and is read."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.registry import PARSERS
from collectors.sources.inbox import Endpoint, Wire
from collectors.sources.syslogtcp import SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource
from shouwang.clock import SystemClock
from tests.peers import needs
from tests.unit.sources.following import Kept, Running, wait_for

RSYSLOGD = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
pytestmark = needs("rsyslog", RSYSLOGD is not None, "rsyslogd is not here")

COUNT = 300
LOCAL = Endpoint("127.0.0.1", 0)
WIRE = Wire("syslog", PARSERS["syslog"])


@contextmanager
def forwarding(folder: Path, action: str) -> Iterator[Path]:
    """rsyslogd with a socket of its own, which it forwards."""
    assert RSYSLOGD
    device = folder / "log"
    config = folder / "rsyslog.conf"
    config.write_text(
        f'global(workDirectory="{folder}")\n'
        'module(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{device}" RateLimit.Interval="0")\n'
        f"{action}\n"
    )
    command = [RSYSLOGD, "-n", "-f", str(config), "-i", str(folder / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(device.exists, "rsyslogd's socket")
        yield device
    finally:
        process.terminate()
        process.wait(10)


def log(device: Path, count: int) -> None:
    stamp = time.strftime("%b %d %H:%M:%S")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(device))
        for number in range(count):
            sender.send(f"<86>{stamp} sshd[7]: Invalid user 登录{number} from 192.0.2.7 port 9".encode())


def users(kept: Kept) -> list[str]:
    return sorted(str(event.get("user.name")) for event in kept.records)


EXPECTED = sorted(f"登录{number}" for number in range(COUNT))


@pytest.mark.parametrize("framing", ["traditional", "octet-counted"])
@pytest.mark.parametrize("template", ["RSYSLOG_SyslogProtocol23Format", "RSYSLOG_TraditionalForwardFormat"])
def test_tcp_forwarding(tmp_path: Path, framing: str, template: str) -> None:
    kept = Kept()
    source = SyslogTcpSource(LOCAL, WIRE, SystemClock())
    with Running(source, kept):
        assert source.ready.wait(10)
        assert source.bound
        action = (
            f'action(type="omfwd" target="127.0.0.1" port="{source.bound.port}" protocol="tcp" '
            f'TCP_Framing="{framing}" template="{template}")'
        )
        with forwarding(tmp_path, action) as device:
            log(device, COUNT)
            wait_for(lambda: len(kept.records) >= COUNT)
    assert users(kept) == EXPECTED
    assert {event.get("source.ip") for event in kept.records} == {"192.0.2.7"}


def test_udp_forwarding(tmp_path: Path) -> None:
    kept = Kept()
    source = SyslogUdpSource(LOCAL, WIRE, SystemClock())
    with Running(source, kept):
        assert source.ready.wait(10)
        assert source.bound
        action = f'action(type="omfwd" target="127.0.0.1" port="{source.bound.port}" protocol="udp")'
        with forwarding(tmp_path, action) as device:
            log(device, COUNT)
            wait_for(lambda: len(kept.records) + sum(kept.drops.values()) >= COUNT)
    assert users(kept) == EXPECTED
