"""What a daemon does all day: sources -> intake -> event store -> alerting, each in a thread of its own."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Final, Self

import psutil

from shouwang.flows.intake import Intake
from shouwang.model import Finding
from shouwang.pace import Pace
from shouwang.running import Running
from shouwang.supervised import Supervised
from shouwang.wiring import Services, feed
from shouwang.words import Words

log = logging.getLogger(__name__)

SOURCES_END_S: Final = 3.0
ALERTING_ENDS_S: Final = 2.0
MOVING_ENDS_S: Final = 5.0


class Watching:
    """Leaving stops the sources, stores what they gave, and ends alerting between two steps."""

    def __init__(self, services: Services, stop: threading.Event) -> None:
        self._services = services
        self._feed = feed(services)
        self._alerting = Supervised(Words("告警处理", "alerting"), services.alerting.run)
        self._rematching = Supervised(Words("补充匹配", "matching anew"), services.rematching.run)
        self._refilling = Supervised(Words("补评", "filling gaps"), services.refilling.run)
        self._moving = Supervised(Words("迁移", "moving the events"), services.moving.run)
        mirroring = services.mirroring
        self._mirroring = Supervised(Words("镜像", "mirroring"), mirroring.run) if mirroring is not None else None
        self._cpu_percent = psutil.cpu_percent()
        self._pace = Pace(lambda: self._feed.intake.received)
        self.running = Running(
            started_us=services.clock.now_us(),
            sources=self._feed.supervisor.status,
            findings=self._findings,
            events_per_s=self._pace.per_second,
            cpu_percent=lambda: self._cpu_percent,
            stop=stop.set,
            stopping=stop.is_set,
        )

    def __enter__(self) -> Self:
        self._alerting.start()
        self._rematching.start()
        self._refilling.start()
        self._moving.start()
        if self._mirroring is not None:
            self._mirroring.start()
        self._feed.intake.__enter__()
        self._feed.supervisor.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._feed.supervisor.__exit__(kind, error, at)
        self._feed.intake.__exit__(kind, error, at)
        self._alerting.ask_to_stop()
        self._rematching.ask_to_stop()
        self._refilling.ask_to_stop()
        self._moving.ask_to_stop()
        self._services.alerting.notify()
        self._services.rematching.end()
        self._services.refilling.end()
        self._services.moving.wake()
        if not self._alerting.join(ALERTING_ENDS_S):
            log.warning("alerting did not end in time; its step is done again on the next start")
        if not self._rematching.join(ALERTING_ENDS_S):
            log.warning("matching anew did not end in time; it is done again on the next start")
        if not self._refilling.join(ALERTING_ENDS_S):
            log.warning("filling gaps did not end in time; it is done again on the next start")
        if not self._moving.join(MOVING_ENDS_S):
            log.warning("moving the events did not end in time; it goes on on the next start")
        if self._mirroring is not None:
            self._mirroring.ask_to_stop()
            self._mirroring.join(ALERTING_ENDS_S)

    @property
    def intake(self) -> Intake:
        """Where a drill's lines go in."""
        return self._feed.intake

    def tick(self) -> None:
        """Every few seconds, by one thread: psutil compares with what the same thread saw before."""
        self._pace.tick()
        self._cpu_percent = psutil.cpu_percent()

    def _findings(self) -> list[Finding]:
        return [
            *self._feed.supervisor.findings(),
            *self._feed.intake.findings(),
            *self._alerting.findings(),
            *self._rematching.findings(),
            *self._refilling.findings(),
            *self._moving.findings(),
            *self._services.moving.findings(),
            *(self._mirroring.findings() if self._mirroring is not None else ()),
            *(self._services.mirroring.findings() if self._services.mirroring is not None else ()),
        ]
