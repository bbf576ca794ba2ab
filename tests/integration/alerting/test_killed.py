"""The alerting flow in a process of its own, killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from detection.noise.holdrecords import body_of
from detection.noise.matchers import read
from detection.noise.silence import Silence
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.model import Holder
from shouwang.statestore.holds import Hold
from shouwang.statestore.store import StateStore
from tests.unit.alerting.making import ZONE, Home, a_home, never
from tests.unit.alerting.test_alerting_flow import mixed_stream
from tests.unit.correlate.making import START, a_correlation

CHILD = """
import os, signal, sys
from pathlib import Path
from shouwang.clock import ManualClock
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.statestore.store import StateStore
from tests.unit.alerting.making import ZONE, Home, never
from tests.unit.correlate.making import START, a_correlation
from tests.integration.alerting.test_killed import silence

home, last = Path(sys.argv[1]), int(sys.argv[2])
state = StateStore(home / "state.db")
silence(state)
ran = 0
def trace(cursor, sql, bindings):
    global ran
    ran += 1
    if ran == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return True
state._writer.connection.exec_trace = trace
events = EmbeddedStore(home / "events.db", zone=ZONE, rehydrate=never)
flow = Home(home, events, state, ManualClock(START), [a_correlation(count=5)], page=4).flow()
while flow.step().matches:
    pass
"""


def silence(state: StateStore) -> None:
    """Of one of the addresses: some alerts are held."""
    held = Silence("S-1", read({"source.ip": ["198.51.100.4"]}), "wang", "known", START, START, START + 10**12)
    with state.work() as tx:
        tx.holds.put(Hold("S-1", Holder.SILENCE, held.from_us, held.over_us, body_of(held)))


def finished(home: Home) -> tuple[object, ...]:
    flow = home.flow()
    while flow.step().matches:
        pass
    return home.outcome()


@pytest.mark.parametrize("statement", [2, 17, 40, 70])
def test_a_killed_process_leaves_what_an_unbroken_run_would_have_made(tmp_path: Path, statement: int) -> None:
    whole = a_home(tmp_path, [a_correlation(count=5)], page=4)
    whole.put(mixed_stream())
    silence(whole.state)
    expected = finished(whole)
    assert whole.state.alerts.held_by() == {"S-1": (1, 9)}

    broken = a_home(tmp_path, [a_correlation(count=5)], page=4)
    broken.put(mixed_stream())
    broken.state.close()
    broken.events.close()
    root = Path(__file__).parents[3]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(broken.path), str(statement)],
        cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False, timeout=60,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL
    broken.state = StateStore(broken.path / "state.db")
    broken.events = EmbeddedStore(broken.path / "events.db", zone=ZONE, rehydrate=never)
    assert finished(broken) == expected
    assert broken.clock.now_us() == START
