"""A home whose gaps are filled, for tests: the worker's job runs in the same process."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from detection.ruleset import Correlation
from shouwang.flows.alerting import POSITION, Alerting
from shouwang.flows.refilling import Refilling
from shouwang.flows.refilling.flow import Mend
from shouwang.flows.refilling.work import work
from tests.unit.alerting.making import Home


def refilling(home: Home, mend: Mend, correlations: Sequence[Correlation] | None = None) -> Refilling:
    return Refilling(
        home.events,
        home.state,
        home.clock,
        home.correlations if correlations is None else correlations,
        lateness_us=home.lateness_us,
        position=POSITION,
        folder=home.path / "recount",
        mend=mend,
        run=lambda args, told: work(args, [], told),
    )


def filled(home: Home, flow: Alerting, *, within_s: int = 40 * 3600, pause_s: int = 600) -> None:
    """Alerting and filling go on, as time does."""
    filling, stop = refilling(home, flow.mend), threading.Event()
    for _ in range(within_s // 600):
        while flow.step().matches:
            pass
        filling.once(stop)
        home.clock.advance(pause_s)
