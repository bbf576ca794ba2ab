"""Sources go on: after a failure behind what they handed over, and their status says how they do."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping

import pytest

from collectors.registry import PARSERS
from collectors.sources.base import Chunk, Deliver, Source
from collectors.sources.inbox import Endpoint, Wire
from collectors.sources.syslogtcp import SyslogTcpSource
from collectors.sources.syslogudp import SyslogUdpSource
from shouwang import supervised
from shouwang.clock import SystemClock
from shouwang.flows.supervising import Supervisor
from shouwang.model import Level, SourceStatus


class Counting:
    """Hands over numbers as cursors; fails after each of the first three."""

    id = "counting"

    def __init__(self) -> None:
        self.started_from: list[int] = []
        self.idle = threading.Event()

    def run(self, deliver: Deliver, cursors: Mapping[str, bytes], stop: threading.Event) -> None:
        number = int(cursors.get("n", b"0"))
        self.started_from.append(number)
        if number >= 3:
            self.idle.set()
            stop.wait()
            deliver(Chunk((), {"n": b"99"}))
            return
        deliver(Chunk((), {"n": b"%d" % (number + 1), "gone": b""}))
        raise OSError("the device is away")

    def status(self) -> SourceStatus:
        return SourceStatus(self.id, Level.OK, "counting")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "FIRST_PAUSE_S", 0.01)


def supervisor(source: Counting, deliver: Callable[[Chunk], None]) -> Supervisor:
    return Supervisor([source], deliver, lambda: {"gone": b"1"})


def test_a_source_that_failed_goes_on_behind_what_it_handed_over(quick: None) -> None:
    chunks: list[Chunk] = []
    source = Counting()
    with supervisor(source, chunks.append) as at_work:
        assert source.idle.wait(10)
        assert source.started_from == [0, 1, 2, 3]
        (said,) = at_work.status()
        assert (said.level, said.detail) == (Level.OK, "counting")
    assert chunks[-1].cursors == {"n": b"99"}


def test_while_a_source_waits_to_be_started_again_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "FIRST_PAUSE_S", 60.0)
    failed = threading.Event()

    def refuse(_chunk: Chunk) -> None:
        failed.set()

    with supervisor(Counting(), refuse) as at_work:
        assert failed.wait(10)
        wait = threading.Event()
        while at_work.status()[0].level is not Level.BROKEN:
            wait.wait(0.01)
        assert "the device is away" in str(at_work.status()[0].detail)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_one_line_of_the_log_and_a_finding_that_says_what_to_do(
    quick: None, caplog: pytest.LogCaptureFixture, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        at = Endpoint("127.0.0.1", taken.getsockname()[1])
        wire = Wire("syslog", PARSERS["syslog"])
        of: type[SyslogTcpSource | SyslogUdpSource] = SyslogTcpSource if kind is socket.SOCK_STREAM else SyslogUdpSource
        tries = threading.Semaphore(0)

        def cursors() -> Mapping[str, bytes]:
            tries.release()
            return {}

        source: Source = of(at, wire, SystemClock())
        with caplog.at_level(logging.INFO), Supervisor([source], lambda _: None, cursors) as at_work:
            for _ in range(3):
                assert tries.acquire(timeout=10)
            (found,) = at_work.findings()
        assert (
            f"cannot listen at {'tcp' if of is SyslogTcpSource else 'udp'} {at}: Address already in use."
            in found.what.en
        )
        assert "[listen]" in found.hint.en
        (line,) = [record for record in caplog.records if str(at) in record.getMessage()]
        assert line.exc_info is None
