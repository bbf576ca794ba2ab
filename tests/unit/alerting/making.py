"""An alerting flow over real stores in a temporary home."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from detection.correlate import LATENESS_US, MAX_ENTRIES
from detection.noise.inhibit import Inhibit
from detection.ruleset import Correlation
from incidents.plans import load as plans
from incidents.views import Site
from shouwang.assets import AssetRegister
from shouwang.clock import ManualClock
from shouwang.eventstore.base import Batch, Stored
from shouwang.eventstore.embedded.store import EmbeddedStore
from shouwang.flows.alerting import Alerting
from shouwang.model import Asset, Event, Importance, Match
from shouwang.statestore.store import StateStore
from shouwang.words import Words
from tests.unit.correlate.making import START

ZONE = ZoneInfo("Asia/Shanghai")
SITE = Site(zone=ZONE, operator="other", name="桃源社区")
GATE = Asset("gate", "门禁主机", Importance.IMPORTANT, hosts=("gate-01",), networks=("10.20.3.0/24",))


def never(stored: Stored) -> Event:
    raise AssertionError("alerting reads no events")


@dataclass
class Home:
    path: Path
    events: EmbeddedStore
    state: StateStore
    clock: ManualClock
    correlations: Sequence[Correlation]
    page: int = 1000
    drill: bool = False
    titles: Mapping[str, Words] | None = None
    inhibits: Sequence[Inhibit] = ()
    entries: int = MAX_ENTRIES
    lateness_us: int = LATENESS_US

    def flow(self) -> Alerting:
        return Alerting(
            self.events,
            self.state,
            self.clock,
            correlations=self.correlations,
            assets=AssetRegister([GATE]),
            site=SITE,
            plans=plans(),
            titles=self.titles,
            inhibits=self.inhibits,
            drill=self.drill,
            page=self.page,
            entries=self.entries,
            lateness_us=self.lateness_us,
        )

    def put(self, matches: Sequence[Match]) -> None:
        self.events.put(Batch(events=(), matches=matches, received_us=START), {})

    def reopen(self) -> None:
        """As after a kill: nothing but the file is left of the state."""
        self.state.close()
        self.state = StateStore(self.path / "state.db")

    def outcome(self) -> tuple[object, ...]:
        with self.state.reading() as tables:
            return (
                tables.alerts.list(limit=10_000),
                tables.incidents.list(limit=10_000),
                tables.trail.list(limit=10_000),
                tables.trail.verify(),
            )


_homes = itertools.count()


def a_home(
    tmp_path: Path,
    correlations: Sequence[Correlation] = (),
    *,
    page: int = 1000,
    drill: bool = False,
    titles: Mapping[str, Words] | None = None,
) -> Home:
    path = tmp_path / f"home-{next(_homes)}"
    path.mkdir()
    events = EmbeddedStore(path / "events.db", zone=ZONE, rehydrate=never)
    state = StateStore(path / "state.db")
    return Home(path, events, state, ManualClock(START), correlations, page, drill, titles)
