"""A drill: a home of its own under ``drills/``, a clock of its own, a scenario's lines through the real parsers.

Intake, rules, alerting and grading are those of every day; sources, listeners and metrics are not made in a drill's
home, so nothing real comes in. What is made there bears the mark, because the home does.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC
from itertools import groupby
from pathlib import Path
from typing import Final

from shouwang.api.table import perform, role_in
from shouwang.bilingual import said
from shouwang.clock import Clock, ManualClock
from shouwang.config import load
from shouwang.drillscores import SCORE
from shouwang.errors import ShouwangError, UsageError
from shouwang.firststart import make_home
from shouwang.flows.alerting import POSITION
from shouwang.flows.replaying import FORMATS, chunk
from shouwang.home import MARK_OF_DRILL, Home, Lock
from shouwang.model import Value
from shouwang.scenario import Arrival, Mark, Raised, Scenario, arrivals, score
from shouwang.server import Server
from shouwang.timespan import rfc3339
from shouwang.watch import Watching
from shouwang.wiring import Services, build
from shouwang.words import NOTHING, Words

log = logging.getLogger(__name__)

SETTLE_S: Final = 60.0
TICK_US: Final = 1_000_000
"""Lines of one second of the scenario arrive together: a time to alert is exact to the second."""
LOOK_S: Final = 0.005

Say = Callable[[Words], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    drill: str
    title: Words
    """The scenario's."""
    home: Path
    lines: int
    alerts: int
    incidents: int
    marks: tuple[Mark, ...]
    titles: Mapping[str, Words]
    """Rule id -> title, of what is loaded."""

    @property
    def passed(self) -> bool:
        return all(mark.passed for mark in self.marks)

    def json(self) -> dict[str, Value]:
        """Titles as ``shouwang.bilingual`` writes them."""
        marks: list[Value] = [
            {"title": said(self.titles.get(mark.rule, NOTHING)), **asdict(mark), "passed": mark.passed}
            for mark in self.marks
        ]
        return {
            "drill": self.drill,
            "title": said(self.title),
            "home": str(self.home),
            "lines": self.lines,
            "alerts": self.alerts,
            "incidents": self.incidents,
            "marks": marks,
            "passed": self.passed,
        }


def check(scenario: Scenario) -> None:
    """Raises ``UsageError`` for a format that there is no parser for."""
    unknown = {inject.format for inject in scenario.injects} - set(FORMATS)
    if unknown:
        raise UsageError(
            Words(
                f"情景中的格式 {', '.join(sorted(unknown))} 不存在。",
                f"The scenario names the format {', '.join(sorted(unknown))}.",
            ),
            hint=Words(f"可选：{', '.join(FORMATS)}。", f"Known: {', '.join(FORMATS)}."),
        )


def run(parent: Home, scenario: Scenario, *, speed: float | None, clock: Clock, say: Say) -> Outcome:
    """``speed`` times as fast as the scenario says; ``None``: as fast as this machine can. Raises ``ShouwangError``."""
    check(scenario)
    home = _make_home(parent, scenario, clock.now_us())
    stop = threading.Event()
    replay = ManualClock(scenario.start_us)
    config = load(home.config)
    with ExitStack() as stack:
        stack.enter_context(Lock(home, config.site.zone))
        services = stack.enter_context(build(home, config, replay))
        watching = stack.enter_context(Watching(services, stop))
        services.running = watching.running
        stack.enter_context(
            Server(
                home.socket_to_make(),
                lambda user, request, file: perform(services, user, request.act, request.args, file, lang=request.lang),
                lambda user: role_in(services, user) is not None,
                config.site.language,
            )
        )
        outcome = _Replay(services, watching, replay, say).play(scenario, speed, stop)
    _mark(home, scenario, replay.now_us())
    (home.path / SCORE).write_text(json.dumps(outcome.json(), ensure_ascii=False, indent=1), encoding="utf-8")
    return outcome


def _make_home(parent: Home, scenario: Scenario, now_us: int) -> Home:
    """``drills/<scenario>-<time>`` with the site's settings as they are now."""
    parent.make_folders()
    name = f"{scenario.id}-{rfc3339(now_us, scenario.start.tzinfo or UTC)[:19].replace(':', '').replace('T', '-')}"
    home = Home(parent.drills / name)
    try:
        home.path.mkdir(mode=0o700)
    except FileExistsError as twice:
        raise ShouwangError(
            Words(f"演练 {name} 已存在。", f"The drill {name} exists already."),
            hint=Words("请一秒后重新开始。", "Start it again in a second."),
        ) from twice
    _mark(home, scenario, scenario.start_us)
    if parent.exists():
        shutil.copyfile(parent.config, home.config)
        home.config.chmod(0o600)
        home.make_folders()
    else:
        make_home(home)
    return home


def _mark(home: Home, scenario: Scenario, reached_us: int) -> None:
    """What makes the home a drill's; its clock goes on from ``reached_us`` when it is opened again."""
    (home.path / MARK_OF_DRILL).write_text(
        json.dumps({"scenario": scenario.id, "reached_us": reached_us}), encoding="utf-8"
    )


class _Replay:
    def __init__(self, services: Services, watching: Watching, clock: ManualClock, say: Say) -> None:
        self._services = services
        self._watching = watching
        self._clock = clock
        self._say = say
        self._seen: dict[str, int] = {}
        """Alert id -> when it was first there, by the replay clock."""
        self._lines = 0

    def play(self, scenario: Scenario, speed: float | None, stop: threading.Event) -> Outcome:
        for tick_us, group in groupby(arrivals(scenario), key=lambda arrival: arrival.at_us // TICK_US * TICK_US):
            wait_s = (tick_us - self._clock.now_us()) / 1_000_000
            if speed and wait_s > 0 and stop.wait(wait_s / speed):
                break
            batch = list(group)
            self._clock.set(max(self._clock.now_us(), batch[-1].at_us))
            self._arrive(batch)
            self._look(scenario)
        raised = list(self._raised())
        return Outcome(
            drill=self._services.home.path.name,
            title=Words(scenario.title_zh or scenario.title, scenario.title),
            home=self._services.home.path,
            lines=self._lines,
            alerts=len(raised),
            incidents=len({each.incident_id for each in raised if each.incident_id}),
            marks=tuple(score(scenario, raised)),
            titles=self._services.ruleset.titles(),
        )

    def _arrive(self, batch: list[Arrival]) -> None:
        zone = self._services.config.site.zone
        self._watching.intake.deliver(chunk(batch, now_us=self._clock.now_us(), zone=zone))
        self._lines += len(batch)
        if not (self._watching.intake.settle(SETTLE_S) and self._alerted()):
            raise ShouwangError(
                Words(f"演练在第 {self._lines} 行后停住了。", f"The drill stands still after {self._lines} lines."),
                hint=Words("原因见演练目录的 status，用 --home 指定。", "Its home's status says why; see --home."),
            )

    def _alerted(self) -> bool:
        """Whether alerting has handled every match so far; waits for it."""
        services, pause = self._services, threading.Event()
        reached = services.events.end("matches").token.encode()
        for _ in range(round(SETTLE_S / LOOK_S)):
            if services.state.memory.get(POSITION) == reached or not services.events.tail("matches", None, 1).items:
                return True
            services.alerting.notify()
            pause.wait(LOOK_S)
        return False

    def _look(self, scenario: Scenario) -> None:
        for alert in self._services.state.alerts.list(limit=1_000_000)[1]:
            if alert.id not in self._seen:
                self._seen[alert.id] = self._clock.now_us()
                after_s = (self._clock.now_us() - scenario.start_us) / 1_000_000
                at, to = f"T+{after_s:.0f}s {alert.id}", alert.incident_id or "-"
                self._say(Words(f"{at} {alert.title.zh} -> {to}", f"{at} {alert.title.en} -> {to}"))

    def _raised(self) -> Iterator[Raised]:
        """With the incident and the grade as they are at the end."""
        state = self._services.state
        for alert_id, at_us in self._seen.items():
            alert = state.alerts.get(alert_id)
            if alert is not None:
                incident = state.incidents.get(alert.incident_id) if alert.incident_id else None
                yield Raised(alert.rule_id, alert.id, at_us, alert.incident_id, incident.grade if incident else None)
