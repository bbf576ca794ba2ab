"""The alerts of one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from detection.alerting import Origin, grown, opened
from detection.hits import Hit, Loss, Member
from detection.intel.naming import title as set_title
from detection.noise.quiet import Verdict
from detection.suppress import Stretches
from shouwang.flows.alerting.holding import Holding
from shouwang.model import Alert, AlertState
from shouwang.statestore.store import Transaction
from shouwang.words import Words, words

STRETCH = "alerting/stretch/"


class Step:
    """The alerts of one step, each read once and not yet written."""

    def __init__(
        self, tx: Transaction, holding: Holding, now_us: int, titles: Mapping[str, Words], drill: bool
    ) -> None:
        self._tx = tx
        self._holding = holding
        self._titles = titles
        self._drill = drill
        self._alerts: dict[str, Alert] = {}
        self.now_us = now_us
        self.stretches = Stretches(lambda name: tx.memory.get(STRETCH + name))

    def touched(self) -> list[Alert]:
        return list(self._alerts.values())

    def count(self, hit: Hit) -> None:
        verdict = self._holding.verdict(hit)
        placed = replace(hit, group=(*hit.group, verdict.mark)) if verdict.mark else hit
        by_key: dict[str, list[Member]] = {}
        for member in hit.members:
            by_key.setdefault(self.stretches.place(placed, member, self._is_closed), []).append(member)
        for key, members in by_key.items():
            held = self._alert(key)
            alert = grown(held, hit, members) if held is not None else self._opened(hit, members, key, verdict)
            self._alerts[key] = replace(alert, maintenance=alert.maintenance or verdict.maintenance)
            if verdict.suppression is None:
                self._holding.heard(hit, alert.id)

    def lose(self, losses: Iterable[Loss]) -> None:
        """After all hits of the step. An alert that did not grow is written at once: no incident is to be moved."""
        for key in {key for loss in losses for key in self.stretches.near(loss)}:
            if key in self._alerts:
                self._alerts[key] = replace(self._alerts[key], at_least=True)
            elif (alert := self._tx.alerts.by_key(key)) is not None and not alert.at_least:
                self._tx.alerts.put(replace(alert, at_least=True))

    def _opened(self, hit: Hit, members: Sequence[Member], key: str, verdict: Verdict) -> Alert:
        title = self._titles.get(hit.rule_id) or set_title(hit.rule_id) or words(hit.title)
        return opened(hit, members, Origin(self._next_id(), key, title, self._drill, verdict.suppression))

    def _is_closed(self, key: str) -> bool:
        alert = self._alert(key)
        return alert is not None and alert.state is AlertState.CLOSED

    def _alert(self, key: str) -> Alert | None:
        return self._alerts.get(key) or self._tx.alerts.by_key(key)

    def _next_id(self) -> str:
        number = self._tx.numbers.next("alert")
        return f"D-A-{number}" if self._drill else f"A-{number}"
