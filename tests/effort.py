"""Work counted in calls, not in seconds; and a guard against what a count cannot see."""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Final

MOST_CALLS: Final = 20_000_000
RUNAWAY_S: Final = 20


class RanAwayError(AssertionError):
    """It did not end by itself."""


def calls(work: Callable[[], object], *, most: int = MOST_CALLS) -> int:
    """Calls of functions, those written in C included, that ``work`` makes: the same on every machine.

    What one C function does is one call, be it long or short. Raises ``RanAwayError`` when there are too many.
    """
    made = 0

    def seen(_frame: FrameType, what: str, _given: object) -> None:
        nonlocal made
        if what in ("call", "c_call"):
            made += 1
            if made > most:
                raise RanAwayError(f"more than {most:,} calls")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def ends(work: Callable[[], object]) -> None:
    """A runaway guard, for what happens within one C function, such as a search by a regular expression.

    ``work`` runs in a child that the kernel ends after ``RUNAWAY_S`` of processor time, hundreds of times what it
    takes. Says nothing about speed.
    """
    child = os.fork()
    if child == 0:
        outcome = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (RUNAWAY_S, RUNAWAY_S))
            work()
            outcome = 0
        except BaseException:  # noqa: BLE001  # the child of a test ends here; the captured output says what was wrong
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(outcome)
    outcome = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if outcome in (-signal.SIGXCPU, -signal.SIGKILL):
        raise RanAwayError(f"it had not ended after {RUNAWAY_S} s of processor time")
    assert outcome == 0, "it failed, see above"
