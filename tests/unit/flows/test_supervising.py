"""Sources go on: after a failure behind what they handed over, and their status says how they do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import pytest

from collectors.sources.base import Chunk, Deliver
from shouwang import supervised
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
